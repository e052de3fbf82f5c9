import type { Outcome, Violation } from "./driver.js";

/** How many cells the progress bar has. */
const CELLS = 30;

/** How often progress is told where there is no terminal, in shares of the whole. */
const STEPS = 10;

/** Tells on stderr how far a run is: as a bar on a terminal, a line now and then elsewhere. */
export const progressOn = (
  stream: { isTTY?: boolean; write(text: string): unknown },
  total: number,
): ((runs: number) => void) => {
  let told = 0;
  return (runs) => {
    const share = Math.min(1, runs / total);
    if (stream.isTTY) {
      const full = Math.round(share * CELLS);
      stream.write(`\r${"█".repeat(full)}${"░".repeat(CELLS - full)} ${runs}/${total}${share === 1 ? "\n" : ""}`);
    } else if (Math.floor(share * STEPS) > told) {
      told = Math.floor(share * STEPS);
      stream.write(`${runs} of ${total} runs\n`);
    }
  };
};

/** The line of `--json`. */
export const jsonLine = ({ runs, violations, answers }: Outcome): string =>
  `${JSON.stringify({ runs, violations: violations.length, answers: sorted(answers) })}\n`;

const sorted = (answers: Outcome["answers"]): Outcome["answers"] =>
  Object.fromEntries(Object.entries(answers).sort(([, a], [, b]) => b - a));

/** A violation, for people: what was seen, how to see it again, and the frames. */
export const violationText = ({ what, replay, episode }: Violation): string => {
  const lines = what.map((each) => `✗ ${each}`);
  if (replay !== undefined) lines.push(`  replay: npm run fuzz -- ${replay}`);
  if (episode) lines.push(`  agents: ${JSON.stringify(episode.agents)}`);
  for (const burst of episode?.bursts ?? [])
    lines.push("  at once:", ...burst.map((each) => `    ${JSON.stringify(each)}`));
  return `${lines.join("\n")}\n`;
};

/** How a run went, for people. */
export const summary = ({ runs, violations, answers }: Outcome, seed: number, seconds: number): string => {
  const counts = Object.entries(sorted(answers)).map(
    ([code, count]) => `  ${code.padEnd(18)} ${String(count).padStart(8)}`,
  );
  return `${counts.join("\n")}\n${runs} runs, ${violations.length} violations, seed ${seed}, ${seconds.toFixed(1)} s\n`;
};
