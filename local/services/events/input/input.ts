import type { InputProperties } from "../../../assembly/model/rules.js";
import type { BusEvent } from "../event.js";
import { type EventPath, readPath } from "./path.js";
import { fillTemplate, placeholdersOf } from "./template.js";

/** Variables of an input, next to the event. */
export interface InputFacts {
  ruleArn: string;
  ruleName: string;
  /** When the event came in: ISO 8601. */
  ingestionTime: string;
}

/**
 * Makes a target's input from an event.
 * @throws InputError if the result is not JSON, so that no function can be invoked with it
 */
export type MakeInput = (event: BusEvent, facts: InputFacts) => unknown;

/** Why a target's input cannot be made: a sentence without a period. */
export class InputError extends Error {
  override name = "InputError";
}

/**
 * Reads how a target's input is made.
 * @throws InputError when EventBridge would refuse it
 */
export const readInput = ({
  Input: input,
  InputPath: path,
  InputTransformer: transformer,
}: InputProperties): MakeInput => {
  if ([input, path, transformer].filter((each) => each !== undefined).length > 1)
    throw new InputError("only one of Input, InputPath and InputTransformer may be given");
  if (input !== undefined) return constant(input);
  if (path !== undefined) return extracted(pathOf(path));
  return transformer === undefined ? (event) => event : transformed(transformer);
};

const constant = (input: unknown): MakeInput => {
  const value = parsed(String(input), "Input");
  return () => value;
};

const extracted =
  (path: EventPath): MakeInput =>
  (event) => {
    const value = path(event);
    if (value === undefined) throw new InputError("its InputPath leads to nothing in this event");
    return value;
  };

const transformed = (transformer: unknown): MakeInput => {
  const { InputPathsMap: map = {}, InputTemplate: template } = transformer as Record<string, unknown>;
  if (typeof template !== "string") throw new InputError("its InputTransformer has no InputTemplate");
  const paths = new Map(Object.entries(map as object).map(([name, path]) => [name, pathOf(path)]));
  const unknown = placeholdersOf(template).find((name) => !paths.has(name) && !PREDEFINED.has(name));
  if (unknown !== undefined) throw new InputError(`its InputTemplate has the invalid placeholder ${unknown}`);
  return (event, facts) => {
    const valueOf = (name: string) => PREDEFINED.get(name)?.(event, facts) ?? paths.get(name)?.(event);
    return parsed(fillTemplate(template, valueOf), "what its InputTemplate makes of this event");
  };
};

/** Variables that every template may use. */
const PREDEFINED = new Map<string, (event: BusEvent, facts: InputFacts) => unknown>([
  ["aws.events.rule-arn", (_, { ruleArn }) => ruleArn],
  ["aws.events.rule-name", (_, { ruleName }) => ruleName],
  ["aws.events.event.ingestion-time", (_, { ingestionTime }) => ingestionTime],
  ["aws.events.event.json", (event) => event],
  ["aws.events.event", ({ "detail-type": detailType, detail: _, ...rest }) => ({ ...rest, detailType })],
]);

const pathOf = (path: unknown): EventPath => {
  const found = readPath(String(path));
  if (!found) throw new InputError(`${String(path)} is not a path that EventBridge knows`);
  return found;
};

const parsed = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InputError(`${what} is not JSON`);
  }
};
