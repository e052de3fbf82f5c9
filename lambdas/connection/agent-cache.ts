import { expiryOf, type ConnectionRecord } from "./agent.js";
import type { Clock, Store } from "../ports.js";

/** How long a Lambda caches an agent, in seconds; see docs/PROTOCOL.md, "Caching". */
export const AGENT_CACHE_SECONDS = 60;

/** Maximum number of agents that one environment caches. */
const AGENT_CACHE_ENTRIES = 1_000;

/** Caches agents by connection id for `AGENT_CACHE_SECONDS`. Denied or unknown connections are not cached. */
export class AgentCache {
  readonly #cached = new Map<string, { record: ConnectionRecord; until: number }>();
  readonly #store: Pick<Store, "connectionRecord">;
  readonly #clock: Pick<Clock, "now">;

  constructor(store: Pick<Store, "connectionRecord">, clock: Pick<Clock, "now">) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The record of a connection, at most `AGENT_CACHE_SECONDS` old. */
  async connectionRecord(connectionId: string): Promise<ConnectionRecord> {
    const cached = this.#cached.get(connectionId);
    if (cached && cached.until > this.#clock.now()) return cached.record;
    return this.refresh(connectionId);
  }

  /** The record of a connection as it is stored now. */
  async refresh(connectionId: string): Promise<ConnectionRecord> {
    const record = await this.#store.connectionRecord(connectionId);
    this.#cached.delete(connectionId);
    if (record && "agent" in record) {
      const oldest = this.#cached.keys().next();
      if (this.#cached.size >= AGENT_CACHE_ENTRIES && !oldest.done) this.#cached.delete(oldest.value);
      const { connectedAt, expiresAt = Infinity } = record.agent;
      // After `expiresAt` the agent may have been renewed, which only the table shows.
      const until = Math.min(this.#clock.now() + AGENT_CACHE_SECONDS * 1000, expiryOf(connectedAt) * 1000, expiresAt);
      this.#cached.set(connectionId, { record, until });
    }
    return record;
  }
}
