import type { Duplex } from "node:stream";
import type { Connection } from "./connection.js";

/** The open connections by id. */
export class Registry {
  readonly #connections = new Map<string, Connection>();
  #drained: (() => void) | undefined;
  /** The sockets of handshakes that wait for `$connect`. */
  readonly pending = new Set<Duplex>();
  /** How many messages are at their functions. */
  messages = 0;

  /** All connections whose socket is not closed. */
  all(): Iterable<Connection> {
    return this.#connections.values();
  }

  /** The connection, or `undefined` when it is not open: not yet, or not any more. */
  get(id: string): Connection | undefined {
    const connection = this.#connections.get(id);
    return connection?.open ? connection : undefined;
  }

  add(connection: Connection): void {
    this.#connections.set(connection.facts.id, connection);
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection.facts.id);
    if (this.#connections.size === 0) this.#drained?.();
  }

  /** Resolves when no socket is left. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
      if (this.#connections.size === 0) resolve();
    });
  }
}
