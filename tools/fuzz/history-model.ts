import type { Json, Position } from "../../protocol/index.js";

/** A message at a known offset, as it was published. */
export interface KnownMessage {
  uuid: string;
  data: string;
  /** When the server accepted it; left out: not known. */
  at?: number;
  /** The tick since which it is known. */
  tick: number;
}

/** A message as an answer or a delivery has it. */
export type HistoryContent = { uuid: string; data: Json; at?: number };

/** The known history of one channel. */
export interface ChannelHistory {
  epoch?: string;
  readonly offsets: Map<number, KnownMessage>;
  /** The largest offset that may exist. */
  maxOffset: number;
  /** The tick of the last publication; `Infinity`: its end is unknown. */
  lastPublishedTick: number;
}

/** How often the server moves a message to a later offset before it answers `channel_busy`. */
const MAX_MOVES = 6;

const isOffset = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Models the histories of channels from all answers and messages. Known facts never change. */
export class HistoryModel {
  readonly #channels = new Map<string, ChannelHistory>();

  /** The known history of a channel. */
  of(channel: string): ChannelHistory {
    const history = this.#channels.get(channel) ?? { offsets: new Map(), maxOffset: 0, lastPublishedTick: -1 };
    this.#channels.set(channel, history);
    return history;
  }

  /** The epoch of a channel, if known. */
  epochOf(channel: string): string | undefined {
    return this.#channels.get(channel)?.epoch;
  }

  /**
   * Records a publication before it is sent. It takes an offset, even if it is a repetition.
   * @param moves whether the uuid is in flight more than once, so that the server may move it to later offsets
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

  /** The error in a position; `undefined`: none. */
  checkPosition(channel: string, value: unknown): string | undefined {
    const { epoch, offset } = (value ?? {}) as Partial<Position>;
    const history = this.of(channel);
    if (typeof epoch !== "string" || !isOffset(offset)) return "an invalid position";
    if (epoch !== (history.epoch ?? epoch)) return "another epoch than before";
    return offset > history.maxOffset ? "an offset that is too large" : undefined;
  }

  /** The error in a message at a position; `undefined`: none. */
  checkMessage(channel: string, position: Position, { uuid, data, at }: HistoryContent): string | undefined {
    const fault = this.checkPosition(channel, position);
    if (fault !== undefined || position.offset === 0) return fault ?? "a message at offset 0";
    const known = this.of(channel).offsets.get(position.offset);
    if (!known) return undefined;
    if (known.at !== undefined && at !== undefined && known.at !== at)
      return "another time of the message at this offset than before";
    return known.uuid !== uuid || known.data !== JSON.stringify(data)
      ? "another message at this offset than before"
      : undefined;
  }

  /** Records a position, and the message there if known. */
  record(channel: string, { epoch, offset }: Position, tick: number, message?: HistoryContent): void {
    const history = this.of(channel);
    history.epoch ??= epoch;
    if (!message) return;
    const { uuid, data, at } = message;
    const known = history.offsets.get(offset) ?? { uuid, data: JSON.stringify(data), tick };
    history.offsets.set(offset, at === undefined ? known : { ...known, at });
  }
}
