import type { Action, Json } from "../../protocol/frames.js";
import { tell } from "./emitter.js";
import { PushItError, type RequestCode } from "./errors.js";
import { gather, ROOM, utf8, write, type Incoming } from "./frames.js";
import { deadline, type Socket } from "./host.js";
import { freshId } from "./id.js";
import { QUEUE_LIMIT, TIMEOUT } from "./options.js";
import type { Core } from "./parts.js";
import { isSubscription, type Request, type Settle } from "./request.js";

/**
 * Every request, from the queue to its end: an answer, an error or its timeout.
 *
 * API Gateway runs the frames of a connection concurrently, so requests whose order matters share a lane, and a lane
 * has one frame in flight: all publications share one, and each channel's subscriptions have one. What gathers
 * meanwhile goes as the next frame. What waits, waits at most its timeout, also for a connection; what was in flight
 * when that broke fails and is not repeated.
 */
export interface Traffic {
  /** The socket in use; its connection sets it. */
  _socket?: Socket;
  /** Whether it is an agent's: one that was denied can be asked why, and nothing else. */
  _ready?: boolean;
  /** Why nothing will be sent until the application connects again; `undefined` while that may still happen. */
  _stopped?: [code: RequestCode, reason?: string] | undefined;
  /** In the order in which they were asked; those in flight have a `_frame`. */
  _open: Set<Request>;
  /** Queues a request, or fails it with why it cannot be. What is queued in one turn shares frames. */
  _add(request: Request): void;
  /**
   * Asks on a meta channel, in a frame of its own. What is about a channel is queued as all else; the rest goes at once,
   * on whatever socket there is.
   */
  _ask(action: Action, settle: Settle, data?: { channel?: string }, timeout?: number): void;
  /** Sends, once this turn is over, what can be sent. */
  _flush(): void;
  /** Settles the requests that an answer is for. */
  _answer(answer: Incoming): void;
  /** Takes an error frame of API Gateway, which names no request. */
  _gatewayError(text: string): void;
  /** Fails what is in flight; where nothing will be sent any more, what waits too. */
  _fell(): void;
  /** Starts the clock of a request that waits from now on: in the queue, then for its answer. */
  _start(request: Request): void;
  /** Fails a request. */
  _fail(request: Request, code: RequestCode, reason?: string): void;
}

/** API Gateway's own error frames say what happened in English, and nowhere else. */
const gatewayCode = (text: string): RequestCode =>
  /many|exceed/i.test(text) ? "throttled" : /forbid/i.test(text) ? "unknown_action" : "internal";

/** Adds the traffic to a client. */
export const addTraffic = (core: Core): void => {
  const { host, timeout = TIMEOUT, queueLimit = QUEUE_LIMIT } = core;
  const open = new Set<Request>();

  const end = (request: Request, error?: PushItError, data?: Json): void => {
    request._cancel?.();
    open.delete(request);
    request._settle(error, data);
    core._flush();
  };

  /** What went wrong with a request that nobody names: with the frame in flight, if that is only one. */
  const blame = (code: RequestCode, reason?: string): void => {
    const flying = [...open].filter((request) => request._frame);
    if (flying.every((request) => request._frame === flying[0]!._frame)) for (const request of flying) core._fail(request, code, reason);
  };

  const send = (batch: Request[]): void => {
    for (const request of batch) {
      request._frame = batch;
      // A subscription is known by its frame's uuid and its channel.
      if (isSubscription(request._action)) request._uuid = batch[0]!._uuid;
      if (request._action === "send") end(request);
      else core._start(request);
    }
    core._socket!.send(write(batch));
  };

  Object.assign<Core, Traffic>(core, {
    _open: open,
    _fail(request, code, reason) {
      end(request, new PushItError(code, reason, request._channel, request._uuid));
    },
    _start(request) {
      request._cancel?.();
      request._cancel = deadline(host, request._timeout ?? timeout, () => core._fail(request, "timeout"));
      open.add(request);
    },
    _add(request) {
      request._bytes = utf8(request._json).length;
      if (core._stopped) core._fail(request, ...core._stopped);
      else if (typeof request._channel !== "string") core._fail(request, "bad_frame");
      else if (request._bytes >= ROOM) core._fail(request, "too_large");
      else if (!isSubscription(request._action) && open.size >= queueLimit) core._fail(request, "queue_full");
      else {
        core._start(request);
        core._flush();
      }
    },
    _ask(action, settle, data, milliseconds) {
      const uuid = freshId();
      const request: Request = {
        _action: action,
        _lane: uuid,
        _uuid: uuid,
        _channel: data?.channel,
        _json: JSON.stringify({ channel: "/meta/" + action, uuid, data }),
        _most: 1,
        _timeout: milliseconds,
        _settle: settle,
      };
      if (data?.channel) core._add(request);
      else send([request]);
    },
    _flush() {
      tell(() => {
        for (let batch; core._ready && (batch = gather(open))[0]; ) send(batch);
      });
    },
    _answer({ channel, uuid, successful, error, code = "internal", data }) {
      // What the server says unasked names no request either, but is no answer.
      if (!uuid && channel === "/meta/error") blame(code as RequestCode, error);
      // One that names no channel is for all of its frame.
      const named = isSubscription(channel!) && (data as { channel?: string } | undefined)?.channel;
      for (const request of open)
        if (request._frame && request._uuid === uuid && (!named || named === request._channel))
          if (successful) end(request, undefined, data);
          else core._fail(request, code as RequestCode, error);
    },
    _gatewayError: (text) => blame(gatewayCode(text), text),
    _fell() {
      for (const request of open)
        if (core._stopped || request._frame) core._fail(request, ...(core._stopped ?? (["closed"] as const)));
    },
  });
};
