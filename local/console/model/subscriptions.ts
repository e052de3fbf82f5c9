/**
 * The state of a subscription.
 * - `waiting`: requested. The server has not replied, or there is no connection yet.
 * - `subscribed`: acknowledged.
 * - `leaving`: the unsubscription is requested.
 * - `refused`: denied or failed. It stays on the page with its reason.
 */
export type SubscriptionStatus = "waiting" | "subscribed" | "leaving" | "refused";

/** The page's state of one subscription. */
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
  /** The reason as text: the guard's own one if a guard denied it. */
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

  /** A guard subscribed this connection to a channel without a request. */
  grant(channel: string): void {
    if (!this.has(channel)) this.#all.set(channel, { channel, status: "subscribed", granted: true });
  }

  has(channel: string): boolean {
    return this.#all.has(channel);
  }

  remove(channel: string): void {
    this.#all.delete(channel);
  }

  /**
   * The connection is closed. Acknowledged subscriptions must be acknowledged again, and unsubscriptions are complete.
   */
  lost(): void {
    for (const { channel, status, granted } of this.all) {
      if (granted || status === "leaving") this.remove(channel);
      else if (status === "subscribed") this.set(channel, "waiting");
    }
  }
}
