import type { ChaosOptions, Outcome } from "./chaos.js";
import type { Violation, ViolationKind } from "./violation.js";

/** From this number of messages on, each fault must have struck at least so often. */
const WHOLE = 5_000;
const MIN_FAULTS = 20;

/** Maximum number of reported violations of each kind. */
const MAX_REPORTED = 6;

/** Descriptions of what failed in a run; empty: the run passed. */
export const failuresOf = (
  { violationCounts, checked, faults, late }: Outcome,
  { messages }: Pick<ChaosOptions, "messages">,
): string[] => {
  const counted = Object.entries(violationCounts).flatMap(([what, count]) => (count > 0 ? [`${what}: ${count}`] : []));
  const seldom = Object.entries(faults).flatMap(([kind, times]) =>
    times < MIN_FAULTS ? [`${kind} struck ${times} times only`] : [],
  );
  const unseen = Object.entries(checked).flatMap(([what, count]) =>
    count > 0 ? [] : [`no ${what}: nothing was checked`],
  );
  return [
    ...counted,
    ...unseen,
    ...(messages >= WHOLE ? seldom : []),
    ...late.map((what) => `not reached in time: ${what}`),
  ];
};

/** The line of `--json`. */
export const jsonLine = ({ published, acknowledged, violationCounts, recoveries, checked, faults }: Outcome): string =>
  `${JSON.stringify({ published, acknowledged, ...violationCounts, recoveries, ...checked, faults })}\n`;

/** The failure report: what failed, how to replay it, and the timeline of the first affected message. */
export const failureText = (outcome: Outcome, options: ChaosOptions): string => {
  const { violations, messageTimeline, applicationTimelines } = outcome;
  const replay = `--seed ${options.seed} --messages ${options.messages}`;
  const first = violations.find(({ uuid }) => uuid !== undefined)?.uuid;
  return [
    ...failuresOf(outcome, options).map((fault) => `✗ ${fault}`),
    ...(Object.keys(outcome.violationCounts) as ViolationKind[]).flatMap((kind) => firstViolations(violations, kind)),
    `  replay: npm run chaos -- ${replay}`,
    ...(first === undefined ? [] : [`  timeline of ${first}:`, ...messageTimeline.map((line) => `    ${line}`)]),
    ...applicationTimelines.flatMap(({ what, lines }) => [
      `  timeline for: ${what}`,
      ...lines.map((line) => `    ${line}`),
    ]),
    "",
  ].join("\n");
};

const firstViolations = (violations: readonly Violation[], kind: ViolationKind): string[] => {
  const found = violations.filter(({ wrong }) => wrong === kind);
  const more = found.length > MAX_REPORTED ? [`  … and ${found.length - MAX_REPORTED} more`] : [];
  return [...found.slice(0, MAX_REPORTED).map(({ what }) => `  ${kind}: ${what}`), ...more];
};

/** The summary of a run. */
export const summary = (outcome: Outcome, { seed }: ChaosOptions, seconds: number): string => {
  const { published, acknowledged, violationCounts, recoveries, missed, checked, churn, faults, errors } = outcome;
  const table = (counts: Record<string, number>): string[] =>
    Object.entries(counts).map(([what, count]) => `  ${what.padEnd(30)} ${String(count).padStart(8)}`);
  return [
    "faults",
    ...table(faults),
    "actions of applications",
    ...table(churn),
    "requests that failed, by code; publications by channel",
    ...table(Object.fromEntries(Object.entries(errors).sort(([a], [b]) => a.localeCompare(b)))),
    "judged",
    ...table({
      published,
      acknowledged,
      recoveries,
      "reported gaps": missed,
      ...checked,
      ...violationCounts,
    }),
    `seed ${seed}, ${seconds.toFixed(1)} s`,
    "",
  ].join("\n");
};
