import type { Message } from "../../../protocol/frames.js";
import type { Position, Replay } from "../../../protocol/history.js";
import type { RequestCode } from "../errors.js";

/**
 * Most messages of one channel that wait for an earlier message. If there are more, all are dropped and requested
 * again.
 */
const MAX_BUFFERED = 500;

/**
 * A message with its position. Without a uuid, it says that this client does not receive the message at this position.
 */
export type PlacedMessage = Message & Position;

/** The server's answer for one channel: a replay, or the reason why there is none. */
export interface HistoryUpdate extends Pick<Replay, "messages" | "more" | "pendingMs" | "recovered"> {
  position?: Position | undefined;
  code?: RequestCode | undefined;
}

/** Whether a value is a position. An application may have stored anything. */
export const isPosition = (value: unknown): value is Position => {
  const { epoch, offset } = (value ?? {}) as Partial<Position>;
  return typeof epoch === "string" && Number.isInteger(offset) && offset! >= 0;
};

/** Only the position of a message. */
export const positionOf = ({ epoch, offset }: Position): Position => ({ epoch, offset });

/**
 * The recovery of one channel with history. It delivers the channel's messages in order, each once, and detects gaps.
 * It sends nothing itself.
 */
export class ChannelRecovery {
  readonly channel: string;
  /** All messages up to here were delivered. Undefined: not known yet, or the channel has no history. */
  position: Position | undefined;
  /** Whether the server has confirmed that the channel has history. */
  hasHistory = false;
  /** A subscribe request is in flight. Its reply contains the position from which on all messages arrive. */
  isSubscribing = false;
  /** Later messages exist that have not arrived. */
  hasGap = false;
  /** A history request for the missing messages is in flight. */
  isRequestPending = false;
  /** Cancels the wait before the next history request. */
  cancelWait: (() => void) | undefined;
  /**
   * Up to here, messages arrive out of order by another subscription, for example a wildcard. Each is delivered when it
   * arrives, although the position is already after it.
   */
  #unordered: Position | undefined;
  /** Messages that have arrived before the next one in order. */
  #buffer: PlacedMessage[] = [];
  readonly #deliver: (message: Message) => void;

  /** @param deliver delivers a message, unless it has been delivered before */
  constructor(channel: string, deliver: (message: Message) => void) {
    this.channel = channel;
    this.#deliver = deliver;
  }

  /** Whether messages are missing. */
  get isIncomplete(): boolean {
    return this.hasGap || (this.position !== undefined && this.#buffer.length > 0);
  }

  /** Handles a message that arrived. */
  receive(message: PlacedMessage): void {
    if (this.#isDelivered(message)) {
      if (isAtOrBefore(message, this.#unordered)) this.#deliver(message);
      return;
    }
    this.#buffer.push(message);
    if (this.#buffer.length > MAX_BUFFERED) {
      this.hasGap = true;
      this.#buffer = [];
    }
    this.deliverReady();
  }

  /** Delivers the next messages in order, as far as they have arrived. */
  deliverReady(): void {
    if (!this.position) return;
    const { epoch } = this.position;
    // Messages of another history wait until the server has sent the current epoch.
    const foreign = this.#buffer.filter((message) => message.epoch !== epoch);
    const own = this.#buffer.filter((message) => message.epoch === epoch).sort(byOffset);
    while (own[0] && own[0].offset <= this.position.offset + 1) this.#deliverNext(own.shift()!);
    this.#buffer = [...own, ...foreign];
  }

  /**
   * Applies the server's answer for the channel.
   * @param isCovered whether another subscription also receives messages of this channel
   */
  apply({ position, messages = [], recovered, more, pendingMs }: HistoryUpdate, isCovered: boolean): void {
    if (position && !this.#isDelivered(position)) {
      const isFresh = recovered === undefined && !this.position;
      if (isFresh || recovered === false) this.#restartAt(position, messages, isCovered);
      // The request had no position, so the reply does not start at the client's position, which it has by now.
      else if (recovered === undefined) this.hasGap = true;
      else {
        for (const message of messages) this.#deliverNext({ ...message, channel: this.channel, epoch: position.epoch });
        this.position = positionOf(position);
      }
    }
    if (position && position.epoch === this.position?.epoch) this.#resolveForeign(isCovered);
    if (more || pendingMs) this.hasGap = true;
    this.deliverReady();
  }

  /** Continues after the missing messages, because they are lost. */
  skipGap(): void {
    const [first] = this.#buffer;
    if (first) this.position = { epoch: first.epoch, offset: first.offset - 1 };
    this.deliverReady();
  }

  /** Delivers the buffered messages as they arrived, because the missing ones will not arrive. */
  flushBuffer(): void {
    const waiting = this.#buffer;
    this.#buffer = [];
    for (const message of waiting) this.#deliver(message);
  }

  /**
   * Stops waiting and requesting, because the transport is gone. The next subscription recovers the missed messages.
   */
  stop(): void {
    this.cancelWait?.();
    this.cancelWait = undefined;
    this.isRequestPending = this.isSubscribing = false;
  }

  /**
   * Starts again at a position. Buffered messages up to it are delivered first. A new subscription drops them if no other
   * one covers the channel. It is promised only messages after the position, and these would have gaps.
   */
  #restartAt(position: Position, messages: NonNullable<Replay["messages"]>, isCovered: boolean): void {
    const { epoch } = position;
    const isPassed = (message: PlacedMessage): boolean => message.epoch !== epoch || isAtOrBefore(message, position);
    const given = messages.map((message) => ({ ...message, channel: this.channel, epoch }));
    const passed = isCovered || this.position ? this.#buffer.filter(isPassed) : [];
    this.#buffer = this.#buffer.filter((message) => !isPassed(message));
    for (const message of [...passed, ...given].sort(byOffset)) this.#deliver(message);
    this.position = positionOf(position);
    this.#unordered = isCovered ? positionOf(position) : undefined;
  }

  /**
   * Removes buffered messages of other histories, because the server has sent the current epoch. They are old, and are
   * delivered only if another subscription also receives the channel's messages.
   */
  #resolveForeign(isCovered: boolean): void {
    const { epoch } = this.position!;
    const foreign = this.#buffer.filter((message) => message.epoch !== epoch);
    this.#buffer = this.#buffer.filter((message) => message.epoch === epoch);
    if (isCovered) for (const message of foreign) this.#deliver(message);
  }

  /** Delivers the message that comes next. */
  #deliverNext(message: PlacedMessage): void {
    if (this.#isDelivered(message)) return;
    this.position = positionOf(message);
    this.#deliver(message);
  }

  /** Whether the message at a position was delivered or skipped. */
  #isDelivered(position: Position): boolean {
    return isAtOrBefore(position, this.position);
  }
}

const byOffset = (one: Position, other: Position): number => one.offset - other.offset;

/** Whether `position` is at or before `other`, in the same history. */
export const isAtOrBefore = (position: Position, other: Position | undefined): boolean =>
  position.epoch === other?.epoch && position.offset <= other.offset;
