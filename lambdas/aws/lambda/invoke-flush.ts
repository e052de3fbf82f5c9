import type { FlushTask } from "../../linger/linger.js";
import type { Clock } from "../../ports.js";
import { invokeAsync } from "./invoke-async.js";

/** Has the function run that the construct names in `PUSH_IT_FLUSH`; nobody waits for what comes of it. */
export const invokeFlush = (clock: Pick<Clock, "sleep">): ((task: FlushTask) => Promise<void>) =>
  invokeAsync("PUSH_IT_FLUSH", clock);
