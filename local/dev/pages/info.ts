import type { GuardFunctions } from "../../../lambdas/guards/function-runner.js";
import type { SystemModel } from "../../assembly/model/system.js";
import type { GuardsInfo, MeterInfo, SystemInfo } from "../../console/api.js";
import type { DynamoDb } from "../../services/dynamodb/engines/engine.js";
import type { Meter } from "../../meter/meter.js";
import type { SystemOptions } from "../system/options.js";

/** Returns the billable usage and its price. */
export const meterInfo = (meter: Meter): MeterInfo => {
  const snapshot = meter.snapshot();
  const { functions: _, ...used } = snapshot;
  return { used, usd: meter.usd(snapshot) };
};

/** Options that decide which guards are in force, in addition to the model. */
export interface GuardsOptions extends Pick<SystemOptions, "guards"> {
  /** Whether the built-in stack runs. @default false */
  starter?: boolean;
}

/** Returns the guards in force. */
export const guardsOf = (model: SystemModel, options: GuardsOptions): GuardsInfo => {
  const count = guardFunctions(model).size;
  const functions = count > 0 ? { functions: count } : {};
  if (options.guards !== undefined) return { source: "file", file: options.guards, ...functions };
  if (options.starter) return { source: "starter" };
  if (model.guards !== undefined) return { source: "app", file: model.guards, ...functions };
  return { source: count > 0 ? "functions" : "none", ...functions };
};

/** The ARNs of the construct's guard functions. Those of another construct in the stack are not included. */
const guardFunctions = ({ functions }: SystemModel): Set<string> =>
  new Set(
    functions.flatMap(({ external, environment }) => (external ? [] : arnsOf(environment["PUSH_IT_GUARD_FUNCTIONS"]))),
  );

const arnsOf = (text: string | undefined): string[] => {
  if (!text) return [];
  try {
    return Object.values(JSON.parse(text) as GuardFunctions).flatMap((entry) => Object.values(entry));
  } catch {
    // A value of `--env`. Functions that cannot read it permit nothing, so the system is not open.
    return [text];
  }
};

/** Describes the running system for the console page. */
export const infoOf = (
  model: SystemModel,
  options: SystemOptions & GuardsOptions,
  dynamodb: DynamoDb,
  websocketUrl: string,
): SystemInfo => ({
  construct: model.path,
  websocketUrl,
  guards: guardsOf(model, options),
  dynamodb: dynamodb.name,
  resources: model.resources,
  external: model.external,
  warnings: model.warnings,
  metered: options.meter ?? false,
});
