import type { Action } from "../../../protocol/frames.js";
import type { Json } from "../../../protocol/json.js";
import { MAX_CHANNEL_LENGTH, MAX_CHANNELS_PER_FRAME, MAX_MESSAGES_PER_FRAME } from "../../../protocol/limits.js";
import type { Transport } from "../connection/transport.js";
import { defer } from "../emitter.js";
import { PushItError, type RequestCode } from "../errors.js";
import type { Internals } from "../internals.js";
import { newId } from "../platform/id.js";
import { formatNumber, utf8 } from "../platform/text.js";
import { type BatchLimits, encodeBatch, type IncomingFrame, MAX_PAYLOAD_BYTES, nextBatch } from "./frames.js";
import { isSubscriptionAction, type Outcome, type Request, type RequestFields } from "./request.js";

/** The longest name that the server repeats whole: it cuts a longer one. */
const MAX_NAME_LENGTH = MAX_CHANNEL_LENGTH + "/*".length;

/** API Gateway's own error frames say what happened in English, and nowhere else. */
const gatewayCode = (text: string): RequestCode => {
  if (/too many|exceeded/i.test(text)) return "throttled";
  return /forbidden/i.test(text) ? "unknown_action" : "internal";
};

/**
 * Every request, from the queue to its end: a reply, an error or its timeout.
 *
 * API Gateway runs the frames of a connection concurrently. So requests whose order matters share an ordering key, of
 * which one frame is in flight: all publications share one. What gathers meanwhile goes as the next frame. A request
 * waits at most its timeout in the queue, also for a connection. One that was in flight when its connection broke fails.
 */
export class RequestQueue {
  /** The transport that new frames go to. The connection sets it. */
  transport: Transport | undefined;
  /** Why nothing will be sent until the application connects again. */
  stopped: { code: RequestCode; reason: string } | undefined;
  /** How many channels and messages a frame may carry here. */
  limits: BatchLimits = { channelsPerFrame: MAX_CHANNELS_PER_FRAME, messagesPerFrame: MAX_MESSAGES_PER_FRAME };
  readonly #client: Internals;
  /** In the order in which they were asked. */
  readonly #open = new Set<Request>();

  constructor(client: Internals) {
    this.#client = client;
  }

  /** Adds a request, or fails it with the reason why it cannot be sent. Requests of one turn share frames. */
  enqueue(fields: RequestFields): Request {
    const request: Request = { ...fields, state: "queued", bytes: utf8(fields.payload).length, attempts: 0 };
    if (this.stopped) this.fail(request, this.stopped.code, this.stopped.reason);
    else if (request.bytes >= MAX_PAYLOAD_BYTES)
      this.fail(
        request,
        "too_large",
        `${formatNumber(request.bytes)} bytes of JSON; at most ${formatNumber(MAX_PAYLOAD_BYTES - 1)} fit a frame.`,
      );
    else if (!isSubscriptionAction(request.action) && this.#open.size >= this.#client.options.queueLimit)
      this.fail(request, "queue_full", `${formatNumber(this.#open.size)} requests are open already.`);
    else {
      this.#open.add(request);
      this.startTimer(request);
      this.flush();
    }
    return request;
  }

  /** Queues a request about a channel that has a frame of its own. */
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

  /** Sends, once the running code has ended, what can be sent. */
  flush(): void {
    defer(() => {
      // If this process slept, the server may not know them any more.
      for (const request of this.#open) if (request.retryUntil! < this.#client.timers.now()) this.#expire(request);
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
    // What the server sends unasked names no request either, but it is not a reply.
    if (!uuid && channel === "/meta/error") this.#failUnnamed(transport, failure, error);
    const named = (data as { channel?: string } | undefined)?.channel;
    // A publication that waits to be sent again takes a late success, too.
    const sent = successful
      ? [...this.#open].filter(({ batch }) => batch?.transport === transport)
      : this.#inFlight(transport);
    const replied = sent.filter((request) =>
      isSubscriptionAction(request.action)
        ? // A reply that names no channel is for all of its frame.
          request.batch!.uuid === uuid &&
          (named === undefined || request.channel === undefined || named === request.channel.slice(0, MAX_NAME_LENGTH))
        : request.uuid === uuid,
    );
    for (const request of replied)
      if (successful) this.#end(request, { data, position, transport });
      else if (code !== "too_many" || !this.#split(request)) this.fail(request, failure, error);
    return replied.length > 0;
  }

  /** Takes an error frame of API Gateway, which names no request. */
  handleGatewayError(text: string, transport: Transport): void {
    this.#failUnnamed(transport, gatewayCode(text), "API Gateway: " + text);
  }

  /** Fails what is in flight on a transport that is gone. */
  failInFlight(transport: Transport): void {
    for (const request of this.#inFlight(transport))
      this.fail(request, "closed", "The connection was lost before the reply came.");
  }

  /** Fails all that is open: nothing will be sent any more. */
  failAll(): void {
    const { code, reason } = this.stopped ?? { code: "closed" as const, reason: "The client was reset." };
    for (const request of this.#open) this.fail(request, code, reason);
  }

  /** Whether a request waits for a reply on a transport. */
  hasInFlight(transport: Transport): boolean {
    return this.#inFlight(transport).length > 0;
  }

  /** Removes a request that was not sent, as if it had never been asked. */
  withdraw(request: Request): void {
    request.cancelTimer?.();
    this.#open.delete(request);
    this.flush();
  }

  /** Fails a request, unless an extension has it sent again. */
  fail(request: Request, code: RequestCode, reason?: string): void {
    const { channel, batch } = request;
    if (!this.stopped && this.#client.extensions.some((extension) => extension.retryLater?.(request, code))) return;
    const uuid = isSubscriptionAction(request.action) ? batch?.uuid : request.uuid;
    this.#end(request, { error: new PushItError(code, reason, { channel, uuid }), transport: batch?.transport });
  }

  /** Starts the clock of a request that waits from now on: in the queue, or for its reply. */
  startTimer(request: Request): void {
    const { timers, options } = this.#client;
    const { retryUntil = Infinity, timeout = options.timeout } = request;
    // One that is sent again waits for a connection as long as it may be sent.
    const isResent = request.retryUntil !== undefined && request.state === "queued";
    const milliseconds = Math.min(isResent ? Infinity : timeout, retryUntil - timers.now());
    request.cancelTimer?.();
    request.cancelTimer = timers.deadline(milliseconds, () => this.#expire(request));
  }

  #expire(request: Request): void {
    this.fail(
      request,
      "timeout",
      request.attempts ? "The reply did not come in time." : "It could not be sent in time.",
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
    for (const request of requests)
      if (request.action === "send") this.#end(request, { transport });
      else {
        this.#open.add(request);
        this.startTimer(request);
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
   * Fails what an error is about that names no request: the frame in flight, if there is only one. A ping fails in any case:
   * it may be the one, and whatever arrives shows that the server is there.
   */
  #failUnnamed(transport: Transport, code: RequestCode, reason?: string): void {
    const inFlight = this.#inFlight(transport);
    const isOnly = inFlight.every(({ batch }) => batch === inFlight[0]!.batch);
    for (const request of inFlight) if (isOnly || request.action === "ping") this.fail(request, code, reason);
  }

  /** Puts a request of a frame that was too large back into the queue, for a smaller one. Returns false if it was alone. */
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

/** A request that has a frame, and an order, of its own. */
const metaRequest = (action: Action, data: object | undefined, onEnd: (outcome: Outcome) => void): RequestFields => {
  const uuid = newId();
  return {
    action,
    uuid,
    orderingKey: uuid,
    payload: JSON.stringify({ channel: "/meta/" + action, uuid, data }),
    onEnd,
  };
};

/** The `data` of a reply, as what the protocol says it is. */
export const dataOf = <Data>(outcome: { data?: Json | undefined }): Data => outcome.data as Data;
