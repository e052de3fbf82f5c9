import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import { performance } from "node:perf_hooks";

/** A request of `fetch`, as its channels tell it. */
interface FetchRequest {
  /** Such as `http://127.0.0.1:49152`. */
  origin: string | URL;
}

/**
 * Measures how long a function does nothing but wait, while no call of a service that is served here is under way: for
 * timers, for its threads, for anybody else's answer. Only that is real time; what calls take is declared.
 */
export class Waits {
  #services: ReadonlySet<string> = new Set();
  readonly #calls = new Set<object>();
  #waitedMs = 0;
  /** How idle the event loop had been when the last call ended. */
  #idleSince = 0;

  constructor() {
    subscribe("http.client.request.start", (message) => {
      const { request } = message as { request: ClientRequest };
      if (!this.#services.has(String(request.getHeader("host")))) return;
      this.#begin(request);
      request.once("close", () => this.#end(request));
    });
    subscribe("undici:request:create", (message) => {
      const { request } = message as { request: FetchRequest };
      if (this.#services.has(new URL(request.origin).host)) this.#begin(request);
    });
    for (const ended of ["undici:request:trailers", "undici:request:error"]) {
      subscribe(ended, (message) => this.#end((message as { request: FetchRequest }).request));
    }
  }

  /**
   * An invocation begins.
   * @param services hosts of the services that are served here
   */
  start(services: string[]): void {
    this.#services = new Set(services);
    this.#calls.clear();
    this.#waitedMs = 0;
    this.#idleSince = idleMs();
  }

  /** The invocation is over: how long it has waited, in milliseconds. */
  stop(): number {
    if (this.#calls.size === 0) this.#waitedMs += idleMs() - this.#idleSince;
    return this.#waitedMs;
  }

  #begin(call: object): void {
    if (this.#calls.size === 0) this.#waitedMs += idleMs() - this.#idleSince;
    this.#calls.add(call);
  }

  #end(call: object): void {
    if (this.#calls.delete(call) && this.#calls.size === 0) this.#idleSince = idleMs();
  }
}

/** How long this thread's event loop has had nothing to do, in milliseconds. */
const idleMs = (): number => performance.eventLoopUtilization().idle;
