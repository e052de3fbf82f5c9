import { styleFor, type Style } from "../../core/terminal-style.js";
import { inWords, type Spread, spreadOf } from "../remote/numbers.js";
import { accountJson } from "./account/report.js";
import type { Outcome } from "./check.js";
import type { CheckResult, RunResult } from "./runner.js";
import { EXIT } from "./runner.js";
import type { Times } from "./trial.js";

const MARKS: Record<Outcome, [keyof Style, string]> = {
  passed: ["green", "✓"],
  failed: ["red", "✗"],
  "not tried": ["yellow", "–"],
};

const NAME_CHARACTERS = 20;
const TIME_CHARACTERS = 7;

/** What each kind of time is, in words. */
const KINDS: Record<keyof Times, string> = {
  connect: "handshake",
  answer: "request → answer",
  delivery: "publication → message",
};

/** A check's line. */
export const lineOf = (
  { name, outcome, detail, tookMs }: CheckResult,
  style: Style = styleFor(process.stdout),
): string => {
  const [colour, mark] = MARKS[outcome];
  const said = outcome === "passed" ? detail : `${style[colour](outcome)}: ${detail}`;
  return `${style[colour](mark)} ${name.padEnd(NAME_CHARACTERS)} ${style.dim(inWords(tookMs).padStart(TIME_CHARACTERS))}  ${said}\n`;
};

/** How long things took in all checks together. */
const latenciesOf = (results: readonly CheckResult[]): Partial<Record<keyof Times, Spread>> =>
  Object.fromEntries(
    Object.keys(KINDS).flatMap((kind) => {
      const spread = spreadOf(results.flatMap(({ times }) => times[kind as keyof Times]));
      return spread ? [[kind, spread]] : [];
    }),
  );

/** The last lines: latencies, and what it comes to. */
export const summaryOf = ({ outcome, results, tookMs }: RunResult, style: Style = styleFor(process.stdout)): string => {
  const latencies = Object.entries(latenciesOf(results)).map(
    ([kind, { p50, p95, count }]) =>
      `  ${KINDS[kind as keyof Times].padEnd(24)} p50 ${inWords(p50)}, p95 ${inWords(p95)} ${style.dim(`(${count})`)}\n`,
  );
  const count = (wanted: Outcome): number => results.filter((each) => each.outcome === wanted).length;
  const [colour, mark] = MARKS[outcome];
  const said = {
    passed: results.length === 1 ? "the check passed" : `all ${results.length} checks passed`,
    failed: `${count("failed")} of ${results.length} checks failed: ${results.flatMap(({ name, outcome: each }) => (each === "failed" ? [name] : [])).join(", ")}`,
    "not tried": `${count("passed")} of ${results.length} checks passed, none failed`,
  }[outcome];
  const untried = count("not tried") > 0 ? `; ${count("not tried")} not tried` : "";
  return `\n${latencies.join("")}\n${style[colour](`${mark} ${said}${untried}`)} in ${inWords(tookMs)}\n`;
};

/** The run as programs read it. docs/DEPLOY.md, "Check what you deployed", explains the fields. */
export const jsonOf = (
  url: string,
  startedAt: Date,
  { outcome, results, tookMs, account }: RunResult,
  users: number | undefined,
): object => ({
  version: 1,
  url,
  startedAt: startedAt.toISOString(),
  tookMs: Math.round(tookMs),
  outcome,
  exitStatus: EXIT[outcome],
  checks: results.map(({ name, promise, outcome: each, detail, tookMs: ms, times }) => ({
    name,
    promise,
    outcome: each,
    detail,
    tookMs: Math.round(ms),
    latencies: latenciesOf([{ times } as CheckResult]),
  })),
  latencies: latenciesOf(results),
  ...(account && { account: accountJson(account, users) }),
});
