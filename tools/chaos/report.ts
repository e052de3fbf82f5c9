import type { ChaosOptions, Outcome } from "./chaos.js";
import type { Violation, Wrong } from "./checker.js";

/** From so many messages on every fault must have struck so often. */
const WHOLE = 5_000;
const LEAST = 20;

/** How many violations of each kind are told. */
const MOST = 6;

/** What of a run is not as it must be, in words; empty: it has passed. */
export const faultsOf = (
  { wrong, judged, faults, late }: Outcome,
  { messages }: Pick<ChaosOptions, "messages">,
): string[] => {
  const counted = Object.entries(wrong).flatMap(([what, count]) => (count > 0 ? [`${what}: ${count}`] : []));
  const seldom = Object.entries(faults).flatMap(([kind, times]) =>
    times < LEAST ? [`${kind} struck ${times} times only`] : [],
  );
  const unseen = Object.entries(judged).flatMap(([what, count]) =>
    count > 0 ? [] : [`no ${what}: nothing was judged of them`],
  );
  return [
    ...counted,
    ...unseen,
    ...(messages >= WHOLE ? seldom : []),
    ...late.map((what) => `did not come about in time: ${what}`),
  ];
};

/** The line of `--json`. */
export const jsonLine = ({ published, acknowledged, wrong, recoveries, judged, faults }: Outcome): string =>
  `${JSON.stringify({ published, acknowledged, ...wrong, recoveries, ...judged, faults })}\n`;

/** What is wrong, for people: how to see it again, and what happened to the first message that went wrong. */
export const failureText = (outcome: Outcome, options: ChaosOptions): string => {
  const { violations, trail, stories } = outcome;
  const replay = `--seed ${options.seed} --messages ${options.messages}`;
  const first = violations.find(({ uuid }) => uuid !== undefined)?.uuid;
  return [
    ...faultsOf(outcome, options).map((fault) => `✗ ${fault}`),
    ...(Object.keys(outcome.wrong) as Wrong[]).flatMap((kind) => firsts(violations, kind)),
    `  replay: npm run chaos -- ${replay}`,
    ...(first === undefined ? [] : [`  the history of ${first}:`, ...trail.map((line) => `    ${line}`)]),
    ...stories.flatMap(({ what, lines }) => [`  the story of: ${what}`, ...lines.map((line) => `    ${line}`)]),
    "",
  ].join("\n");
};

const firsts = (violations: readonly Violation[], kind: Wrong): string[] => {
  const found = violations.filter(({ wrong }) => wrong === kind);
  const more = found.length > MOST ? [`  … and ${found.length - MOST} more`] : [];
  return [...found.slice(0, MOST).map(({ what }) => `  ${kind}: ${what}`), ...more];
};

/** How a run went, for people. */
export const summary = (outcome: Outcome, { seed }: ChaosOptions, seconds: number): string => {
  const { published, acknowledged, wrong, recoveries, missed, judged, moves, faults, errors } = outcome;
  const table = (counts: Record<string, number>): string[] =>
    Object.entries(counts).map(([what, count]) => `  ${what.padEnd(30)} ${String(count).padStart(8)}`);
  return [
    "faults",
    ...table(faults),
    "what applications did",
    ...table(moves),
    "requests that failed, by code; publications by channel",
    ...table(Object.fromEntries(Object.entries(errors).sort(([a], [b]) => a.localeCompare(b)))),
    "judged",
    ...table({ published, acknowledged, recoveries, "told to have missed something": missed, ...judged, ...wrong }),
    `seed ${seed}, ${seconds.toFixed(1)} s`,
    "",
  ].join("\n");
};
