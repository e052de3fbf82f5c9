import type { TimeSpent } from "../services/lambda/messages.js";
import { COMPUTE_MS } from "./latency.js";
import { type EndCall, CallTimeline } from "../services/lambda/timeline.js";

/** One run of a function, as the services see it that it calls. */
export class RunMeter {
  readonly #timeline = new CallTimeline();
  /** What all calls take one after the other, in declared milliseconds. */
  #declaredMs = 0;
  #underWay = 0;
  /** Real milliseconds in which no call was under way, and since when it is so. */
  #aloneMs = 0;
  #aloneSince: number;

  /** @param now a clock of real time, in milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.#aloneSince = now();
  }

  /** The function calls a service. @param ms what that takes, as declared */
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
   * What the run is billed, in whole milliseconds.
   * @param spent what the function's process has measured. Calls that it has not seen, because its threads made them,
   * are taken to have followed each other. Where it measured nothing, all time without a call is taken for real.
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
