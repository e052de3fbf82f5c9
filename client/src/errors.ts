import type { Code } from "../../protocol/index.js";

/**
 * Why a request failed, for programs: what the server answers (docs/PROTOCOL.md, "Codes") and what the SDK adds for
 * requests that never reached the server or never came back (docs/CLIENT.md, "Codes of requests").
 */
export type RequestCode =
  | Code
  | "timeout"
  | "closed"
  | "internal"
  | "throttled"
  | "queue_full"
  | "superseded";

/** As little of each code as no other begins with: this travels to every page. */
const TEMPORARY = /^(gua|que|cha|clo|exp|int|rat|thr|tim|una)|_agent$/;

/**
 * A request that failed. `message` is the reason, for people: the guard's own words where a guard said no.
 * @example
 * try { await channel.publish(story); } catch (error) {
 *   if (error instanceof PushItError && error.temporary) showRetryButton();
 * }
 */
export class PushItError extends Error {
  /** Why, for programs. */
  declare readonly code: RequestCode;
  /** The channel of the request. */
  declare readonly channel: string | undefined;
  /** The message's id, of a publication; the frame's, of a subscription. */
  declare readonly uuid: string | undefined;

  constructor(code: RequestCode, reason?: string, channel?: string, uuid?: string) {
    super(reason || code);
    Object.assign(this, { name: "PushItError", code, channel, uuid });
  }

  /**
   * Whether the same request may succeed later. After `timeout`, `closed` and `internal` a publication may or may not
   * have happened.
   */
  get temporary(): boolean {
    return TEMPORARY.test(this.code);
  }
}
