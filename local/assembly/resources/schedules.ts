import type { FunctionModel } from "../model/functions.js";
import type { ScheduleModel } from "../model/schedules.js";
import { type Properties, Refused, type ResourceReader } from "./reader.js";

const UNIT_MS: Record<string, number> = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** The construct's rules that run one of its functions by the clock. */
export const readSchedules = (reader: ResourceReader, functions: FunctionModel[]): ScheduleModel[] => {
  const byArn = new Map(functions.map(({ logicalId }) => [reader.scope.lookup(logicalId, "Arn"), logicalId]));
  return reader.each(["AWS::Events::Rule", "AWS::Scheduler::Schedule"], (logicalId, properties) => {
    if (isPattern(properties)) return undefined;
    if (properties.get("State") === "DISABLED") throw new Refused("it is disabled", "inert");
    const targets = [properties.get("Targets") ?? properties.get("Target")].flat() as { Arn?: string }[];
    const functionId = byArn.get(targets[0]?.Arn);
    if (targets.length !== 1 || functionId === undefined) throw new Refused("it takes one function of this construct");
    return { logicalId, functionId, everyMs: everyMs(properties.text("ScheduleExpression")) };
  });
};

/** Whether a rule waits for events only. */
const isPattern = (properties: Properties): boolean =>
  properties.get("EventPattern") !== undefined && properties.get("ScheduleExpression") === undefined;

/** The period of `rate(15 minutes)`, in milliseconds. */
const everyMs = (expression: string): number => {
  const [, count, unit] = /^rate\((\d+) (second|minute|hour|day)s?\)$/.exec(expression) ?? [];
  const unitMs = unit === undefined ? undefined : UNIT_MS[unit];
  if (unitMs === undefined) throw new Refused(`${expression} is not a rate`);
  return Number(count) * unitMs;
};
