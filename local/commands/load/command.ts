import { styleFor } from "../../core/terminal-style.js";
import { UserError, messageOf } from "../../core/user-error.js";
import { redactor } from "../remote/credentials.js";
import { inWords, type Spread } from "../remote/numbers.js";
import { LOAD_HELP, type LoadPlan, parseLoadArguments } from "./arguments.js";
import { type Progress, runLoad, type RunResult } from "./run.js";

/** The exit status that shells use for "ended by Ctrl-C". */
const INTERRUPTED = 130;

/**
 * Runs `push-it-cli load`.
 * @returns the exit status
 * @throws UserError for wrong use, or if clients cannot connect
 */
export const run = async (args: string[]): Promise<number> => {
  // Others read a command line from the process list: credentials do not stay there.
  process.title = "push-it-cli load";
  const asked = parseLoadArguments(args);
  if (!asked) return (process.stdout.write(LOAD_HELP), 0);
  const { plan, json } = asked;
  const clean = redactor(plan.credentials);
  const result = await measured(plan, clean);
  process.stdout.write(
    clean(
      json
        ? `${JSON.stringify({ version: 1, url: plan.url, ...result, exitStatus: statusOf(result) })}\n`
        : summaryOf(result),
    ),
  );
  return statusOf(result);
};

const measured = async (plan: LoadPlan, clean: (text: string) => string): Promise<RunResult> => {
  const interruption = new AbortController();
  const interrupt = (): void => {
    if (interruption.signal.aborted) process.exit(INTERRUPTED);
    interruption.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);
  try {
    return await runLoad(plan, interruption.signal, progressLine());
  } catch (error) {
    throw new UserError(
      clean(`The load could not begin: ${messageOf(error)}`),
      "Run push-it-cli check to see what these credentials permit.",
    );
  } finally {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, interrupt);
  }
};

/** The interval of progress lines in milliseconds: on a terminal, and in a log. */
const PROGRESS_MS = { terminal: 200, log: 5_000 };

/** Writes progress to stderr, at intervals and at each new phase. */
const progressLine = (): ((progress: Progress) => void) => {
  const terminal = process.stderr.isTTY === true;
  let [last, phase] = [-Infinity, ""];
  return (progress) => {
    const now = performance.now();
    if (progress.phase === phase && now - last < PROGRESS_MS[terminal ? "terminal" : "log"]) return;
    [last, phase] = [now, progress.phase];
    const text = `${progress.phase}: ${progress.done} of ${progress.of}`;
    process.stderr.write(terminal ? `\r\u001b[K${text}` : `${text}\n`);
  };
};

/** Failures that the load has answered by being slower. */
const ANSWERED = new Set(["rate_limited", "throttled", "channel_busy", "queue_full"]);

/** The exit status of the command. */
export const statusOf = ({
  lost,
  duplicates,
  failed,
  endedEarly,
}: Pick<RunResult, "lost" | "duplicates" | "failed" | "endedEarly">): number => {
  if (endedEarly === "interrupted") return INTERRUPTED;
  const unanswered = Object.keys(failed).some((code) => !ANSWERED.has(code));
  return lost > 0 || duplicates > 0 || unanswered || endedEarly ? 1 : 0;
};

const spread = (name: string, given: Spread | undefined): string =>
  given ? `  ${name.padEnd(26)} p50 ${inWords(given.p50)}, p95 ${inWords(given.p95)}, p99 ${inWords(given.p99)}\n` : "";

/** The result as text. */
const summaryOf = (result: RunResult): string => {
  const {
    clients,
    published,
    acknowledged,
    delivered,
    lost,
    duplicates,
    failed,
    backedOff,
    reconnections,
    latencies,
    rate,
    achievedRate,
    seconds,
    endedEarly,
  } = result;
  const style = styleFor(process.stdout);
  const failures = Object.entries(failed).map(([code, count]) => `${count} × ${code}`);
  const ending = { interrupted: "ended by Ctrl-C", refused: "ended early: the server goes on refusing" };
  const good = statusOf(result) === 0;
  return [
    `\n${clients} clients, ${published} publications in ${seconds} s: ${achievedRate} a second of ${rate} asked\n`,
    `  acknowledged ${acknowledged}, failed ${failures.join(", ") || "0"}\n`,
    `  delivered ${delivered}, lost ${lost}, duplicates ${duplicates}\n`,
    backedOff > 0 ? `  backed off ${backedOff} times\n` : "",
    reconnections > 0 ? `  ${reconnections} connections were lost and opened again\n` : "",
    spread("publication → message", latencies.delivery),
    spread("publication → acknowledged", latencies.answer),
    endedEarly
      ? style.yellow(`– ${ending[endedEarly]}\n`)
      : style[good ? "green" : "red"](
          good ? "✓ every message reached every client once\n" : "✗ not every message reached every client once\n",
        ),
  ].join("");
};
