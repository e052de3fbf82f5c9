import type { Link } from "../link.js";
import { targetsOf } from "../server/subscribe-handler.js";
import type { ClientFrame } from "../server/types.js";
import type { Fail } from "./fail.js";
import type { Traffic } from "./traffic.js";

/** A token of a walk. */
interface Token {
  channel: string;
  /** Its number among all tokens of the walk. */
  number: number;
  /** When the application returned it. */
  madeAt: number;
}

/** A request without a token, on a channel whose holders have a function for it. */
interface Doubt {
  action: string;
  channel: string;
  /** The holders with a token function that have not left since. */
  holders: Set<string>;
  /** When the client sent it. */
  sentAt: number;
}

/** The actions that carry a token. */
const CARRIERS = ["subscribe", "history", "presence"];

/**
 * Checks that each token travels once, with its own channel, on the connection for which the application was asked. Each
 * request of a channel with a token function carries one.
 */
export class Tokens {
  readonly #sent = new Set<number>();
  /** The holders with a token function, by channel. */
  readonly #holders = new Map<string, Set<string>>();
  readonly #doubts = new Set<Doubt>();
  #made = 0;

  constructor(
    readonly traffic: Traffic,
    readonly fail: Fail,
  ) {}

  /** A holder subscribes with a token function. */
  holds(channel: string, holder: string): void {
    this.#holders.set(channel, (this.#holders.get(channel) ?? new Set()).add(holder));
  }

  /** A holder unsubscribes, or all do. */
  leaves(channel: string, holder?: string): void {
    // The SDK removes a holder, sends, and then rejects the call of the holder: all at once.
    for (const doubt of this.#doubts) {
      if (doubt.channel !== channel || doubt.sentAt !== this.traffic.clock.now) continue;
      if (holder === undefined) doubt.holders.clear();
      else doubt.holders.delete(holder);
      if (!doubt.holders.size) this.#doubts.delete(doubt);
    }
    if (holder === undefined) this.#holders.delete(channel);
    else this.#holders.get(channel)?.delete(holder);
  }

  /** The application has called `reset`. */
  forget(): void {
    this.#holders.clear();
  }

  /** Makes a token for a channel. */
  make(channel: string): Token {
    return { channel, number: (this.#made += 1), madeAt: this.traffic.clock.now };
  }

  /** The client sends a frame. */
  frameSent(link: Link, frame: ClientFrame): void {
    const { action, data } = frame;
    const about = action === "subscribe" || action === "unsubscribe" ? targetsOf(frame) : [data ?? {}];
    for (const { channel = "", token } of about as { channel?: string; token?: Token }[]) {
      if (token !== undefined) this.#travels(link, action, channel, token);
      else if (CARRIERS.includes(action) && this.#holders.get(channel)?.size)
        this.#doubts.add({
          action,
          channel,
          holders: new Set(this.#holders.get(channel)),
          sentAt: this.traffic.clock.now,
        });
    }
  }

  /** Checks the requests without a token that the client has sent since the last step. */
  step(): void {
    for (const { action, channel } of this.#doubts)
      this.fail("tokens", `${action} of ${channel} has no token, and the application has a function for it`);
    this.#doubts.clear();
  }

  #travels(link: Link, action: string, channel: string, token: Token): void {
    if (!CARRIERS.includes(action)) this.fail("tokens", `${action} carries a token`);
    if (token.channel !== channel) this.fail("tokens", `${channel} has the token of ${token.channel}`);
    if (this.#sent.has(token.number)) this.fail("tokens", `a token of ${channel} is sent twice`);
    if (token.madeAt < this.traffic.openedAt(link.id))
      this.fail("tokens", `a token of ${channel} is older than its connection`);
    this.#sent.add(token.number);
  }
}
