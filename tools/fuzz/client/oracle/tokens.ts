import { targetsOf } from "../server/subscribe-handler.js";
import type { ClientFrame } from "../server/types.js";
import type { Fail } from "./fail.js";

/** A token of a walk. */
interface Token {
  channel: string;
  /** Its number among all tokens of the walk. */
  number: number;
}

/** Checks that each token travels once, and with its own channel. */
export class Tokens {
  readonly #sent = new Set<number>();
  #made = 0;

  constructor(readonly fail: Fail) {}

  /** Makes a token for a channel. */
  make(channel: string): Token {
    return { channel, number: (this.#made += 1) };
  }

  /** The client sends a frame. */
  frameSent(frame: ClientFrame): void {
    const { action, data } = frame;
    const about = action === "subscribe" || action === "unsubscribe" ? targetsOf(frame) : [data ?? {}];
    for (const { channel, token } of about as { channel?: string; token?: Token }[]) {
      if (token === undefined) continue;
      if (!["subscribe", "history", "presence"].includes(action)) this.fail("tokens", `${action} carries a token`);
      if (token.channel !== channel) this.fail("tokens", `${channel} has the token of ${token.channel}`);
      if (this.#sent.has(token.number)) this.fail("tokens", `a token of ${channel} is sent twice`);
      this.#sent.add(token.number);
    }
  }
}
