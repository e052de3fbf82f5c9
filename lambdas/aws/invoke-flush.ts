import type { FlushTask } from "../core/linger.js";
import type { Clock } from "../core/ports.js";
import { lambdaInvoke } from "./invoke.js";

/** How often Lambda is asked to run the flusher, how long each time, and how long is waited between, in milliseconds. */
const ATTEMPTS = 3;
const ATTEMPT_MS = 1_000;
const PAUSE_MS = 100;

/** Has the function run that the construct names in `PUSH_IT_FLUSH`; nobody waits for what comes of it. */
export const invokeFlush = (clock: Pick<Clock, "sleep">): ((task: FlushTask) => Promise<void>) => {
  const invoke = lambdaInvoke();
  return async (task) => {
    for (let attempt = 1; ; attempt += 1) {
      const arn = process.env["PUSH_IT_FLUSH"] ?? "";
      const invoked = await invoke(arn, JSON.stringify(task), { timeoutMs: ATTEMPT_MS, asynchronous: true });
      if (invoked.kind === "accepted") return;
      if (attempt === ATTEMPTS) throw new Error(`the flusher cannot be invoked: ${"detail" in invoked ? invoked.detail : invoked.kind}`);
      await clock.sleep(PAUSE_MS);
    }
  };
};
