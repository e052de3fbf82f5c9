/**
 * Where a subscription is.
 * - `waiting`: asked for; the server has not answered, or there is no connection yet.
 * - `subscribed`: acknowledged.
 * - `leaving`: the unsubscription is asked for.
 * - `refused`: denied, or failed; kept on the page, so that the reason can be read.
 */
export type SubscriptionStatus = "waiting" | "subscribed" | "leaving" | "refused";

/** What the page shows of one subscription. */
export interface Subscription {
  channel: string;
  status: SubscriptionStatus;
  /** Why not, with the code for programs: of a refused subscription, or of an unsubscription that was denied. */
  problem?: Problem;
  /** Whether a guard made it, unasked: it does not come back with the next connection unless the guard makes it again. */
  granted?: boolean;
}

/** Why something failed. */
export interface Problem {
  /** For programs. */
  code: string;
  /** For people: the guard's own words where a guard said no. */
  reason: string;
}

/** The subscriptions by channel, in the order they were made. */
export class Subscriptions {
  readonly #all = new Map<string, Subscription>();

  get all(): Subscription[] {
    return [...this.#all.values()];
  }

  /** The channels that are to be subscribed to, and are not yet. */
  get waiting(): string[] {
    return this.all.filter(({ status }) => status === "waiting").map(({ channel }) => channel);
  }

  set(channel: string, status: SubscriptionStatus, problem?: Problem): void {
    const granted = this.#all.get(channel)?.granted;
    this.#all.set(channel, { channel, status, ...(problem ? { problem } : {}), ...(granted ? { granted } : {}) });
  }

  /** A guard subscribed this connection to a channel that nobody asked for. */
  grant(channel: string): void {
    if (!this.has(channel)) this.#all.set(channel, { channel, status: "subscribed", granted: true });
  }

  has(channel: string): boolean {
    return this.#all.has(channel);
  }

  remove(channel: string): void {
    this.#all.delete(channel);
  }

  /** The connection is gone: what was acknowledged has to be again, and what was being left is left. */
  lost(): void {
    for (const { channel, status, granted } of this.all) {
      if (granted || status === "leaving") this.remove(channel);
      else if (status === "subscribed") this.set(channel, "waiting");
    }
  }
}
