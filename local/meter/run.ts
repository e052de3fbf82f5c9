import type { TimeSpent } from "../services/lambda/messages.js";
import { COMPUTE_MS } from "./latency.js";
import { type EndCall, CallTimeline } from "../services/lambda/timeline.js";

/** One run of a function, as the services see it that it calls. */
export class RunMeter {
  readonly #timeline = new CallTimeline();
  /** The duration of all calls in sequence, in declared milliseconds. */
  #declaredMs = 0;
  #underWay = 0;
  /** Real milliseconds in which no call was under way, and since when it is so. */
  #aloneMs = 0;
  #aloneSince: number;

  /** @param now a clock of real time, in milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.#aloneSince = now();
  }

  /** The function calls a service. @param ms the declared duration */
  call(ms: number): EndCall {
    if (this.#underWay === 0) this.#aloneMs += this.now() - this.#aloneSince;
    this.#underWay += 1;
    this.#declaredMs += ms;
    const end = this.#timeline.begin(ms);
    return (moreMs) => {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#aloneSince = this.now();
      end(moreMs);
    };
  }

  /**
   * The billed duration of the run, in whole milliseconds.
   * @param spent the measurements of the function's process. It does not see the calls of its threads, so these count
   * in sequence. Without measurements, all time without a call counts as real time.
   */
  billedMs(spent: TimeSpent | undefined): number {
    if (!spent) return Math.ceil(COMPUTE_MS + this.#timeline.ms + this.#alone());
    const unseenMs = Math.max(0, this.#declaredMs - spent.declaredMs);
    return Math.ceil(COMPUTE_MS + spent.callsMs + spent.waitedMs + unseenMs);
  }

  #alone(): number {
    return this.#aloneMs + (this.#underWay === 0 ? this.now() - this.#aloneSince : 0);
  }
}
