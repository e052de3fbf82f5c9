import type { Outcome, Violation } from "./driver.js";

/** The line of `--json`. */
export const jsonLine = ({ runs, violations, excused, answers }: Outcome): string =>
  `${JSON.stringify({ runs, violations: violations.length, excused, answers: sorted(answers) })}\n`;

const sorted = (answers: Outcome["answers"]): Outcome["answers"] =>
  Object.fromEntries(Object.entries(answers).sort(([, a], [, b]) => b - a));

/** Describes a violation: the observation, how to replay it, and the frames. */
export const violationText = ({ what, replay, episode }: Violation): string => {
  const lines = what.map((each) => `✗ ${each}`);
  if (replay !== undefined) lines.push(`  replay: npm run fuzz -- ${replay}`);
  if (episode) lines.push(`  agents: ${JSON.stringify(episode.agents)}`);
  for (const burst of episode?.bursts ?? [])
    lines.push("  at once:", ...burst.map((each) => `    ${JSON.stringify(each)}`));
  return `${lines.join("\n")}\n`;
};

/** The summary of a run. */
export const summary = ({ runs, violations, excused, answers }: Outcome, seed: number, seconds: number): string => {
  const counts = Object.entries(sorted(answers)).map(
    ([code, count]) => `  ${code.padEnd(18)} ${String(count).padStart(8)}`,
  );
  return `${counts.join("\n")}\n${runs} runs, ${violations.length} violations, ${excused} episodes excused by timeouts, seed ${seed}, ${seconds.toFixed(1)} s\n`;
};
