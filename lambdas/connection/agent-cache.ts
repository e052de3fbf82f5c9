import { expiryOf, type ConnectionRecord } from "./agent.js";
import type { Clock, Store } from "../ports.js";

/** How long a Lambda caches an agent, in seconds; see docs/PROTOCOL.md, "Caching". */
export const AGENT_CACHE_SECONDS = 60;

/** Most agents that one environment remembers. */
const AGENT_CACHE_ENTRIES = 1_000;

/** Knows connections: reads each agent once and remembers it for a while. Denials and strangers are never remembered. */
export class AgentCache {
  readonly #known = new Map<string, { standing: ConnectionRecord; until: number }>();
  readonly #store: Pick<Store, "connectionRecord">;
  readonly #clock: Pick<Clock, "now">;

  constructor(store: Pick<Store, "connectionRecord">, clock: Pick<Clock, "now">) {
    this.#store = store;
    this.#clock = clock;
  }

  /** What is known of a connection, at most `AGENT_CACHE_SECONDS` old. */
  async connectionRecord(connectionId: string): Promise<ConnectionRecord> {
    const known = this.#known.get(connectionId);
    if (known && known.until > this.#clock.now()) return known.standing;
    return this.refresh(connectionId);
  }

  /** What is known of a connection now. */
  async refresh(connectionId: string): Promise<ConnectionRecord> {
    const standing = await this.#store.connectionRecord(connectionId);
    this.#known.delete(connectionId);
    if (standing && "agent" in standing) {
      const oldest = this.#known.keys().next();
      if (this.#known.size >= AGENT_CACHE_ENTRIES && !oldest.done) this.#known.delete(oldest.value);
      const { connectedAt, expiresAt = Infinity } = standing.agent;
      // From `expiresAt` on it may have been renewed, which only the table knows.
      const until = Math.min(this.#clock.now() + AGENT_CACHE_SECONDS * 1000, expiryOf(connectedAt) * 1000, expiresAt);
      this.#known.set(connectionId, { standing, until });
    }
    return standing;
  }
}
