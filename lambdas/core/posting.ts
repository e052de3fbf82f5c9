import type { Frame } from "./frame.js";
import { Pace } from "./pace.js";
import type { Clock, Connections, Subscriber } from "./ports.js";
import { afterPost } from "./retry.js";

/** What posting needs. */
export interface Posting {
  connections: Pick<Connections, "post">;
  clock: Clock;
}

/** How long connections are posted to. */
export interface Patience {
  /** Until when attempts may begin, in epoch milliseconds. */
  postsUntil: number;
  /** How long one connection is tried again after its first failure, in milliseconds. */
  patienceMs: number;
}

/** What became of a connection's frames. */
export type Posted =
  | "done"
  /** The connection does not exist: remove it. */
  | "remove"
  /** It takes none of this: trying again cannot help. */
  | "give up"
  /** There was no time to try it even once. */
  | "late"
  /** It failed for as long as it was tried. */
  | "slow";

/** Frames on their way to one connection. */
interface Job<Recipient> {
  recipient: Recipient;
  frames: readonly Frame[];
  /** The frame whose turn it is. */
  at: number;
  attempts: number;
  until: number;
}

/**
 * Posts to many connections at once, at the pace that API Gateway takes: the frames of each in their order, each again
 * and again as far as that makes sense. What a connection waits for before a retry, it waits for alone: it holds no
 * place then, and slows down nobody.
 *
 * Whoever waits for its turn is an entry of a list, and nothing more: ten thousand pending calls would cost more than
 * the calls.
 * @example
 * const poster = new Poster(system, { postsUntil, patienceMs: 250 }, ({ subscriber }, posted) => count(posted));
 * for (const recipient of page) poster.add(recipient, frames);
 * await poster.idle();
 */
export class Poster<Recipient extends { subscriber: Subscriber }> {
  readonly #system: Posting;
  readonly #patience: Patience;
  readonly #posted: (recipient: Recipient, posted: Posted) => void;
  readonly #pace: Pace;
  /** Those before `#first` have had their turn: taking away the first of thousands would move all others. */
  #jobs: Job<Recipient>[] = [];
  #first = 0;
  #running = 0;
  /** What waits, is under way or pauses. */
  #open = 0;
  #idle: (() => void)[] = [];

  /** @param posted told what became of each; must not throw */
  constructor(system: Posting, patience: Patience, posted: (recipient: Recipient, posted: Posted) => void) {
    this.#system = system;
    this.#patience = patience;
    this.#posted = posted;
    this.#pace = new Pace(system.clock);
  }

  /** Posts frames to one connection when it is its turn. */
  add(recipient: Recipient, frames: readonly Frame[]): void {
    this.#open += 1;
    this.#queue({ recipient, frames, at: 0, attempts: 0, until: this.#patience.postsUntil });
  }

  /** Resolves when there is nothing left to do. */
  idle(): Promise<void> {
    return this.#open === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #queue(job: Job<Recipient>): void {
    this.#jobs.push(job);
    this.#fill();
  }

  /** Lets as many run as the pace allows. */
  #fill(): void {
    while (this.#running < this.#pace.limit && this.#first < this.#jobs.length) {
      this.#running += 1;
      void this.#work();
    }
  }

  /** One after the other, as long as there are some and the pace allows as many as run. */
  async #work(): Promise<void> {
    while (this.#running <= this.#pace.limit && this.#first < this.#jobs.length) {
      const job = this.#jobs[this.#first]!;
      this.#first += 1;
      if (this.#first === this.#jobs.length) [this.#jobs, this.#first] = [[], 0];
      await this.#attempt(job);
      // The pace may have risen.
      this.#fill();
    }
    this.#running -= 1;
    this.#fill();
  }

  /** Posts until the connection's last frame is posted, or until it has to pause. */
  async #attempt(job: Job<Recipient>): Promise<void> {
    const { connections, clock } = this.#system;
    const { connectionId, connectedAt } = job.recipient.subscriber;
    for (let frame = job.frames[job.at]; frame; frame = job.frames[job.at]) {
      if (clock.now() >= job.until) return this.#end(job, job.attempts === 0 ? "late" : "slow");
      const result = await connections.post(connectionId, frame);
      this.#pace.heard(connectionId, result);
      const now = clock.now();
      if (result !== "sent" && job.attempts === 0) job.until = Math.min(job.until, now + this.#patience.patienceMs);
      job.attempts += 1;
      const next = afterPost(result, job.attempts, now - connectedAt, job.until - now, clock.random());
      if (next.step === "retry") return void this.#pause(job, next.afterMs);
      if (next.step !== "done") return this.#end(job, next.step);
      job.at += 1;
      job.attempts = 0;
    }
    this.#end(job, "done");
  }

  async #pause(job: Job<Recipient>, milliseconds: number): Promise<void> {
    await this.#system.clock.sleep(milliseconds);
    this.#queue(job);
  }

  #end({ recipient }: Job<Recipient>, posted: Posted): void {
    this.#posted(recipient, posted);
    this.#open -= 1;
    if (this.#open === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** Posts frames to one connection. */
export const postTo = (system: Posting, subscriber: Subscriber, frames: readonly Frame[], patience: Patience): Promise<Posted> =>
  new Promise((resolve) => new Poster(system, patience, (_, posted) => resolve(posted)).add({ subscriber }, frames));
