import type { Message } from "../../../protocol/frames.js";
import type { Position, Replay } from "../../../protocol/history.js";
import type { RequestCode } from "../errors.js";

/** Most messages of one channel that wait for one before them. More are dropped, and asked for again. */
const MAX_BUFFERED = 500;

/** A message with its place in a history. Without a uuid it says that this client does not get the message there. */
export type PlacedMessage = Message & Position;

/** The server's answer for one channel: a replay, or the reason why there is none. */
export interface HistoryUpdate extends Pick<Replay, "messages" | "more" | "pendingMs" | "recovered"> {
  position?: Position | undefined;
  code?: RequestCode | undefined;
}

/** Whether a value is a position. What an application has stored may be anything. */
export const isPosition = (value: unknown): value is Position => {
  const { epoch, offset } = (value ?? {}) as Partial<Position>;
  return typeof epoch === "string" && Number.isInteger(offset) && offset! >= 0;
};

/** The position of a message, and nothing else. */
export const positionOf = ({ epoch, offset }: Position): Position => ({ epoch, offset });

/**
 * Where the application is on one channel with history: it delivers the channel's messages in order, each once, and knows
 * what is missing. It sends nothing itself.
 */
export class ChannelRecovery {
  readonly channel: string;
  /** Everything up to here was delivered. Undefined: not known yet, or the channel has no history. */
  position: Position | undefined;
  /** Whether the server has said that the channel has history. */
  hasHistory = false;
  /** A subscription is under way: its reply says from where on everything arrives. */
  isSubscribing = false;
  /** Something is known to follow that is not here. */
  hasGap = false;
  /** The server is asked for what is missing. */
  isRequestPending = false;
  /** Stops the wait before the server is asked. */
  cancelWait: (() => void) | undefined;
  /**
   * Up to here messages arrive out of order by another subscription, a wildcard for example: each is delivered when it
   * comes, though the position is behind it.
   */
  #unordered: Position | undefined;
  /** What has arrived before what comes next. */
  #buffer: PlacedMessage[] = [];
  readonly #deliver: (message: Message) => void;

  /** @param deliver delivers a message, unless it has been delivered before */
  constructor(channel: string, deliver: (message: Message) => void) {
    this.channel = channel;
    this.#deliver = deliver;
  }

  /** Whether something is missing. */
  get isIncomplete(): boolean {
    return this.hasGap || (this.position !== undefined && this.#buffer.length > 0);
  }

  /** A message arrived. */
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

  /** Delivers what comes next, as far as it is here. */
  deliverReady(): void {
    if (!this.position) return;
    const { epoch } = this.position;
    // Those of another history wait until the server has said which one counts.
    const foreign = this.#buffer.filter((message) => message.epoch !== epoch);
    const own = this.#buffer.filter((message) => message.epoch === epoch).sort(byOffset);
    while (own[0] && own[0].offset <= this.position.offset + 1) this.#deliverNext(own.shift()!);
    this.#buffer = [...own, ...foreign];
  }

  /**
   * Takes what the server says of the channel.
   * @param isCovered whether another subscription brings messages of this channel, too
   */
  apply({ position, messages = [], recovered, more, pendingMs }: HistoryUpdate, isCovered: boolean): void {
    if (position && !this.#isDelivered(position)) {
      const isFresh = recovered === undefined && !this.position;
      if (isFresh || recovered === false) this.#restartAt(position, messages, isCovered);
      // It does not begin where the client is, which was not known when it was asked.
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

  /** Goes on behind what is missing: nobody will give it. */
  skipGap(): void {
    const [first] = this.#buffer;
    if (first) this.position = { epoch: first.epoch, offset: first.offset - 1 };
    this.deliverReady();
  }

  /** Delivers what waits, as it came: nothing will come to put it in order. */
  flushBuffer(): void {
    const waiting = this.#buffer;
    this.#buffer = [];
    for (const message of waiting) this.#deliver(message);
  }

  /** Stops waiting and asking: the transport is gone, and the next subscription says what was missed. */
  stop(): void {
    this.cancelWait?.();
    this.cancelWait = undefined;
    this.isRequestPending = this.isSubscribing = false;
  }

  /**
   * Begins anew at a position. What has arrived and is not behind it is delivered first, but not to a fresh subscription
   * that nothing else covers: it is promised what comes behind the position, and would get others with holes in between.
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

  /** The server has said which history counts: what waits of another one is old, and only another subscription promises it. */
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

  /** Whether what is at a position was delivered, or passed over. */
  #isDelivered(position: Position): boolean {
    return isAtOrBefore(position, this.position);
  }
}

const byOffset = (one: Position, other: Position): number => one.offset - other.offset;

/** Whether `position` is not behind `other`, in the same history. */
const isAtOrBefore = (position: Position, other: Position | undefined): boolean =>
  position.epoch === other?.epoch && position.offset <= other.offset;
