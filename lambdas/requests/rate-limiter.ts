import type { Agent } from "../connection/agent.js";
import type { Clock } from "../ports.js";

/** Most agents, and most users, that one environment counts for. */
export const MAX_COUNTED_AGENTS = 10_000;

/** How much an agent may have of something. */
export interface RateLimit {
  /** In a second, on average. */
  perSecond: number;
  /** At once, after it was silent. */
  burst: number;
}

/** Whose requests are counted. */
export type Counted = Pick<Agent, "connectionId" | "userId">;

/**
 * Counts what each agent asks for, and what all agents of one user ask for together. Each has a token bucket in the memory
 * of one Lambda environment. So an agent whose frames run in several environments gets through more. So does one of more
 * than `COUNTED_AGENTS` at once: the one that has been silent for longest is forgotten first.
 */
export class RateLimiter {
  readonly #agents: Buckets;
  readonly #users: Buckets;

  /** @param perUser how many times as much as one agent all agents of one user may have together */
  constructor({ perSecond, burst }: RateLimit, clock: Pick<Clock, "now">, perUser: number) {
    this.#agents = new Buckets({ perSecond, burst }, clock);
    this.#users = new Buckets({ perSecond: perSecond * perUser, burst: burst * perUser }, clock);
  }

  /**
   * Takes what an agent wants now.
   * @returns how many of `wanted` it may have: the others are refused, and do not count
   */
  take(agent: Counted, wanted: number): number {
    const taken = Math.min(wanted, Math.floor(this.left(agent)));
    this.charge(agent, taken);
    return taken;
  }

  /**
   * Takes all of what one request costs, or nothing.
   * @returns whether the agent may have it
   */
  spend(agent: Counted, cost: number): boolean {
    const may = this.left(agent) >= cost;
    if (may) this.charge(agent, cost);
    return may;
  }

  /** How much the agent may have now. */
  left({ connectionId, userId }: Counted): number {
    const its = this.#agents.left(connectionId);
    return userId === undefined ? its : Math.min(its, this.#users.left(userId));
  }

  /** Takes what has been used already, also if that is more than is left. */
  charge({ connectionId, userId }: Counted, used: number): void {
    this.#agents.charge(connectionId, used);
    if (userId !== undefined) this.#users.charge(userId, used);
  }
}

/** What is left of an allowance, as of a time in epoch milliseconds. */
interface Bucket {
  left: number;
  at: number;
}

/** A token bucket for each key. */
class Buckets {
  readonly #buckets = new Map<string, Bucket>();
  readonly #allowance: RateLimit;
  readonly #clock: Pick<Clock, "now">;

  constructor(allowance: RateLimit, clock: Pick<Clock, "now">) {
    this.#allowance = allowance;
    this.#clock = clock;
  }

  left(key: string): number {
    return this.#filled(key).left;
  }

  charge(key: string, used: number): void {
    const { left, at } = this.#filled(key);
    this.#keep(key, { left: left - used, at });
  }

  #filled(key: string): Bucket {
    const now = this.#clock.now();
    const { perSecond, burst } = this.#allowance;
    const { left, at } = this.#buckets.get(key) ?? { left: burst, at: now };
    // A clock that was put back gives nothing, and takes nothing.
    const fresh = (Math.max(0, now - at) / 1000) * perSecond;
    return { left: Math.min(burst, left + fresh), at: now };
  }

  /** In the order of last use, so that the first has been silent for longest. */
  #keep(key: string, bucket: Bucket): void {
    this.#buckets.delete(key);
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size >= MAX_COUNTED_AGENTS && !oldest.done) this.#buckets.delete(oldest.value);
    this.#buckets.set(key, bucket);
  }
}
