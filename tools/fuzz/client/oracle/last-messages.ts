import { matchesSubscription, isWildcard } from "../channels.js";
import type { Fail } from "./fail.js";
import { nameOf, type ReceivedMessage } from "./messages.js";
import type { Publication } from "../publication.js";
import type { Subscriptions } from "./subscriptions.js";

/** A channel object that has subscribed with `last`. */
interface Reader {
  channel: string;
  holder: string;
  /** The messages that it has received since, by epoch and offset. */
  received: Set<string>;
  /** The last message that arrived in order. */
  newest?: { epoch: string; offset: number };
}

/**
 * Checks what an object receives that has subscribed with `last`: each message once and in order, until messages are
 * lost. After its call has succeeded, it receives all that the client receives.
 */
export class LastMessages {
  readonly #readers = new Map<string, Reader>();

  constructor(
    readonly subscriptions: Subscriptions,
    readonly publications: readonly Publication[],
    readonly fail: Fail,
  ) {}

  /** The application calls `subscribe({ last })`. */
  begins(channel: string, holder: string): void {
    this.#readers.set(`${channel} ${holder}`, { channel, holder, received: new Set() });
  }

  /** The object unsubscribes. */
  ends(channel: string, holder: string): void {
    this.#readers.delete(`${channel} ${holder}`);
  }

  /** The channel is not subscribed any more. */
  leaves(channel: string): void {
    for (const [key, reader] of this.#readers) if (reader.channel === channel) this.#readers.delete(key);
  }

  /** An event reported lost messages: the object receives the newest messages again. */
  restarts(channel: string): void {
    for (const reader of this.#readers.values())
      if (reader.channel === channel) {
        reader.received.clear();
        delete reader.newest;
      }
  }

  forget(): void {
    this.#readers.clear();
  }

  /** The object receives a message. */
  received(channel: string, holder: string, { data, epoch, offset }: ReceivedMessage): void {
    const reader = this.#readers.get(`${channel} ${holder}`);
    const publication = this.publications[(data as { n?: number }).n ?? -1];
    if (!publication || publication.channel !== channel)
      return this.fail("last", `${holder} receives a message that was not published on ${channel}`);
    if (!reader || epoch === undefined || offset === undefined) return;
    const place = `${epoch} ${offset}`;
    const { newest } = reader;
    if (reader.received.has(place)) this.fail("last", `${holder} receives ${nameOf(publication)} twice`);
    reader.received.add(place);
    // A wildcard delivers messages before the position in any order.
    const isCovered = [...this.subscriptions.all].some(
      ({ channel: other, holders }) => isWildcard(other) && holders.size > 0 && matchesSubscription(other, channel),
    );
    if (newest?.epoch === epoch && offset < newest.offset && !isCovered)
      this.fail("last", `${holder} receives ${nameOf(publication)} after offset ${newest.offset}`);
    if (newest?.epoch !== epoch || offset > newest.offset) reader.newest = { epoch, offset };
  }
}
