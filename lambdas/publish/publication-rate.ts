import type { Limits } from "../../protocol/index.js";
import type { Clock } from "../ports.js";
import { RateLimiter } from "../requests/rate-limiter.js";

/** For how many seconds' worth of publications an agent that was silent may publish at once. */
const BURST_SECONDS = 2;

/** Counts what each agent publishes. */
export class PublicationRateLimiter extends RateLimiter {
  constructor(
    { publicationsPerSecond: perSecond, ratesPerUser }: Pick<Limits, "publicationsPerSecond" | "ratesPerUser">,
    clock: Pick<Clock, "now">,
  ) {
    super({ perSecond, burst: perSecond * BURST_SECONDS }, clock, ratesPerUser);
  }
}
