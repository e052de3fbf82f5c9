import { TableReader } from "./table-checker.js";
import { Fuzzer, type FuzzOptions, type FuzzTarget, type Outcome } from "./driver.js";
import { failureIn, secretIn } from "./leaks.js";
import { startTarget, type Target } from "./target.js";

/** The part of a running system that episodes use. */
export const fuzzTargetOf = async (
  { url, log }: Pick<Target, "url" | "log">,
  rows: Pick<TableReader, "all" | "tableName">,
): Promise<FuzzTarget> => ({
  url,
  tableName: await rows.tableName(),
  rows,
  sawTimeouts: (since) => log.sawTimeouts(since),
});

/** Maximum number of log lines that a violation quotes. */
const MAX_QUOTED_LINES = 5;

/**
 * Starts a system, fuzzes it, stops it, and checks its log too.
 * @param root the repository's folder; it must be built
 * @param progress called with the number of finished runs
 * @throws Error if the system does not start
 */
export const fuzz = async (root: string, options: FuzzOptions, progress?: (runs: number) => void): Promise<Outcome> => {
  const target = await startTarget(root);
  const rows = new TableReader(target.dynamodb);
  try {
    const outcome = await new Fuzzer(await fuzzTargetOf(target, rows), options, progress).run();
    const { ended } = target;
    const log = target.log.lines;
    if (ended !== undefined) outcome.violations.push({ what: [`the system died: ${ended}`, ...log.slice(-20)] });
    const quoted = (what: string, lines: string[]): void => {
      if (lines.length > 0)
        outcome.violations.push({
          what: lines.slice(0, MAX_QUOTED_LINES).map((line) => `${what}: ${line.slice(0, 500)}`),
        });
    };
    quoted(
      "the log holds a secret",
      log.filter((line) => secretIn(line) !== undefined),
    );
    quoted(
      "the server failed",
      log.filter((line) => failureIn(line) !== undefined),
    );
    return outcome;
  } finally {
    rows.close();
    await target.close();
  }
};
