import { busName, DEFAULT_BUS, type RuleModel, type RuleTarget } from "../model/rules.js";
import { InputError, readInput } from "../../services/events/input/input.js";
import { PatternError } from "../../services/events/pattern/operators.js";
import { readPattern } from "../../services/events/pattern/pattern.js";
import type { FunctionModel } from "../model/functions.js";
import { type Properties, Refused, type ResourceReader } from "./reader.js";

/** The names of the stack's event buses. */
export const readBuses = (reader: ResourceReader): string[] =>
  reader.each(["AWS::Events::EventBus"], (logicalId) => String(reader.scope.lookup(logicalId)));

/** The rules that were read. */
export interface ReadRules {
  rules: RuleModel[];
  /** Targets that the local runtime does not run, in sentences. */
  warnings: string[];
}

/** The stack's rules with an event pattern, with their targets that are local functions. */
export const readRules = (reader: ResourceReader, functions: FunctionModel[], buses: string[]): ReadRules => {
  const byArn = new Map(functions.map(({ logicalId }) => [reader.scope.lookup(logicalId, "Arn"), logicalId]));
  const warnings: string[] = [];
  const rules = reader.each(["AWS::Events::Rule"], (logicalId, properties) => {
    const pattern = properties.get("EventPattern");
    if (pattern === undefined) return undefined;
    if (properties.get("State") === "DISABLED") throw new Refused("it is disabled", "inert");
    checkPattern(pattern);
    const all = targetsOf(properties);
    const targets = all.flatMap((target) => readTarget(target, byArn));
    const others = all.filter(({ Arn: arn }) => !byArn.has(arn)).map(({ Arn: arn }) => String(arn));
    if (targets.length === 0)
      throw new Refused(`it has no function as a target (${others.join(", ") || "none"})`, "inert");
    if (others.length > 0) warnings.push(`${logicalId} does not run ${others.join(", ")} here: only functions are.`);
    const bus = busOf(properties, buses);
    const name = String(reader.scope.lookup(logicalId));
    return { logicalId, name, arn: String(reader.scope.lookup(logicalId, "Arn")), bus, pattern, targets };
  });
  return { rules, warnings };
};

interface Target {
  Id?: unknown;
  Arn?: unknown;
  Input?: unknown;
  InputPath?: unknown;
  InputTransformer?: unknown;
}

const targetsOf = (properties: Properties): Target[] => (properties.get("Targets") ?? []) as Target[];

const readTarget = (target: Target, byArn: Map<unknown, string>): RuleTarget[] => {
  const functionId = byArn.get(target.Arn);
  if (functionId === undefined) return [];
  const { Id: id, Input, InputPath, InputTransformer } = target;
  const input = { Input, InputPath, InputTransformer };
  try {
    readInput(input);
  } catch (error) {
    if (error instanceof InputError) throw new Refused(`target ${String(id)}: ${error.message}`);
    throw error;
  }
  return [{ id: String(id), functionId, input }];
};

const checkPattern = (pattern: unknown): void => {
  try {
    readPattern(pattern);
  } catch (error) {
    if (error instanceof PatternError) throw new Refused(`its EventPattern is not valid: ${error.message}`);
    throw error;
  }
};

const busOf = (properties: Properties, buses: string[]): string => {
  const bus = busName(properties.get("EventBusName") === undefined ? DEFAULT_BUS : properties.text("EventBusName"));
  if (bus !== DEFAULT_BUS && !buses.includes(bus)) throw new Refused(`its bus ${bus} is not in the template`);
  return bus;
};
