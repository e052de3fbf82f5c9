import type { Message } from "../../../protocol/index.js";
import type { Latest, Numbered } from "../../../lambdas/publish/latest.js";
import type { Entry, Lease, LingerLog } from "../../../lambdas/linger/linger.js";
import type { Clock } from "../../../lambdas/ports.js";
import { NOW } from "./fakes.js";

/** The channels' latest messages, in memory. */
export class MemoryLatest implements Latest {
  readonly kept = new Map<string, Numbered>();
  readonly #calls: string[] | undefined;

  constructor(calls?: string[]) {
    this.#calls = calls;
  }

  async keep(last: Message, count: number): Promise<number> {
    this.#calls?.push(`keep ${last.channel}`);
    const offset = (this.kept.get(last.channel)?.offset ?? NOW) + count;
    this.kept.set(last.channel, { ...last, offset });
    return Promise.resolve(offset);
  }

  async read(channels: readonly string[]): Promise<Map<string, Numbered>> {
    this.#calls?.push(["read", ...channels].join(" "));
    return Promise.resolve(new Map([...this.kept].filter(([channel]) => channels.includes(channel))));
  }
}

/** The logs of channels that linger, and their leases, in memory, with hooks to interleave or to fail. */
export class MemoryLingering implements LingerLog {
  readonly log = new Map<string, Entry>();
  readonly leases = new Map<string, Lease>();
  /** The number of entries that one call appends before it fails. */
  appends = Infinity;
  /** Runs before a method does its work. */
  before: (step: keyof LingerLog) => unknown = () => undefined;
  readonly #clock: Pick<Clock, "now">;
  readonly #calls: string[] | undefined;

  constructor(clock: Pick<Clock, "now">, calls?: string[]) {
    this.#clock = clock;
    this.#calls = calls;
  }

  async #step(name: keyof LingerLog): Promise<void> {
    this.#calls?.push(name);
    await this.before(name);
  }

  async append(entries: readonly Entry[]): Promise<void> {
    await this.#step("append");
    for (const [at, entry] of entries.entries()) {
      if (at === this.appends) throw new Error("the table is away");
      this.log.set(`${entry.message.channel} ${entry.id}`, entry);
    }
  }

  async waiting(channel: string): Promise<{ entries: Entry[]; more: boolean }> {
    await this.#step("waiting");
    const entries = [...this.log.values()].filter(({ message }) => message.channel === channel);
    return { entries: entries.sort((a, b) => (a.id < b.id ? -1 : 1)), more: false };
  }

  async remove(entries: readonly Entry[]): Promise<void> {
    await this.#step("remove");
    for (const entry of entries) this.log.delete(`${entry.message.channel} ${entry.id}`);
  }

  async heldUntil(channel: string): Promise<number | undefined> {
    await this.#step("heldUntil");
    return this.leases.get(channel)?.until;
  }

  async acquireLease(lease: Lease, previous = lease.owner): Promise<boolean> {
    await this.#step("acquireLease");
    const present = this.leases.get(lease.channel);
    if (present && present.owner !== previous && present.until > this.#clock.now()) return false;
    this.leases.set(lease.channel, lease);
    return true;
  }

  async releaseLease(channel: string, owner: string): Promise<void> {
    await this.#step("releaseLease");
    if (this.leases.get(channel)?.owner === owner) this.leases.set(channel, { channel, owner, until: 0 });
  }

  async deleteLease(channel: string, owner: string): Promise<void> {
    await this.#step("deleteLease");
    const present = this.leases.get(channel);
    if (present?.owner === owner && present.until === 0) this.leases.delete(channel);
  }

  async *expiredLeases(): AsyncIterable<string> {
    await this.#step("expiredLeases");
    for (const { channel, until } of [...this.leases.values()]) if (until <= this.#clock.now()) yield channel;
  }
}
