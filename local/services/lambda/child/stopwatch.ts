import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";
import { performance } from "node:perf_hooks";
import type { HttpCall as PoolCall } from "../../../../lambdas/aws/http/http-pool.js";
import { type EndCall, CallTimeline } from "../timeline.js";
import { BILLED_HEADER, type TimeSpent } from "../messages.js";

/** What Node's channels tell of a request of `node:http`. */
interface HttpCall {
  request: ClientRequest;
  response?: IncomingMessage;
}

/** What Node's channels tell of a request of `fetch`. */
interface FetchCall {
  request: { origin: string | URL };
  /** Names and values in turn. */
  response?: { headers: Buffer[] };
}

/**
 * Measures an invocation from inside the function's process, where alone it can be seen which calls are under way at a
 * time. Calls of services that are served here take what is declared; what the function waits for besides, while none
 * is under way (timers, its threads, anybody else's answer), is real time.
 */
export class Stopwatch {
  #services: Record<string, number> = {};
  #timeline = new CallTimeline();
  #declaredMs = 0;
  #waitedMs = 0;
  /** How idle the event loop had been when the last call ended. */
  #idleSince = 0;
  /** Calls whose answer has not come, and those whose answer is not there as a whole. */
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
   * @param services what calls of a host take, as declared, in milliseconds
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

  /** What was waited for until now, if it was for no call. */
  #wait(): void {
    if (this.#underWay.size === 0) this.#waitedMs += idleMs() - this.#idleSince;
  }
}

/** Headers that a request was given as a list are only in what it sends. */
const hostOf = (request: ClientRequest & { _header?: string | null }): string =>
  String(request.getHeader("host") ?? /^host: *(.*)$/im.exec(request._header ?? "")?.[1]);

/** How long this thread's event loop has had nothing to do, in milliseconds. */
const idleMs = (): number => performance.eventLoopUtilization().idle;
