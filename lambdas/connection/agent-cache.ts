import { expiryOf, type ConnectionRecord } from "./agent.js";
import type { Clock, Store } from "../ports.js";

/** How long a Lambda caches an agent, in seconds; see docs/PROTOCOL.md, "Caching". */
export const AGENT_CACHE_SECONDS = 60;

/** Maximum number of agents that one environment caches. */
const AGENT_CACHE_ENTRIES = 1_000;

/** Caches agents by connection id for `AGENT_CACHE_SECONDS`. Denied or unknown connections are not cached. */
export class AgentCache {
  readonly #known = new Map<string, { standing: ConnectionRecord; until: number }>();
  readonly #store: Pick<Store, "connectionRecord">;
  readonly #clock: Pick<Clock, "now">;

  constructor(store: Pick<Store, "connectionRecord">, clock: Pick<Clock, "now">) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The record of a connection, at most `AGENT_CACHE_SECONDS` old. */
  async connectionRecord(connectionId: string): Promise<ConnectionRecord> {
    const known = this.#known.get(connectionId);
    if (known && known.until > this.#clock.now()) return known.standing;
    return this.refresh(connectionId);
  }

  /** The record of a connection as it is stored now. */
  async refresh(connectionId: string): Promise<ConnectionRecord> {
    const standing = await this.#store.connectionRecord(connectionId);
    this.#known.delete(connectionId);
    if (standing && "agent" in standing) {
      const oldest = this.#known.keys().next();
      if (this.#known.size >= AGENT_CACHE_ENTRIES && !oldest.done) this.#known.delete(oldest.value);
      const { connectedAt, expiresAt = Infinity } = standing.agent;
      // After `expiresAt` the agent may have been renewed, which only the table shows.
      const until = Math.min(this.#clock.now() + AGENT_CACHE_SECONDS * 1000, expiryOf(connectedAt) * 1000, expiresAt);
      this.#known.set(connectionId, { standing, until });
    }
    return standing;
  }
}
