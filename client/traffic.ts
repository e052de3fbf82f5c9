import type { Json } from "../protocol/frames.js";
import { PushItError, type RequestCode } from "./errors.js";
import { gather, ROOM, utf8, write, type Incoming } from "./frames.js";
import { deadline, type Socket } from "./host.js";
import { freshId } from "./id.js";
import { QUEUE_LIMIT, TIMEOUT, type Settings } from "./options.js";
import { isSubscription, type Request, type Settle } from "./request.js";

/** API Gateway's own error frames say what happened in English, and nowhere else. */
const gatewayCode = (text: string): RequestCode =>
  /many|exceed/i.test(text) ? "throttled" : /forbid/i.test(text) ? "unknown_action" : "internal";

/**
 * Every request, from the queue to its end: an answer, an error or its timeout.
 *
 * API Gateway runs the frames of a connection concurrently, so requests whose order matters share a lane, and a lane
 * has one frame in flight: all publications share one, and each channel's subscriptions have one. What gathers
 * meanwhile goes as the next frame. What waits, waits at most its timeout, also for a connection; what was in flight
 * when that broke fails and is not repeated.
 */
export class Traffic {
  /** The socket, and whether it is an agent's: one that was denied can be asked why, and nothing else. */
  _socket: Socket | undefined;
  _ready = false;
  /** Why nothing will be sent until the application calls `connect()`; `undefined` while that may still happen. */
  _stopped: PushItError | undefined;
  readonly #settings: Settings;
  readonly #open = new Set<Request>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Queues a request, or fails it with why it cannot be. What is queued in one turn shares frames. */
  _add(request: Request): void {
    request._bytes = utf8(request._json).length;
    if (this._stopped) this._fail(request, this._stopped.code, this._stopped.message);
    else if (request._bytes >= ROOM) this._fail(request, "too_large", "It exceeds 32 KB.");
    else if (!isSubscription(request._action) && this.#open.size >= (this.#settings.queueLimit ?? QUEUE_LIMIT))
      this._fail(request, "queue_full");
    else {
      this.#start(request);
      this._flush();
    }
  }

  /** Asks at once, on whatever socket there is. */
  _ask(action: "connect" | "ping", timeout: number | undefined, settle: Settle): void {
    const _uuid = freshId();
    const _json = JSON.stringify({ action, channel: "/meta/" + action, uuid: _uuid });
    const request: Request = { _action: action, _lane: _uuid, _uuid, _json, _settle: settle };
    request._frame = [request];
    this.#start(request, timeout);
    this._socket!.send(_json);
  }

  /** Sends, once this turn is over, what can be sent. */
  _flush(): void {
    queueMicrotask(() => {
      for (let batch; this._ready && (batch = this.#next())[0]; ) {
        for (const request of batch) {
          request._frame = batch;
          // A subscription is known by its frame's uuid and its channel.
          if (isSubscription(request._action)) request._uuid = batch[0]._uuid;
          if (request._action == "send") this.#end(request);
          else this.#start(request);
        }
        this._socket!.send(write(batch));
      }
    });
  }

  #next(): Request[] {
    const all = [...this.#open];
    return gather(
      all.filter((request) => !request._frame),
      all.filter((request) => request._frame).map((request) => request._lane),
    );
  }

  /** What is in the queue and in flight on a lane. */
  _lane(lane: string): Request[] {
    return [...this.#open].filter((request) => request._lane == lane);
  }

  /** Settles the requests that `answer` is for. An answer to a subscription that names no channel is for all its frame. */
  _answer({ channel, uuid, successful, error, code, data }: Incoming): void {
    const named = isSubscription(channel!) && (data as { channel?: string } | undefined)?.channel;
    for (const request of this.#open)
      if (request._frame && request._uuid == uuid && (!named || named == request._channel))
        if (successful) this.#end(request, undefined, data);
        else this._fail(request, code ?? "internal", error);
  }

  /** An error frame of API Gateway names no request: it is meant for the frame that waits, if it is only one. */
  _gatewayError(text: string): void {
    const frames = new Set([...this.#open].map((request) => request._frame));
    frames.delete(undefined);
    if (frames.size == 1) for (const request of [...frames][0]!) this._fail(request, gatewayCode(text), text);
  }

  /** Fails what is in flight; where nothing will be sent any more, all that waits too. */
  _lost(): void {
    for (const request of this.#open)
      if (this._stopped) this._fail(request, this._stopped.code, this._stopped.message);
      else if (request._frame) this._fail(request, "closed");
  }

  _fail(request: Request, code: RequestCode, reason?: string): void {
    this.#end(request, new PushItError(code, reason, request._channel, request._uuid));
  }

  /** Starts the clock of a request that waits from now on: in the queue, then for its answer. */
  #start(request: Request, timeout = this.#settings.timeout ?? TIMEOUT): void {
    request._cancel?.();
    request._cancel = deadline(this.#settings.host, timeout, () => this._fail(request, "timeout"));
    this.#open.add(request);
  }

  #end(request: Request, error?: PushItError, data?: Json): void {
    request._cancel?.();
    this.#open.delete(request);
    request._settle(error, data);
    this._flush();
  }
}
