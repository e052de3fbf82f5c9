import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";
import { performance } from "node:perf_hooks";
import type { HttpCall as PoolCall } from "../../../../lambdas/aws/http/http-pool.js";
import { type EndCall, CallTimeline } from "../timeline.js";
import { BILLED_HEADER, type TimeSpent } from "../messages.js";

/** A request of `node:http`, as Node's diagnostics channels report it. */
interface HttpCall {
  request: ClientRequest;
  response?: IncomingMessage;
}

/** A request of `fetch`, as Node's diagnostics channels report it. */
interface FetchCall {
  request: { origin: string | URL };
  /** Names and values in turn. */
  response?: { headers: Buffer[] };
}

/**
 * Measures an invocation inside the function's process, because only this process knows which calls run concurrently.
 * Calls of local services take their declared time. Other waiting time (timers, threads, other servers) counts as real
 * time while no such call is running.
 */
export class Stopwatch {
  #services: Record<string, number> = {};
  #timeline = new CallTimeline();
  #declaredMs = 0;
  #waitedMs = 0;
  /** How idle the event loop had been when the last call ended. */
  #idleSince = 0;
  /** Calls without a response, and calls whose response is incomplete. */
  readonly #ends = new Map<object, EndCall>();
  readonly #underWay = new Set<object>();

  constructor() {
    subscribe("http.client.request.start", (message) => {
      const { request } = message as HttpCall;
      if (this.#begin(request, hostOf(request))) request.once("close", () => this.#close(request));
    });
    subscribe("http.client.response.finish", (message) => {
      const { request, response } = message as HttpCall;
      this.#answer(request, response?.headers[BILLED_HEADER]);
    });
    // The functions' own client.
    subscribe("push-it:http:start", (message) => {
      const { request, host } = message as PoolCall;
      this.#begin(request, host);
    });
    subscribe("push-it:http:end", (message) => {
      const { request, answer } = message as PoolCall;
      this.#answer(request, answer?.headers[BILLED_HEADER]);
      this.#close(request);
    });
    subscribe("undici:client:sendHeaders", (message) => {
      const { request } = message as FetchCall;
      this.#begin(request, new URL(request.origin).host);
    });
    subscribe("undici:request:headers", (message) => {
      const { request, response } = message as FetchCall;
      const headers = response?.headers.map(String) ?? [];
      this.#answer(request, headers[headers.indexOf(BILLED_HEADER) + 1]);
    });
    for (const closed of ["undici:request:trailers", "undici:request:error"]) {
      subscribe(closed, (message) => this.#close((message as FetchCall).request));
    }
  }

  /**
   * An invocation begins.
   * @param services the declared duration of calls by host, in milliseconds
   */
  start(services: Record<string, number>): void {
    this.#services = services;
    this.#timeline = new CallTimeline();
    this.#ends.clear();
    this.#underWay.clear();
    this.#declaredMs = this.#waitedMs = 0;
    this.#idleSince = idleMs();
  }

  /** The invocation is over. */
  stop(): TimeSpent {
    this.#wait();
    return { callsMs: this.#timeline.ms, waitedMs: this.#waitedMs, declaredMs: this.#declaredMs };
  }

  #begin(call: object, host: string): boolean {
    const ms = this.#services[host];
    if (ms === undefined) return false;
    this.#wait();
    this.#underWay.add(call);
    this.#ends.set(call, this.#timeline.begin(ms));
    this.#declaredMs += ms;
    return true;
  }

  /** Before the function can know of it, and make its next call. */
  #answer(call: object, billedMs: unknown): void {
    const more = Number(billedMs);
    this.#ends.get(call)?.(more > 0 ? more : 0);
    this.#ends.delete(call);
  }

  #close(call: object): void {
    this.#answer(call, undefined);
    if (this.#underWay.delete(call)) this.#idleSince = idleMs();
  }

  /** Adds the waiting time up to now, if no call is running. */
  #wait(): void {
    if (this.#underWay.size === 0) this.#waitedMs += idleMs() - this.#idleSince;
  }
}

/** The host of a request. Headers that were given as a list are only in the raw header. */
const hostOf = (request: ClientRequest & { _header?: string | null }): string =>
  String(request.getHeader("host") ?? /^host: *(.*)$/im.exec(request._header ?? "")?.[1]);

/** The idle time of this thread's event loop, in milliseconds. */
const idleMs = (): number => performance.eventLoopUtilization().idle;
