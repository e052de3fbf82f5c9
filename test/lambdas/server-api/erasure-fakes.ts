import type { HistorySettings } from "../../../protocol/channel-settings.js";
import type { ChannelPosition, Erasure } from "../../../lambdas/server-api/erasure.js";
import type { Clock } from "../../../lambdas/ports.js";
import type { MemoryLatest } from "../support/channel-fakes.js";
import type { MemoryHistories } from "../history/history-fakes.js";

/** Deletes the rows of `MemoryHistories` and `MemoryLatest`. A page has one row. */
export class MemoryErasure implements Erasure {
  readonly #leftovers = new Map<string, Set<string>>();

  constructor(
    private readonly histories: MemoryHistories,
    private readonly latest: MemoryLatest,
    private readonly clock: Pick<Clock, "now">,
  ) {}

  async deleteMessage({ channel, epoch, offset }: ChannelPosition): Promise<string | undefined> {
    const rows = this.histories.rowsOf(channel, epoch);
    const { message, deleted = message?.uuid, ...row } = rows.get(offset) ?? { offset, at: 0 };
    if (deleted !== undefined) rows.set(offset, { ...row, deleted });
    return deleted;
  }

  async disown({ channel, epoch, offset }: ChannelPosition): Promise<void> {
    const rows = this.histories.rowsOf(channel, epoch);
    const { userId: _, ...row } = rows.get(offset)!;
    rows.set(offset, row);
  }

  async restart(channel: string, newEpoch: string, _keep: HistorySettings): Promise<void> {
    const head = this.histories.heads_.get(channel);
    if (!head) return;
    this.#leftovers.set(channel, (this.#leftovers.get(channel) ?? new Set()).add(head.epoch));
    this.histories.heads_.set(channel, { epoch: newEpoch, offset: 0, at: this.clock.now(), begun: this.clock.now() });
  }

  async leftovers(channel: string): Promise<{ epochs: string[]; since: number }> {
    return { epochs: [...(this.#leftovers.get(channel) ?? [])], since: this.histories.heads_.get(channel)?.begun ?? 0 };
  }

  async deleteRows(
    channel: string,
    epoch: string,
    hasTime: () => boolean,
  ): Promise<{ deleted: number; isWhole: boolean }> {
    const rows = this.histories.rowsOf(channel, epoch);
    let deleted = 0;
    for (const [offset, { message }] of [...rows]) {
      rows.delete(offset);
      if (message) deleted += 1;
      if (!hasTime()) break;
    }
    if (rows.size === 0) this.#leftovers.get(channel)?.delete(epoch);
    return { deleted, isWhole: rows.size === 0 };
  }

  async deleteLatest(channel: string, userId?: string): Promise<void> {
    if (userId === undefined || this.latest.kept.get(channel)?.from?.userId === userId)
      this.latest.kept.delete(channel);
  }

  async publishedBy(
    userId: string,
    after = "0",
  ): Promise<{ found: ChannelPosition[]; latest: string[]; after?: string }> {
    const all = [...this.histories.rows_].flatMap(([key, rows]) => [...rows.values()].map((row) => ({ key, row })));
    const at = Number(after);
    const { key, row } = all[at] ?? { key: "#", row: undefined };
    const [channel = "", epoch = ""] = key.split("#");
    const found = row?.userId === userId ? [{ channel, epoch, offset: row.offset }] : [];
    const latest = [...this.latest.kept.values()].filter(({ from }) => at === 0 && from?.userId === userId);
    return { found, latest: latest.map((one) => one.channel), ...(at + 1 < all.length && { after: String(at + 1) }) };
  }
}
