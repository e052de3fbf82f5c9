import type { Clock, PostResult } from "../ports.js";

/** How many posts are under way at once, at most and to begin with; each has a socket of its own. */
export const POSTS_IN_FLIGHT = 64;

/** How many posts may be under way at once, whatever API Gateway answers. */
export const LEAST_IN_FLIGHT = 4;

/** How many of the last posts are looked at, and how many different connections among them must have been answered 429. */
const RECENT = 64;
const SPREAD = 5;

/**
 * How long ago a post may have been to be looked at, in milliseconds: the account's rate is counted by the second.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
const RECENT_MS = 1_000;

/** What is left of the posts under way when 429s spread. */
const FALL = 0.5;

/**
 * How many posts may be under way at once. A 429 is either one slow client's full buffer, which is that client's affair
 * alone, or the account's rate: then many connections are answered so, within few posts, and fewer posts at a time help.
 * So the limit is halved when 429s spread, and rises by one for as many posts that were taken as it allows at once.
 *
 * Whether they spread, first attempts say: a connection is tried again because it was refused, so that among retries
 * slow clients are many however few they are among all. Only while the limit is down do retries speak, too: then the
 * account's rate is known to be short, and what is left to post may be nothing but retries.
 */
export class AdaptiveConcurrency {
  #limit = POSTS_IN_FLIGHT;
  #risen = 0;
  #heardAt = -Infinity;
  /** The last posts, in turn: the connection of one that was answered 429. */
  #recent: (string | undefined)[] = [];
  /** How often each connection is among them. */
  readonly #busy = new Map<string, number>();
  readonly #clock: Pick<Clock, "now">;
  /** Whether 429s have spread since this was made. */
  throttled = false;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Posts at once, from `LEAST_IN_FLIGHT` to `POSTS_IN_FLIGHT`. */
  get limit(): number {
    return this.#limit;
  }

  /**
   * Told what came of each post.
   * @param retry whether the connection had refused the same frame before
   */
  record(connectionId: string, result: PostResult, retry: boolean): void {
    if (retry && this.#limit === POSTS_IN_FLIGHT) return;
    const now = this.#clock.now();
    if (now - this.#heardAt > RECENT_MS) this.#forget();
    this.#heardAt = now;
    // What fails, or does not answer, has too much to do as well.
    const busy = result === "busy" || result === "failed";
    if (this.#recent.length > 0 || busy) this.#remember(busy ? connectionId : undefined);
    if (!busy) this.#rise();
    else if (this.#busy.size >= SPREAD) this.#fall();
  }

  /** Remembers nothing before the first 429: there is nothing to see. */
  #remember(busy: string | undefined): void {
    this.#recent.push(busy);
    if (busy !== undefined) this.#busy.set(busy, (this.#busy.get(busy) ?? 0) + 1);
    const oldest = this.#recent.length > RECENT ? this.#recent.shift() : undefined;
    if (oldest === undefined) return;
    const times = this.#busy.get(oldest)! - 1;
    if (times > 0) this.#busy.set(oldest, times);
    else this.#busy.delete(oldest);
  }

  #forget(): void {
    this.#recent = [];
    this.#busy.clear();
  }

  #rise(): void {
    if (this.#limit === POSTS_IN_FLIGHT || (this.#risen += 1) < this.#limit) return;
    this.#risen = 0;
    this.#limit += 1;
  }

  /** What was heard before is about the pace of then. */
  #fall(): void {
    this.throttled = true;
    this.#limit = Math.max(LEAST_IN_FLIGHT, Math.floor(this.#limit * FALL));
    this.#risen = 0;
    this.#forget();
  }
}
