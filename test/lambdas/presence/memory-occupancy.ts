import type { Occupancy, OccupiedChannel } from "../../../lambdas/presence/occupancy.js";

/** The occupied channels, in memory, with hooks to interleave or to fail. */
export class MemoryOccupancy implements Occupancy {
  readonly rows = new Map<string, OccupiedChannel>();
  /** Runs before a method does its work. */
  before: (step: keyof Occupancy) => unknown = () => undefined;

  async #put(
    step: keyof Occupancy,
    channel: string,
    now: number,
    change: (row: OccupiedChannel) => OccupiedChannel | false,
  ): Promise<boolean> {
    await this.before(step);
    const changed = change(
      this.rows.get(channel) ?? {
        channel,
        occupied: false,
        since: now,
        runExpectedUntil: 0,
        wakeUpAt: 0,
        isStale: false,
      },
    );
    if (changed) this.rows.set(channel, changed);
    return Boolean(changed);
  }

  async read(channel: string): Promise<OccupiedChannel | undefined> {
    await this.before("read");
    return this.rows.get(channel);
  }

  async ensure(channel: string, now: number): Promise<void> {
    await this.#put("ensure", channel, now, (row) => ({ ...row, since: now, isStale: false }));
  }

  scheduleRun(channel: string, now: number, runExpectedUntil: number): Promise<boolean> {
    return this.#put(
      "scheduleRun",
      channel,
      now,
      (row) => row.runExpectedUntil <= now && { ...row, runExpectedUntil: runExpectedUntil },
    );
  }

  scheduleWakeUp(channel: string, now: number, wakeUpAt: number): Promise<boolean> {
    return this.#put("scheduleWakeUp", channel, now, (row) => row.wakeUpAt <= now && { ...row, wakeUpAt });
  }

  async startRun(channel: string): Promise<OccupiedChannel | undefined> {
    await this.before("startRun");
    const row = this.rows.get(channel);
    if (row) this.rows.set(channel, { ...row, runExpectedUntil: 0 });
    return row;
  }

  occupy(channel: string, now: number): Promise<boolean> {
    return this.#put("occupy", channel, now, (row) => !row.occupied && { ...row, occupied: true, since: now });
  }

  vacate(channel: string, now: number): Promise<boolean> {
    return this.#put("vacate", channel, now, (row) => row.occupied && { ...row, occupied: false, since: now });
  }

  async setCount(channel: string, count: number): Promise<void> {
    await this.#put("setCount", channel, 0, (row) => ({ ...row, count }));
  }

  async remove({ channel, since }: OccupiedChannel): Promise<void> {
    await this.before("remove");
    const row = this.rows.get(channel);
    if (row && !row.occupied && row.since === since) this.rows.delete(channel);
  }

  async *all(): AsyncIterable<OccupiedChannel> {
    await this.before("all");
    yield* [...this.rows.values()];
  }
}
