import { type ClientCode, type Code, hasTrait, RETRYABLE } from "../../protocol/codes.js";

/**
 * Why a request failed, for programs. The codes of the server are in docs/PROTOCOL.md, "Codes". The SDK's own codes are
 * in docs/CLIENT.md, "Codes of requests". They are for requests that never reached the server or got no reply.
 */
export type RequestCode = Code | ClientCode;

/** The channel or message of an error. */
export interface ErrorSubject {
  channel?: string | undefined;
  uuid?: string | undefined;
}

/**
 * A request failed. `message` is the reason, for people. If a guard denied the request, it is the guard's own reason.
 * @example
 * try { await channel.publish(story); } catch (error) {
 *   if (error instanceof PushItError && error.retryable) showRetryButton();
 * }
 */
export class PushItError extends Error {
  override readonly name = "PushItError";
  /** Why, for programs. */
  readonly code: RequestCode;
  /** The channel of the request. */
  readonly channel: string | undefined;
  /** The id of the published message, or of the frame of any other request. */
  readonly uuid: string | undefined;

  constructor(code: RequestCode, reason?: string, { channel, uuid }: ErrorSubject = {}) {
    super(reason || code);
    this.code = code;
    this.channel = channel;
    this.uuid = uuid;
  }

  /**
   * Whether the same request may succeed later. After `timeout`, `closed`, `internal` and `unavailable` a publication
   * may have succeeded.
   */
  get retryable(): boolean {
    return hasTrait(this.code, RETRYABLE);
  }
}
