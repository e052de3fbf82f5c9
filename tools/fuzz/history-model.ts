import type { Json, Position } from "../../protocol/index.js";

/** A message that is known to be at an offset, as it was published. */
export interface KnownMessage {
  uuid: string;
  data: string;
  /** Since when that is known, in the ledger's ticks. */
  tick: number;
}

/** What is known of one channel's history. */
export interface ChannelHistory {
  epoch?: string;
  readonly offsets: Map<number, KnownMessage>;
  /** How many offsets may have been taken. */
  maxOffset: number;
  /** When somebody last published here, in ticks; `Infinity`: so that nobody knows when it was done. */
  lastPublishedTick: number;
}

/** How often the server moves a message to a later offset before it answers `channel_busy`. */
const MAX_MOVES = 6;

const isOffset = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** What is known of channels' histories, from all that was told of them: none of it may ever change. */
export class HistoryModel {
  readonly #channels = new Map<string, ChannelHistory>();

  /** What is known of a channel's history. */
  of(channel: string): ChannelHistory {
    const history = this.#channels.get(channel) ?? { offsets: new Map(), maxOffset: 0, lastPublishedTick: -1 };
    this.#channels.set(channel, history);
    return history;
  }

  /** The epoch of a channel's history, if it has been told. */
  epochOf(channel: string): string | undefined {
    return this.#channels.get(channel)?.epoch;
  }

  /**
   * A publication is about to be sent: it takes an offset, also if it turns out to be a repetition.
   * @param moves it is published more often than once, at once: each time the server may move it to later offsets
   */
  expectPublication(
    channel: string,
    tick: number,
    { answered, moves = false }: { answered: boolean; moves?: boolean },
  ): void {
    const history = this.of(channel);
    history.maxOffset += moves ? 1 + MAX_MOVES : 1;
    history.lastPublishedTick = Math.max(history.lastPublishedTick, answered ? tick : Infinity);
  }

  /** What is wrong with a position, as one that there is. */
  checkPosition(channel: string, value: unknown): string | undefined {
    const { epoch, offset } = (value ?? {}) as Partial<Position>;
    const history = this.of(channel);
    if (typeof epoch !== "string" || !isOffset(offset)) return "what is no position";
    if (epoch !== (history.epoch ?? epoch)) return "another epoch than before";
    return offset > history.maxOffset ? "an offset that nobody can have taken" : undefined;
  }

  /** What is wrong with a message at a position, which is believed otherwise. */
  checkMessage(channel: string, position: Position, { uuid, data }: { uuid: string; data: Json }): string | undefined {
    const fault = this.checkPosition(channel, position);
    if (fault !== undefined || position.offset === 0) return fault ?? "a message at no offset";
    const known = this.of(channel).offsets.get(position.offset);
    return known && (known.uuid !== uuid || known.data !== JSON.stringify(data))
      ? "another message at this offset than before"
      : undefined;
  }

  /** Notes what was told. */
  record(channel: string, { epoch, offset }: Position, tick: number, message?: { uuid: string; data: Json }): void {
    const history = this.of(channel);
    history.epoch ??= epoch;
    if (message && !history.offsets.has(offset))
      history.offsets.set(offset, { uuid: message.uuid, data: JSON.stringify(message.data), tick });
  }
}
