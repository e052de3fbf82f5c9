import type { Clock } from "../../ports.js";
import { lambdaInvoke } from "./invoke.js";

/** How many times the function is invoked, the time of each attempt, and the wait between them, in milliseconds. */
const ATTEMPTS = 3;
const ATTEMPT_MS = 1_000;
const PAUSE_MS = 100;

/**
 * Invokes a function of the construct asynchronously.
 * @param variable the environment variable with the function's ARN
 */
export const invokeAsync = (
  variable: "PUSH_IT_FLUSH" | "PUSH_IT_ANNOUNCE",
  clock: Pick<Clock, "sleep">,
): ((task: object) => Promise<void>) => {
  const invoke = lambdaInvoke();
  return async (task) => {
    for (let attempt = 1; ; attempt += 1) {
      const arn = process.env[variable] ?? "";
      const invoked = await invoke(arn, JSON.stringify(task), { timeoutMs: ATTEMPT_MS, asynchronous: true });
      if (invoked.kind === "accepted") return;
      if (attempt === ATTEMPTS)
        throw new Error(
          `cannot invoke the function in ${variable}: ${"detail" in invoked ? invoked.detail : invoked.kind}`,
        );
      await clock.sleep(PAUSE_MS);
    }
  };
};
