import { HISTORY_MARGIN_SECONDS } from "../../../protocol/deployment.js";
import type { HistorySettings } from "../../../protocol/channel-settings.js";
import {
  ChannelBusy,
  type DedupeRecord,
  type DedupeKey,
  type StreamHead,
  type Histories,
  type HistoryRow,
} from "../../../lambdas/history/history.js";
import type { Clock } from "../../../lambdas/ports.js";
import type { MemoryStore } from "../support/memory-store.js";

/** A step at which a writer or a reader can die or wait, or find the channel busy. */
export type Step = keyof Histories;

/** The histories of channels, in memory, with hooks to interleave or to fail. Rows stay when their time is over. */
export class MemoryHistories implements Histories {
  readonly heads_ = new Map<string, StreamHead>();
  readonly claims = new Map<string, DedupeRecord & { until: number }>();
  readonly rows_ = new Map<string, Map<number, HistoryRow>>();
  /** Runs before a method does its work, and after it. */
  before: (step: Step) => unknown = () => undefined;
  after: (step: Step) => unknown = () => undefined;
  readonly #clock: Pick<Clock, "now">;
  readonly #dedupeSeconds: number;
  readonly #store: MemoryStore;

  constructor(clock: Pick<Clock, "now">, dedupeSeconds: number, store: MemoryStore) {
    this.#clock = clock;
    this.#dedupeSeconds = dedupeSeconds;
    this.#store = store;
  }

  async #step<T>(name: Step, work: () => T): Promise<T> {
    this.#store.calls.push(name);
    await this.before(name);
    const result = work();
    await this.after(name);
    return result;
  }

  reserveOffsets(channel: string, count: number, newEpoch: string, _keep: HistorySettings): Promise<StreamHead> {
    return this.#step("reserveOffsets", () => {
      const now = this.#clock.now();
      const { epoch, offset, begun } = this.heads_.get(channel) ?? { epoch: newEpoch, offset: 0, begun: now };
      const head = { epoch, offset: offset + count, at: now, begun };
      this.heads_.set(channel, head);
      return head;
    });
  }

  heads(channels: readonly string[]): Promise<Map<string, StreamHead>> {
    return this.#step("heads", () => new Map([...this.heads_].filter(([channel]) => channels.includes(channel))));
  }

  async headsOfSubscribed(
    connectionId: string,
    channels: readonly string[],
  ): Promise<Map<string, StreamHead | undefined>> {
    const mine = (await this.#store.connectionSubscriptions(connectionId)).channels;
    return this.#step(
      "headsOfSubscribed",
      () => new Map(channels.filter((one) => mine.includes(one)).map((one) => [one, this.heads_.get(one)])),
    );
  }

  claim(id: DedupeKey, claim: DedupeRecord): Promise<boolean> {
    return this.#step("claim", () => {
      const there = this.claims.get(keyOf(id));
      if (there && there.until > this.#clock.now() && there.epoch === claim.epoch) return false;
      this.#keep(id, claim);
      return true;
    });
  }

  claimed(id: DedupeKey): Promise<DedupeRecord | undefined> {
    return this.#step("claimed", () => this.claims.get(keyOf(id)));
  }

  reclaim(id: DedupeKey, claim: DedupeRecord, previous: DedupeRecord): Promise<boolean> {
    return this.#step("reclaim", () => {
      const there = this.claims.get(keyOf(id));
      if (there?.offset !== previous.offset || there.epoch !== previous.epoch) return false;
      this.#keep(id, claim);
      return true;
    });
  }

  put(channel: string, epoch: string, row: HistoryRow, _keep: HistorySettings): Promise<boolean> {
    return this.#step("put", () => {
      const rows = this.rowsOf(channel, epoch);
      if (rows.has(row.offset)) return false;
      rows.set(row.offset, row);
      return true;
    });
  }

  row(channel: string, epoch: string, offset: number): Promise<HistoryRow | undefined> {
    return this.#step("row", () => this.rowsOf(channel, epoch).get(offset));
  }

  rows(
    channel: string,
    epoch: string,
    from: number,
    to: number,
    limit: number,
  ): Promise<{ rows: HistoryRow[]; whole: boolean }> {
    return this.#step("rows", () => {
      const all = [...this.rowsOf(channel, epoch).values()].filter(({ offset }) => offset >= from && offset <= to);
      const rows = all.sort((a, b) => a.offset - b.offset).slice(0, limit);
      return { rows, whole: rows.length === all.length };
    });
  }

  /** The rows of a channel, by offset, of its present epoch by default. */
  rowsOf(channel: string, epoch = this.heads_.get(channel)?.epoch): Map<number, HistoryRow> {
    const key = `${channel}#${epoch}`;
    const rows = this.rows_.get(key) ?? new Map<number, HistoryRow>();
    this.rows_.set(key, rows);
    return rows;
  }

  /** Deletes rows that have expired, as DynamoDB does. */
  expire({ seconds }: HistorySettings): void {
    const now = this.#clock.now();
    for (const rows of this.rows_.values()) {
      for (const { offset, at } of [...rows.values()])
        if (at + (seconds + HISTORY_MARGIN_SECONDS) * 1000 <= now) rows.delete(offset);
    }
  }

  /** The uuids of a channel's messages by offset, with `-` for a sealed offset. */
  listOffsets(channel: string): string[] {
    const rows = [...this.rowsOf(channel).values()].sort((a, b) => a.offset - b.offset);
    return rows.map(({ offset, message }) => `${offset}:${message?.uuid ?? "-"}`);
  }

  #keep(id: DedupeKey, claim: DedupeRecord): void {
    this.claims.set(keyOf(id), { ...claim, until: this.#clock.now() + this.#dedupeSeconds * 1000 });
  }
}

/** Makes a channel busy at these steps. */
export const busyAt =
  (...steps: Step[]): ((step: Step) => void) =>
  (step) => {
    if (steps.includes(step)) throw new ChannelBusy();
  };

const keyOf = ({ channel, publisher, uuid }: DedupeKey): string => `${channel} ${publisher} ${uuid}`;
