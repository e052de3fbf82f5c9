import type { FlushTask } from "../../linger/linger.js";
import type { Clock } from "../../ports.js";
import { invokeAsync } from "./invoke-async.js";

/** Invokes the function that the construct names in `PUSH_IT_FLUSH`, without waiting for its result. */
export const invokeFlush = (clock: Pick<Clock, "sleep">): ((task: FlushTask) => Promise<void>) =>
  invokeAsync("PUSH_IT_FLUSH", clock);
