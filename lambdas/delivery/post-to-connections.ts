import type { Frame } from "./frame.js";
import { AdaptiveConcurrency } from "./adaptive-concurrency.js";
import type { Clock, Connections, Subscriber } from "../ports.js";
import { nextAttempt } from "./retry.js";

/** The ports for posting. */
export interface PostDependencies {
  connections: Pick<Connections, "post">;
  clock: Clock;
}

/** How long posts to connections are tried. */
export interface RetryBudget {
  /** The last moment to start an attempt, in epoch milliseconds. */
  postsUntil: number;
  /** How long one connection is retried after its first failure, in milliseconds. */
  retryBudgetMs: number;
}

/** The outcome of posting a connection's frames. */
export type PostOutcome =
  | "done"
  /** The connection does not exist: remove it. */
  | "remove"
  /** API Gateway refused the frame: a retry cannot help. */
  | "give up"
  /** There was no time to try it even once. */
  | "late"
  /** It failed for as long as it was tried. */
  | "slow";

/** Connections that wait for the same frames, some of which have had their turn. */
interface Batch<Recipient> {
  recipients: readonly Recipient[];
  frames: readonly Frame[];
  next: number;
}

/** A connection that has to be tried again, with the frames that are left. */
interface Retry<Recipient> {
  recipient: Recipient;
  frames: readonly Frame[];
  attempts: number;
  until: number;
}

/**
 * Posts to many connections concurrently, as fast as API Gateway accepts. The frames of one connection go in order, with
 * retries if these make sense. A connection that waits for a retry holds no place, so it does not delay others.
 *
 * A waiting connection is an entry of a list and not a pending call: ten thousand of those would cost more than the posts.
 * @example
 * const poster = new Poster(system, { postsUntil, retryBudgetMs: 250 }, ({ subscriber }, posted) => count(posted));
 * poster.add(page, frames);
 * await poster.idle();
 */
export class Poster<Recipient extends { subscriber: Subscriber }> {
  readonly #system: PostDependencies;
  readonly #budget: RetryBudget;
  readonly #posted: (recipient: Recipient, posted: PostOutcome) => void;
  readonly #concurrency: AdaptiveConcurrency;
  readonly #batches: Batch<Recipient>[] = [];
  readonly #retries: Retry<Recipient>[] = [];
  readonly #idle: (() => void)[] = [];
  readonly #failures: unknown[] = [];
  #running = 0;
  /** Connections that wait, are posted to, or pause. */
  #open = 0;

  /** @param posted called with the outcome of each connection; must not throw */
  constructor(
    system: PostDependencies,
    budget: RetryBudget,
    posted: (recipient: Recipient, posted: PostOutcome) => void,
  ) {
    this.#system = system;
    this.#budget = budget;
    this.#posted = posted;
    this.#concurrency = new AdaptiveConcurrency(system.clock);
  }

  /** Whether 429s have spread: then they are the account's, and not those of connections that read too slowly. */
  get throttled(): boolean {
    return this.#concurrency.throttled;
  }

  /** Posts frames to connections, when it is the turn of each. */
  add(recipients: readonly Recipient[], frames: readonly Frame[]): void {
    if (recipients.length === 0) return;
    this.#open += recipients.length;
    this.#batches.push({ recipients, frames, next: 0 });
    this.#fill();
  }

  /**
   * Resolves when there is nothing left to do.
   * @throws what posting threw, which it should not
   */
  async idle(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** Starts as many posts as the limit allows. */
  #fill(): void {
    while (this.#running < this.#concurrency.limit && (this.#retries.length > 0 || this.#batches.length > 0)) {
      this.#running += 1;
      void this.#work();
    }
  }

  /** One connection after the other, while there are some and the limit allows it. */
  async #work(): Promise<void> {
    while (this.#running <= this.#concurrency.limit) {
      const turn = this.#retries.shift() ?? this.#next();
      if (!turn) break;
      try {
        await this.#post(turn);
      } catch (error) {
        this.#failures.push(error);
        this.#ended();
      }
      // The limit may have risen.
      this.#fill();
    }
    this.#running -= 1;
    this.#fill();
  }

  /** The next recipient that was not tried yet. */
  #next(): Retry<Recipient> | undefined {
    const batch = this.#batches[0];
    const recipient = batch?.recipients[batch.next];
    if (!batch || !recipient) return undefined;
    batch.next += 1;
    if (batch.next === batch.recipients.length) this.#batches.shift();
    return { recipient, frames: batch.frames, attempts: 0, until: this.#budget.postsUntil };
  }

  /** Posts until the connection's last frame is posted, or until it has to pause. */
  async #post({ recipient, frames, attempts, until }: Retry<Recipient>): Promise<void> {
    const { connections, clock } = this.#system;
    const { connectionId, connectedAt } = recipient.subscriber;
    for (let at = 0; at < frames.length; at += 1, attempts = 0) {
      if (clock.now() >= until) return this.#end(recipient, attempts === 0 ? "late" : "slow");
      const result = await connections.post(connectionId, frames[at]!);
      this.#concurrency.record(connectionId, result, attempts > 0);
      if (result === "sent") continue;
      const now = clock.now();
      const last = attempts === 0 ? Math.min(until, now + this.#budget.retryBudgetMs) : until;
      const next = nextAttempt(result, attempts + 1, now - connectedAt, last - now, clock.random());
      if (next.step !== "retry") return this.#end(recipient, next.step);
      return void this.#pause(
        { recipient, frames: frames.slice(at), attempts: attempts + 1, until: last },
        next.afterMs,
      );
    }
    this.#end(recipient, "done");
  }

  async #pause(retry: Retry<Recipient>, milliseconds: number): Promise<void> {
    await this.#system.clock.sleep(milliseconds);
    this.#retries.push(retry);
    this.#fill();
  }

  #end(recipient: Recipient, posted: PostOutcome): void {
    this.#posted(recipient, posted);
    this.#ended();
  }

  #ended(): void {
    this.#open -= 1;
    if (this.#open === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** Posts frames to one connection. */
export const postTo = async (
  system: PostDependencies,
  subscriber: Subscriber,
  frames: readonly Frame[],
  budget: RetryBudget,
): Promise<PostOutcome> => {
  let posted: PostOutcome = "late";
  const poster = new Poster<{ subscriber: Subscriber }>(system, budget, (_, what) => (posted = what));
  poster.add([{ subscriber }], frames);
  await poster.idle();
  return posted;
};
