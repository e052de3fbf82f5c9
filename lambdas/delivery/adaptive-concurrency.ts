import type { Clock, PostResult } from "../ports.js";

/** The number of concurrent posts at the start, which is also the maximum. Each post has its own socket. */
export const POSTS_IN_FLIGHT = 64;

/** The minimum of concurrent posts, whatever API Gateway replies. */
export const LEAST_IN_FLIGHT = 4;

/** The window of recent posts, and how many different connections in it must have received a 429. */
const RECENT = 64;
const SPREAD = 5;

/**
 * The age of a post that still counts, in milliseconds. API Gateway counts the account's rate by the second.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
const RECENT_MS = 1_000;

/** The factor of the limit when 429s spread. */
const FALL = 0.5;

/**
 * The limit of concurrent posts: additive increase, multiplicative decrease. A 429 has one of two causes. Either one slow
 * client's buffer is full, which concerns that client alone. Or the account's rate is used up. Then many connections
 * receive a 429 within few posts, and fewer concurrent posts help. So the limit is halved when 429s spread over several
 * connections. It rises by one after as many successful posts as it allows at once.
 *
 * First attempts decide whether 429s spread. A retry follows a refusal, so slow clients are frequent among retries even
 * if they are few. Retries count only while the limit is lowered: then the account's rate is known to be short, and all
 * remaining posts may be retries.
 */
export class AdaptiveConcurrency {
  #limit = POSTS_IN_FLIGHT;
  #risen = 0;
  #lastPostAt = -Infinity;
  /** The last posts, oldest first: the connection id of each post that received a 429, `undefined` for the others. */
  #recent: (string | undefined)[] = [];
  /** How often each connection is among these. */
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
   * Records the result of a post.
   * @param retry whether the connection had refused the same frame before
   */
  record(connectionId: string, result: PostResult, retry: boolean): void {
    if (retry && this.#limit === POSTS_IN_FLIGHT) return;
    const now = this.#clock.now();
    if (now - this.#lastPostAt > RECENT_MS) this.#forget();
    this.#lastPostAt = now;
    // A post that fails or times out also means that API Gateway is overloaded.
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

  /** Earlier results belong to the earlier limit. */
  #fall(): void {
    this.throttled = true;
    this.#limit = Math.max(LEAST_IN_FLIGHT, Math.floor(this.#limit * FALL));
    this.#risen = 0;
    this.#forget();
  }
}
