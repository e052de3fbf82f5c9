import { type ClientCode, type Code, hasTrait, RETRYABLE } from "../../protocol/codes.js";

/**
 * Why a request failed, for programs: a code of the server (docs/PROTOCOL.md, "Codes"), or one of the SDK for a request
 * that never reached the server or whose reply never came (docs/CLIENT.md, "Codes of requests").
 */
export type RequestCode = Code | ClientCode;

/** What an error is about. */
export interface ErrorSubject {
  channel?: string | undefined;
  uuid?: string | undefined;
}

/**
 * A request that failed. `message` is the reason, for people: the guard's own words if a guard denied it.
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
  /** The id of a publication's message, or of another request's frame. */
  readonly uuid: string | undefined;

  constructor(code: RequestCode, reason?: string, { channel, uuid }: ErrorSubject = {}) {
    super(reason || code);
    this.code = code;
    this.channel = channel;
    this.uuid = uuid;
  }

  /**
   * Whether the same request may succeed later. After `timeout`, `closed`, `internal` and `unavailable` a publication may
   * have happened.
   */
  get retryable(): boolean {
    return hasTrait(this.code, RETRYABLE);
  }
}
