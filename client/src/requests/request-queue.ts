import type { Action } from "../../../protocol/frames.js";
import type { Json } from "../../../protocol/json.js";
import { MAX_CHANNELS_PER_FRAME, MAX_MESSAGES_PER_FRAME, MAX_TOKEN_BYTES } from "../../../protocol/limits.js";
import type { Transport } from "../connection/transport.js";
import { defer } from "../emitter.js";
import { PushItError, type RequestCode } from "../errors.js";
import type { Internals } from "../internals.js";
import { newId } from "../platform/id.js";
import { formatNumber, tooLarge, utf8 } from "../platform/text.js";
import {
  type BatchLimits,
  encodeBatch,
  type IncomingFrame,
  MAX_NAME_LENGTH,
  MAX_PAYLOAD_BYTES,
  nextBatch,
  TARGET_BYTES,
} from "./frames.js";
import type { TokenFunction } from "../types.js";
import { carriesToken, isSubscriptionAction, type Outcome, type Request, type RequestFields } from "./request.js";

/** The code for an error frame of API Gateway itself, which has only an English text. */
const gatewayCode = (text: string): RequestCode => {
  if (/too many|exceeded/i.test(text)) return "throttled";
  return /forbidden/i.test(text) ? "unknown_action" : "internal";
};

/**
 * Holds every request until its end: a reply, an error or its timeout.
 *
 * API Gateway runs the frames of a connection concurrently. So requests whose order matters share an ordering key, and
 * only one frame of a key is in flight. All publications share one key. Requests that gather meanwhile go into the next
 * frame. A request waits at most its timeout in the queue, also for a connection. If a connection breaks, the requests
 * in flight on it fail.
 */
export class RequestQueue {
  /** The transport for new frames. The connection sets it. */
  transport: Transport | undefined;
  /** If the client is stopped: the error of all requests until the application connects again. */
  stopped: { code: RequestCode; reason: string } | undefined;
  /** How many channels and messages a frame may carry on this server. */
  limits: BatchLimits = { channelsPerFrame: MAX_CHANNELS_PER_FRAME, messagesPerFrame: MAX_MESSAGES_PER_FRAME };
  readonly #client: Internals;
  /** All open requests, in the order in which they were enqueued. */
  readonly #open = new Set<Request>();

  constructor(client: Internals) {
    this.#client = client;
  }

  /** Adds a request, or fails it if it cannot be sent. Requests of one turn of the event loop share frames. */
  enqueue(fields: RequestFields): Request {
    const request: Request = { ...fields, state: "queued", bytes: utf8(fields.payload).length, attempts: 0 };
    if (this.stopped) this.fail(request, this.stopped.code, this.stopped.reason);
    else if (request.bytes >= MAX_PAYLOAD_BYTES)
      this.fail(request, "too_large", "The request has " + tooLarge(request.bytes, MAX_PAYLOAD_BYTES - 1));
    else if (!isSubscriptionAction(request.action) && this.#open.size >= this.#client.options.queueLimit)
      this.fail(request, "queue_full", `${formatNumber(this.#open.size)} requests are open already (queueLimit).`);
    else {
      this.#open.add(request);
      this.startTimer(request);
      this.flush();
    }
    return request;
  }

  /** Adds a request about a channel that needs a frame of its own. */
  enqueueMeta(
    action: Action,
    data: { channel: string; [field: string]: unknown },
    onEnd: (outcome: Outcome) => void,
  ): void {
    this.enqueue({ ...metaRequest(action, data, onEnd), channel: data.channel });
  }

  /** Sends a request at once, in a frame of its own, on the given transport. */
  sendNow(
    transport: Transport,
    action: Action,
    data: object | undefined,
    onEnd: (outcome: Outcome) => void,
    timeout?: number,
  ): void {
    this.#send(transport, [{ ...metaRequest(action, data, onEnd), timeout, state: "queued", bytes: 0, attempts: 0 }]);
  }

  /** Sends the requests that can be sent, when the running code has ended. */
  flush(): void {
    defer(() => {
      // If this process slept, the server may not recognise their uuids any more.
      for (const request of this.#open) if (request.retryUntil! < this.#client.timers.now()) this.#expire(request);
      for (const request of this.#open) this.#prepare(request);
      while (this.transport) {
        const batch = nextBatch(this.#open, this.limits);
        if (!batch[0]) return;
        this.#send(this.transport, batch);
      }
    });
  }

  /** Ends the requests that a reply is for. Returns whether there was one. */
  handleReply(
    { channel, uuid, successful, error, code, data, position }: IncomingFrame,
    transport: Transport,
  ): boolean {
    const failure: RequestCode = code ?? "internal";
    // Messages of the server on other channels have no uuid either, but they are not replies.
    if (!uuid && channel === "/meta/error") this.#failUnnamed(transport, failure, error);
    const named = (data as { channel?: string } | undefined)?.channel;
    // A late success also ends a publication that waits to be sent again.
    const sent = successful
      ? [...this.#open].filter(({ batch }) => batch?.transport === transport)
      : this.#inFlight(transport);
    const replied = sent.filter((request) =>
      isSubscriptionAction(request.action)
        ? // A reply without a channel is for all requests of its frame.
          request.batch!.uuid === uuid &&
          (named === undefined || request.channel === undefined || named === request.channel.slice(0, MAX_NAME_LENGTH))
        : request.uuid === uuid,
    );
    for (const request of replied)
      if (successful) this.#end(request, { data, position, transport });
      else if (code !== "too_many" || !this.#split(request)) this.fail(request, failure, error);
    return replied.length > 0;
  }

  /** Handles an error frame of API Gateway, which does not name a request. */
  handleGatewayError(text: string, transport: Transport): void {
    this.#failUnnamed(transport, gatewayCode(text), "API Gateway: " + text);
  }

  /** Fails the requests in flight on a transport that is gone. */
  failInFlight(transport: Transport): void {
    for (const request of this.#inFlight(transport))
      this.fail(request, "closed", "The connection was lost before the reply arrived.");
  }

  /** Fails all open requests. */
  failAll(): void {
    const { code, reason } = this.stopped ?? { code: "closed" as const, reason: "The client was reset." };
    for (const request of this.#open) this.fail(request, code, reason);
  }

  /** Whether a request waits for a reply on a transport. */
  hasInFlight(transport: Transport): boolean {
    return this.#inFlight(transport).length > 0;
  }

  /** Removes a request without a result. */
  withdraw(request: Request): void {
    request.cancelTimer?.();
    this.#open.delete(request);
    this.flush();
  }

  /** Fails a request, unless an extension will send it again. */
  fail(request: Request, code: RequestCode, reason?: string): void {
    const { channel, batch } = request;
    if (!this.stopped && this.#client.extensions.some((extension) => extension.retryLater?.(request, code))) return;
    const uuid = isSubscriptionAction(request.action) ? batch?.uuid : request.uuid;
    this.#end(request, { error: new PushItError(code, reason, { channel, uuid }), transport: batch?.transport });
  }

  /** Starts the timer of a request that waits from now on: in the queue, or for its reply. */
  startTimer(request: Request): void {
    const { timers, options } = this.#client;
    const { retryUntil = Infinity, timeout = options.timeout } = request;
    // A request that is sent again waits for a connection as long as it may be sent.
    const isResent = request.retryUntil !== undefined && request.state === "queued";
    const milliseconds = Math.min(isResent ? Infinity : timeout, retryUntil - timers.now());
    request.cancelTimer?.();
    request.cancelTimer = timers.deadline(milliseconds, () => this.#expire(request));
  }

  #expire(request: Request): void {
    const waited = request.attempts ? "No reply in time." : "Not sent in time.";
    this.fail(request, "timeout", request.state === "preparing" ? 'The function "token" took too long.' : waited);
  }

  /** Asks the application for the token of a request, if its channel has one. It is asked for each time anew. */
  #prepare(request: Request): void {
    const { action, channel, state, tokenTransport } = request;
    const { transport } = this;
    if (state !== "queued" || !transport || tokenTransport === transport || !carriesToken(action)) return;
    const getToken = this.#client.tokenOf(channel!);
    request.token = undefined;
    if (!getToken) return;
    request.state = "preparing";
    request.tokenTransport = transport;
    const isWaiting = (): boolean => this.#open.has(request) && request.state === "preparing";
    encodeToken(getToken).then(
      (token) => {
        if (!isWaiting()) return;
        request.state = "queued";
        // On another transport, the application is asked again.
        if (this.transport === transport) request.token = token;
        request.bytes = utf8(request.payload).length + TARGET_BYTES + utf8(token ?? "").length;
        this.flush();
      },
      (error: PushItError) => {
        if (isWaiting()) this.fail(request, error.code, error.message);
      },
    );
  }

  #send(transport: Transport, requests: Request[]): void {
    const batch = { transport, size: requests.length, uuid: requests[0]!.uuid };
    for (const request of requests) {
      request.state = "inFlight";
      request.batch = batch;
      request.attempts++;
      request.firstSentAt ??= this.#client.timers.now();
      this.#client.notify("beforeSend", request);
    }
    this.#client.log("sent", requests[0]!.action, ...requests.map(({ channel, uuid }) => channel ?? uuid));
    transport.send(encodeBatch(requests));
    for (const request of requests) {
      request.token = request.tokenTransport = undefined;
      if (request.action === "send") this.#end(request, { transport });
      else {
        this.#open.add(request);
        this.startTimer(request);
      }
    }
  }

  #end(request: Request, outcome: Outcome): void {
    this.withdraw(request);
    request.onEnd(outcome);
  }

  #inFlight(transport: Transport): Request[] {
    return [...this.#open].filter(({ state, batch }) => state === "inFlight" && batch!.transport === transport);
  }

  /**
   * Fails what an error is about that names no request: the frame in flight, if there is only one. The error may also be
   * about a heartbeat that was sent shortly before. A ping fails in any case: it may be the one, and whatever arrives
   * shows that the server is there.
   */
  #failUnnamed(transport: Transport, code: RequestCode, reason?: string): void {
    const inFlight = this.#inFlight(transport);
    const { timers, options } = this.#client;
    const isHeartbeat = timers.now() - transport.lastHeartbeatAt < options.timeout;
    const isOnly = !isHeartbeat && inFlight.every(({ batch }) => batch === inFlight[0]!.batch);
    for (const request of inFlight) if (isOnly || request.action === "ping") this.fail(request, code, reason);
  }

  /**
   * Puts a request of a frame that was too large back into the queue, for a smaller one. Returns false if it was alone.
   */
  #split(request: Request): boolean {
    const half = request.batch!.size >> 1;
    const limit = isSubscriptionAction(request.action) ? "channelsPerFrame" : "messagesPerFrame";
    if (!half) return false;
    this.limits = { ...this.limits, [limit]: Math.min(this.limits[limit], half) };
    request.state = "queued";
    this.startTimer(request);
    this.flush();
    return true;
  }
}

/**
 * The application's token as JSON. Rejects with a `PushItError`, which has nothing of the token.
 */
const encodeToken = async (getToken: TokenFunction): Promise<string | undefined> => {
  let token: string | undefined;
  try {
    token = JSON.stringify(await getToken());
  } catch (error) {
    // Not the error's message, which may quote the token.
    const name = error instanceof Error ? `: ${error.name}` : "";
    throw new PushItError("token_failed", `The function "token" failed${name}. Catch its error to see more.`);
  }
  const bytes = utf8(token ?? "").length;
  if (bytes > MAX_TOKEN_BYTES) throw new PushItError("too_large", "The token has " + tooLarge(bytes, MAX_TOKEN_BYTES));
  return token;
};

/** A request with a frame of its own, whose order does not matter. */
const metaRequest = (action: Action, data: object | undefined, onEnd: (outcome: Outcome) => void): RequestFields => {
  const uuid = newId();
  return {
    action,
    uuid,
    orderingKey: uuid,
    payload: JSON.stringify({ channel: "/meta/" + (action === "state" ? "presence" : action), uuid, data }),
    onEnd,
  };
};

/** Sends a request about a channel. Resolves with the `data` of its reply, and rejects with a `PushItError`. */
export const requestData = <Data>(
  queue: RequestQueue,
  action: Action,
  data: { channel: string; [field: string]: unknown },
): Promise<Data> =>
  new Promise((resolve, reject) => {
    queue.enqueueMeta(action, data, (outcome) => (outcome.error ? reject(outcome.error) : resolve(dataOf(outcome))));
  });

/** The `data` of a reply, as the type that the protocol gives it. */
export const dataOf = <Data>(outcome: { data?: Json | undefined }): Data => outcome.data as Data;
