import type { Finding } from "./check.js";
import type { RunOutcome } from "./run.js";

/** The line of `--json`. */
export const jsonLine = ({ runs, steps, findings }: RunOutcome, seconds: number): string =>
  `${JSON.stringify({ runs, steps, violations: findings.length, rules: rulesOf(findings), seconds: Math.round(seconds) })}\n`;

/** The output without `--json`. */
export const summary = ({ runs, steps, findings }: RunOutcome, seconds: number): string =>
  `${runs} walks, ${steps} steps, ${findings.length} violations, ${Math.round(seconds)} s\n`;

/** Describes a walk with a broken promise: the violations, the walk, and how to replay it. */
export const findingText = ({ seed, path, steps, walk, violations, trace }: Finding, whole: boolean): string =>
  [
    ...violations.map(({ rule, what }) => `✗ ${rule}: ${what}`),
    `  replay: npm run fuzz:client -- --seed ${seed} --path ${path}${steps === 60 ? "" : ` --steps ${steps}`}`,
    `  plan: ${JSON.stringify(walk.plan)}`,
    ...walk.commands.map((command) => `  ${JSON.stringify(command)}`),
    ...(whole ? ["  everything that happened:", ...trace.map((line) => `  ${line}`)] : []),
    "",
  ].join("\n");

const rulesOf = (findings: readonly Finding[]): Record<string, number> => {
  const rules: Record<string, number> = {};
  for (const { violations } of findings) {
    const { rule } = violations[0]!;
    rules[rule] = (rules[rule] ?? 0) + 1;
  }
  return rules;
};
