import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 100;

/** The longest that a condition may take before the test fails, in milliseconds. It is long for busy machines. */
const TIMEOUT_MS = 90_000;

/**
 * Resolves when a condition holds that no event reports, such as one about rows.
 * @param what for the message of the failure
 * @example await eventually(async () => (await system.rows()).length === 0, "the end of all rows");
 */
export const eventually = async (holds: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  for (const end = performance.now() + TIMEOUT_MS; !(await holds()); await sleep(POLL_MS))
    if (performance.now() > end) throw new Error(`never came: ${what}`);
};
