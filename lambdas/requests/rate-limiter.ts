import type { Agent } from "../connection/agent.js";
import type { Clock } from "../ports.js";

/** Maximum number of agents, and of users, that one environment counts. */
export const MAX_COUNTED_AGENTS = 10_000;

/** A token bucket's parameters. */
export interface RateLimit {
  /** Tokens per second, on average. */
  perSecond: number;
  /** Tokens at once, after a pause. */
  burst: number;
}

/** The fields by which requests are counted. */
export type Counted = Pick<Agent, "connectionId" | "userId">;

/**
 * Limits the requests of each agent, and of all agents of one user together. Each has a token bucket in the memory of
 * one Lambda environment. So an agent whose frames run in several environments gets more than the limit. Above
 * `MAX_COUNTED_AGENTS`, the bucket that was unused for longest is dropped first.
 */
export class RateLimiter {
  readonly #agents: Buckets;
  readonly #users: Buckets;

  /** @param perUser all agents of one user together may have this many times the limit of one agent */
  constructor({ perSecond, burst }: RateLimit, clock: Pick<Clock, "now">, perUser: number) {
    this.#agents = new Buckets({ perSecond, burst }, clock);
    this.#users = new Buckets({ perSecond: perSecond * perUser, burst: burst * perUser }, clock);
  }

  /**
   * Takes as many tokens as there are.
   * @returns how many of `wanted` are granted: the others are refused, and do not count
   */
  take(agent: Counted, wanted: number): number {
    const taken = Math.min(wanted, Math.floor(this.left(agent)));
    this.charge(agent, taken);
    return taken;
  }

  /**
   * Takes all tokens of one request, or none.
   * @returns whether the request is granted
   */
  spend(agent: Counted, cost: number): boolean {
    const granted = this.left(agent) >= cost;
    if (granted) this.charge(agent, cost);
    return granted;
  }

  /** How many tokens the agent has now. */
  left({ connectionId, userId }: Counted): number {
    const own = this.#agents.left(connectionId);
    return userId === undefined ? own : Math.min(own, this.#users.left(userId));
  }

  /** Takes tokens for work that was done already, even if too few are left. */
  charge({ connectionId, userId }: Counted, used: number): void {
    this.#agents.charge(connectionId, used);
    if (userId !== undefined) this.#users.charge(userId, used);
  }
}

/** The tokens of a bucket at a time in epoch milliseconds. */
interface Bucket {
  left: number;
  at: number;
}

/** A token bucket for each key. */
class Buckets {
  readonly #buckets = new Map<string, Bucket>();
  readonly #limit: RateLimit;
  readonly #clock: Pick<Clock, "now">;

  constructor(limit: RateLimit, clock: Pick<Clock, "now">) {
    this.#limit = limit;
    this.#clock = clock;
  }

  left(key: string): number {
    return this.#filled(key).left;
  }

  charge(key: string, used: number): void {
    const { left, at } = this.#filled(key);
    this.#store(key, { left: left - used, at });
  }

  #filled(key: string): Bucket {
    const now = this.#clock.now();
    const { perSecond, burst } = this.#limit;
    const { left, at } = this.#buckets.get(key) ?? { left: burst, at: now };
    // If the clock was set back, the bucket stays as it is.
    const fresh = (Math.max(0, now - at) / 1000) * perSecond;
    return { left: Math.min(burst, left + fresh), at: now };
  }

  /** The map is in the order of last use, so that the first bucket was unused for longest. */
  #store(key: string, bucket: Bucket): void {
    this.#buckets.delete(key);
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size >= MAX_COUNTED_AGENTS && !oldest.done) this.#buckets.delete(oldest.value);
    this.#buckets.set(key, bucket);
  }
}
