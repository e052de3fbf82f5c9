import type { Json } from "../protocol/frames.js";
import { PushItError, type RequestCode } from "./errors.js";
import type { Incoming } from "./frames.js";
import { deadline, type Host } from "./host.js";

/** Ends a request: with an error, or without one and with what the server's answer carried. */
export type Settle = (error?: PushItError, data?: Json) => void;

/** One request. Several can travel in a frame: messages with ids of their own, or channels under the frame's. */
export interface Request {
  _uuid: string;
  _channel?: string;
  _settle: Settle;
}

interface Exchange {
  _waiting: Set<Request>;
  _end: () => void;
}

/** API Gateway's own error frames say what happened in English, and nowhere else. */
const gatewayCode = (text: string): RequestCode =>
  /many|exceed/i.test(text) ? "throttled" : /forbid/i.test(text) ? "unknown_action" : "internal";

/** The frames that were sent and are not fully answered yet. Each ends: by answers, an error or its timeout. */
export class Exchanges {
  readonly #open = new Set<Exchange>();

  /** Registers a frame's `requests`; `done` is called once, when the last of them has been settled. */
  _begin(host: Host, requests: readonly Request[], timeout: number, done?: () => void): void {
    const cancel = deadline(host, timeout, () => this.#fail(exchange, "timeout", "No answer in time."));
    const exchange: Exchange = {
      _waiting: new Set(requests),
      _end: () => {
        cancel();
        this.#open.delete(exchange);
        done?.();
      },
    };
    this.#open.add(exchange);
  }

  /** Settles the request that `answer` is for. An answer to a subscription that names no channel is for all of its frame. */
  _answer({ channel, uuid, successful, error, code = "internal", data }: Incoming): void {
    const named = /scribe$/.test(channel!) && (data as { channel?: string } | undefined)?.channel;
    for (const exchange of this.#open)
      for (const request of exchange._waiting)
        if (request._uuid == uuid && (!named || named == request._channel))
          this.#settle(exchange, request, successful ? undefined : [code, error], data);
  }

  /** An error frame of API Gateway names no request: it is meant for the one that waits, if it is only one. */
  _gatewayError(text: string): void {
    if (this.#open.size == 1) for (const exchange of this.#open) this.#fail(exchange, gatewayCode(text), text);
  }

  /** Fails all that waits. */
  _failAll(code: RequestCode, reason: string): void {
    for (const exchange of this.#open) this.#fail(exchange, code, reason);
  }

  #fail(exchange: Exchange, code: RequestCode, reason: string): void {
    for (const request of exchange._waiting) this.#settle(exchange, request, [code, reason]);
  }

  #settle(exchange: Exchange, request: Request, error?: [code: RequestCode, reason?: string], data?: Json): void {
    exchange._waiting.delete(request);
    request._settle(error && new PushItError(...error, request._channel, request._uuid), data);
    if (!exchange._waiting.size) exchange._end();
  }
}
