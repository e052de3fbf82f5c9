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
  /** The numbers of all messages that it has received since its call. */
  all: Set<number>;
  /** When it called. */
  calledAt: number;
  /** When the first call that still waited then was made. One reply may settle both; later messages arrive live. */
  waitsSince: number;
  last: number;
  /** The last message that arrived in order. */
  newest?: { epoch: string; offset: number };
}

/**
 * Checks what an object receives that has subscribed with `last`: the newest messages, and each message once and in
 * order, until messages are lost.
 */
export class LastMessages {
  readonly #readers = new Map<string, Reader>();

  constructor(
    readonly subscriptions: Subscriptions,
    readonly publications: readonly Publication[],
    readonly fail: Fail,
  ) {}

  /** The application calls `subscribe({ last })`. With `last` 0, it need not receive the newest messages. */
  begins(channel: string, holder: string, last: number, waitsSince: number): void {
    const { now: calledAt } = this.subscriptions.clock;
    const sets = { received: new Set<string>(), all: new Set<number>() };
    this.#readers.set(`${channel} ${holder}`, { channel, holder, ...sets, calledAt, waitsSince, last });
  }

  /**
   * A call has succeeded. The object has received the newest messages that were stored before the channel's first call
   * that waited.
   * @param newest the messages that the history keeps now, and the messages that were readable at the call
   * @param most how many messages one reply holds
   */
  succeeded(
    channel: string,
    holder: string,
    calledAt: number,
    newest: Record<"now" | "atCall", readonly Publication[]>,
    most: number,
  ): void {
    const reader = this.#readers.get(`${channel} ${holder}`);
    if (!reader?.last || reader.calledAt !== calledAt) return;
    const expected = newest.now
      .slice(-Math.min(reader.last, most))
      .filter((each) => newest.atCall.includes(each) && !each.withheld && each.storedAt! < reader.waitsSince);
    for (const publication of expected)
      if (!reader.all.has(publication.n))
        this.fail("last", `${holder} has subscribed with \`last\`, and has not received ${nameOf(publication)}`);
  }

  /** The object unsubscribes. */
  ends(channel: string, holder: string): void {
    this.#readers.delete(`${channel} ${holder}`);
  }

  /** An event reports an error about a channel: perhaps an object has ended, because it cannot have the newest messages. */
  failed(channel: string): string[] {
    const holders = [...this.#readers.values()]
      .filter((reader) => reader.channel === channel)
      .map(({ holder }) => holder);
    this.leaves(channel);
    return holders;
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
    reader.all.add(publication.n);
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
