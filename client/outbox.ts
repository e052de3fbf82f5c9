import { PushItError, type RequestCode } from "./errors.js";
import type { Request } from "./exchanges.js";
import { fitting, utf8, type Part } from "./frames.js";
import { deadline } from "./host.js";
import type { Settings } from "./options.js";
import type { Wire } from "./wire.js";

/** A message on its way out. `_action` is `send` where no answer is wanted. */
export interface Publication extends Request, Part {
  _action: "publish" | "send";
  _cancel?: () => void;
}

/** The JSON of a publication's message; throws what `JSON.stringify` throws. */
export const part = (message: { channel: string; uuid: string; data: unknown; echo?: boolean | undefined }): Part => {
  const _json = JSON.stringify(message);
  return { _json, _bytes: utf8(_json).length };
};

/**
 * The queue of publications. One publish frame is in flight at a time, because API Gateway runs the frames of a
 * connection concurrently; what gathers meanwhile goes as the next, so that one publisher's messages keep their order.
 * What waits, waits at most its timeout, also for a connection; what was in flight when that broke is not repeated.
 */
export class Outbox {
  #queue: Publication[] = [];
  #inFlight = false;
  readonly #settings: Settings;
  readonly #wire: Wire;

  constructor(settings: Settings, wire: Wire) {
    this.#settings = settings;
    this.#wire = wire;
  }

  /** Queues a publication, or settles it with why it cannot be. What is added in one turn shares frames. */
  _add(publication: Publication): void {
    const fail = (code: RequestCode, reason: string): void =>
      publication._settle(new PushItError(code, reason, publication._channel, publication._uuid));
    const { _queueLimit, _host, _timeout } = this.#settings;
    const { _stopped } = this.#wire;
    if (_stopped) return fail(_stopped.code, _stopped.message);
    if (!fitting([publication])) return fail("too_large", "The message exceeds 32 KB.");
    if (this.#queue.length >= _queueLimit) return fail("queue_full", "Too many messages wait to be sent.");
    publication._cancel = deadline(_host, _timeout, () => {
      this.#queue = this.#queue.filter((other) => other != publication);
      fail("timeout", "Not sent in time.");
    });
    this.#queue.push(publication);
    queueMicrotask(() => this._flush());
  }

  /** Sends what can be sent now. */
  _flush(): void {
    while (!this.#inFlight && this.#wire._ready() && this.#queue.length) {
      const { _action } = this.#queue[0]!;
      const other = this.#queue.findIndex((publication) => publication._action != _action);
      const batch = this.#queue.splice(0, fitting(this.#queue.slice(0, other < 0 ? undefined : other)));
      for (const publication of batch) publication._cancel!();
      const json = batch.map((publication) => publication._json);
      const frame = `{"action":"${_action}",` + (json[1] ? `"messages":[${json}]}` : json[0]!.slice(1));
      this.#inFlight = _action == "publish";
      this.#wire._send(frame, this.#inFlight ? batch : undefined, () => {
        this.#inFlight = false;
        this._flush();
      });
    }
  }

  /** The connection is given up: fails all that waits. */
  _stop({ code, message }: PushItError): void {
    for (const { _cancel, _settle, _channel, _uuid } of this.#queue.splice(0)) {
      _cancel!();
      _settle(new PushItError(code, message, _channel, _uuid));
    }
  }
}
