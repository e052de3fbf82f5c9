import { isWildcard } from "../../../protocol/channel.js";
import type { Message, SubscribeResult } from "../../../protocol/frames.js";
import type { HistoryMessage, Position, Replay } from "../../../protocol/history.js";
import { MAX_HISTORY_PAGE_SIZE } from "../../../protocol/limits.js";
import type { Client } from "../client.js";
import { backoff } from "../connection/backoff.js";
import { defer } from "../emitter.js";
import { PushItError } from "../errors.js";
import type { Extension } from "../extension.js";
import { dataOf } from "../requests/request-queue.js";
import type { Request } from "../requests/request.js";
import type { Holder, SettleCallback } from "../subscriptions/holder.js";
import type { SubscribeOptions } from "../types.js";
import { isAtOrBefore, isPosition } from "./channel-recovery.js";
import type { Recovery } from "./recovery.js";

/** A holder that subscribed with `last`. */
interface Reader {
  readonly channel: string;
  readonly holder: Holder;
  readonly last: number;
  /** Whether the holder has given a position. If it recovers, the holder needs no newest messages. */
  readonly hasSince: boolean;
  /** The messages that arrived while the holder waits for the newest ones. `undefined`: the holder has them. */
  buffer: Message[] | undefined;
  /** The holder has received all messages up to here. */
  position?: Position | undefined;
  /** The history request that is in flight. An older reply is too old. */
  request?: object | undefined;
  /** How many requests on this connection brought no messages. */
  retries: number;
  /** The calls that wait for the newest messages. */
  calls: SettleCallback[];
}

/**
 * Delivers the newest messages of a channel to each holder that subscribes with `last`. Other holders do not receive
 * them, because they may have received them before. Until they are there, later messages wait for that holder.
 */
export class LastMessages implements Extension {
  readonly #client: Client;
  readonly #recovery: Recovery;
  readonly #readers = new Map<string, Map<Holder, Reader>>();
  /** The `last` of subscribe requests in flight, by channel. */
  readonly #subscribing = new Map<string, number>();

  constructor(client: Client, recovery: Recovery) {
    this.#client = client;
    this.#recovery = recovery;
  }

  optionsError(channel: string, { last }: SubscribeOptions): PushItError | undefined {
    if (last === undefined) return undefined;
    if (!Number.isInteger(last) || last < 1 || last > MAX_HISTORY_PAGE_SIZE)
      return new PushItError("bad_frame", `"last" must be a whole number from 1 to 100; it is ${last}.`, { channel });
    return isWildcard(channel)
      ? new PushItError("wildcard", '"last" needs one channel: a wildcard has no history of its own.', { channel })
      : undefined;
  }

  onWanted(channel: string, { last, since }: SubscribeOptions, holder: Holder): void {
    if (last === undefined) return;
    const readers = this.#readers.get(channel) ?? new Map<Holder, Reader>();
    const calls = readers.get(holder)?.calls ?? [];
    this.#readers.set(
      channel,
      readers.set(holder, { channel, holder, last, hasSince: isPosition(since), buffer: [], retries: 0, calls }),
    );
  }

  beforeSend({ action, channel = "", target }: Request): void {
    if (action !== "subscribe") return;
    const readers = this.#readers.get(channel);
    const hasPosition = this.#recovery.position(channel) !== undefined;
    // A holder without `last` may need a reply without: it has the latest message, on channels that keep it.
    const isForAll = this.#client.subscriptions.everyHolder(channel, (holder) => {
      const reader = readers?.get(holder);
      return reader?.buffer !== undefined && (reader.hasSince || !hasPosition);
    });
    this.#subscribing.delete(channel);
    target!.last = undefined;
    if (!readers || !isForAll) return;
    target!.last = Math.max(...[...readers.values()].map(({ last }) => last));
    this.#subscribing.set(channel, target!.last);
  }

  onSubscribed(result: SubscribeResult): void {
    const { channel, position, messages = [], older, recovered, code } = result;
    const asked = this.#subscribing.get(channel);
    if (code) this.#expect(channel);
    if (this.#subscribing.delete(channel) && !recovered) {
      // They are for the readers alone.
      result.messages = undefined;
      // A server that does not know `last`, nor heartbeats, sends none or the latest one. Then each reader requests them.
      const isLatest = !messages[1] && !this.#client.connection.transport?.heartbeats;
      if (position && (messages[0] ? !isLatest : !position.offset))
        for (const reader of this.#pending(channel))
          // It may have subscribed again since the request, with more.
          if (!older || reader.last <= asked!) this.#finish(reader, messages, position, older);
    }
    for (const reader of this.#pending(channel)) {
      if (recovered && reader.hasSince) this.#finish(reader, []);
      else this.#request(reader);
    }
  }

  settleLater(channel: string, holder: Holder, settle: SettleCallback): boolean {
    const reader = this.#readers.get(channel)?.get(holder);
    reader?.calls.push(settle);
    if (reader?.buffer) this.#request(reader);
    else if (reader) this.#settle(reader);
    return reader !== undefined;
  }

  skippedHolders(message: Message): ReadonlySet<Holder> | undefined {
    const readers = this.#readers.get(message.channel);
    if (!readers) return undefined;
    const skipped = new Set<Holder>();
    for (const { holder, buffer, position } of readers.values()) {
      buffer?.push(message);
      if (buffer || (position && isAtOrBefore(message as Position, position))) skipped.add(holder);
    }
    return skipped;
  }

  /** The application loads its state again, so each reader needs the newest messages again. */
  onLost(channel: string): void {
    this.#expect(channel);
    for (const reader of this.#pending(channel)) this.#request(reader);
  }

  onReleased(channel: string, holder: Holder): void {
    const reader = this.#readers.get(channel)?.get(holder);
    if (reader) this.#remove(reader);
  }

  onUnsubscribed(channel: string, error?: PushItError): void {
    for (const reader of this.#readers.get(channel)?.values() ?? []) this.#remove(reader, error);
  }

  onVerified(): void {
    for (const readers of this.#readers.values())
      for (const reader of readers.values()) if (reader.buffer && reader.retries) this.#request(reader);
  }

  onDisconnected(): void {
    for (const readers of this.#readers.values())
      for (const reader of readers.values()) {
        // The subscription on the next connection requests again.
        reader.request = undefined;
        reader.retries = 0;
        const { stopped } = this.#client.queue;
        if (stopped) this.#settle(reader, new PushItError(stopped.code, stopped.reason, { channel: reader.channel }));
      }
  }

  onReset(): void {
    for (const channel of this.#readers.keys()) this.onUnsubscribed(channel);
  }

  /** Lets all readers of a channel wait for the newest messages. */
  #expect(channel: string): void {
    for (const reader of this.#readers.get(channel)?.values() ?? []) reader.buffer ??= [];
  }

  /** The readers of a channel that wait for the newest messages. */
  #pending(channel: string): Reader[] {
    return [...(this.#readers.get(channel)?.values() ?? [])].filter(({ buffer }) => buffer);
  }

  #request(reader: Reader): void {
    const { channel, last } = reader;
    if (reader.request) return;
    const request = (reader.request = {});
    this.#client.queue.enqueueMeta("history", { channel, limit: last, reverse: true }, (outcome) => {
      if (!this.#isCurrent(reader) || reader.request !== request) return;
      reader.request = undefined;
      if (!outcome.error) this.#apply(reader, dataOf<Replay>(outcome));
      else if (!outcome.error.retryable) this.#fail(reader, outcome.error);
      else this.#requestAfter(reader, 0);
    });
  }

  /** Requests again, later after each time. If the client verifies its connection then, `onVerified` does it. */
  #requestAfter(reader: Reader, milliseconds: number): void {
    const { timers, options } = this.#client;
    const delay = milliseconds + backoff(reader.retries, options.retryBase, options.retryCap, timers.random(1));
    const retry = (reader.retries += 1);
    timers.after(delay, () => {
      const isDue = this.#isCurrent(reader) && reader.buffer && retry === reader.retries;
      if (isDue && this.#client.isConnected) this.#request(reader);
    });
  }

  /** Applies a page of the history, which has the newest message first. */
  #apply(reader: Reader, { messages = [], position: { epoch }, pendingMs, more }: Replay): void {
    const [newest] = messages;
    const received = this.#recovery.position(reader.channel);
    // Messages behind a pending one are not in the page. If the client has received them, no request brings them later.
    if (pendingMs && received?.epoch === epoch && received.offset > (newest?.offset ?? 0))
      this.#requestAfter(reader, pendingMs);
    else this.#finish(reader, messages.reverse(), newest && { epoch, offset: newest.offset }, more);
  }

  /** Delivers the newest messages, and then the messages that arrived meanwhile. */
  #finish(reader: Reader, messages: readonly HistoryMessage[], position?: Position, isOlder = false): void {
    const { channel, holder, last, buffer = [] } = reader;
    holder.hasOlder = isOlder || messages.length > last;
    reader.buffer = reader.request = undefined;
    reader.retries = 0;
    reader.position = position && { epoch: position.epoch, offset: position.offset };
    for (const message of messages.slice(-last))
      this.#client.deliverTo(holder, { ...message, channel, epoch: position!.epoch });
    for (const message of buffer)
      if (!position || !isAtOrBefore(message as Position, position)) this.#client.deliverTo(holder, message);
    this.#settle(reader);
  }

  /** Ends the holder's subscription, because there is no history for it. */
  #fail(reader: Reader, error: PushItError): void {
    const { channel, holder, buffer = [], calls } = reader;
    const isExpected = calls.length > 0;
    for (const message of buffer) this.#client.deliverTo(holder, message);
    this.#settle(reader, error);
    this.#remove(reader);
    this.#client.subscriptions.release(channel, holder, () => {});
    if (!isExpected) this.#client.emitter.emit("error", error);
  }

  #remove(
    reader: Reader,
    error = new PushItError("superseded", "The subscription has ended.", { channel: reader.channel }),
  ): void {
    const { channel, holder } = reader;
    this.#readers.get(channel)!.delete(holder);
    if (!this.#readers.get(channel)!.size) this.#readers.delete(channel);
    this.#settle(reader, error);
  }

  /** Settles the calls, after the listeners have received the messages that were delivered before. */
  #settle(reader: Reader, error?: PushItError): void {
    for (const settle of reader.calls.splice(0)) defer(() => defer(settle, error));
  }

  #isCurrent(reader: Reader): boolean {
    return this.#readers.get(reader.channel)?.get(reader.holder) === reader;
  }
}
