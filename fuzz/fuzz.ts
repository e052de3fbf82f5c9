import { Rows } from "./audit.js";
import { Fuzzer, type FuzzOptions, type Outcome } from "./driver.js";
import { failureIn, secretIn } from "./leaks.js";
import { startTarget } from "./target.js";

/**
 * Starts a system, fires at it, ends it, and judges its log as well.
 * @param root the package's folder; it must have been built
 * @param progress is called with the number of runs that are done
 * @throws Error when the system does not start
 */
export const fuzz = async (root: string, options: FuzzOptions, progress?: (runs: number) => void): Promise<Outcome> => {
  const target = await startTarget(root);
  const rows = new Rows(target.dynamodb);
  try {
    const fire = { url: target.url, tableName: await rows.tableName(), rows };
    const outcome = await new Fuzzer(fire, options, progress).run();
    if (target.ended !== undefined) outcome.violations.push({ what: [`the system died: ${target.ended}`, ...target.log.slice(-20)] });
    const told = target.log.filter((line) => secretIn(line) !== undefined);
    if (told.length > 0) outcome.violations.push({ what: told.slice(0, 5).map((line) => `the log holds a secret: ${line.slice(0, 500)}`) });
    const failed = target.log.filter((line) => failureIn(line) !== undefined);
    if (failed.length > 0) outcome.violations.push({ what: failed.slice(0, 5).map((line) => `the server failed: ${line.slice(0, 500)}`) });
    return outcome;
  } finally {
    rows.close();
    await target.close();
  }
};
