import { authorization } from "../../core/authorization/sigv4.js";
import type { Connection, SendOutcome } from "./connections/connection.js";
import type { GatewayContext } from "./context.js";

/** Is told what passes through the gateway, for what AWS bills. */
export interface GatewayMeter {
  /** A client has sent a message that was not throttled. */
  received(bytes: number): void;
  /** A client is sent a frame. */
  sent(frame: Buffer | string): void;
  /** A connection opened. @param at epoch milliseconds */
  opened(at: number): void;
  /** A connection has closed. @param openedAt when it opened, in epoch milliseconds */
  closed(openedAt: number): void;
  /**
   * Somebody calls `@connections`.
   * @returns is called when the call is answered
   */
  call(accessKeyId: string, kind: "post"): () => void;
}

/** Sends a client a frame that is billed if it goes out. */
export const sendMetered = ({ meter }: GatewayContext, connection: Connection, frame: Buffer | string): SendOutcome => {
  const outcome = connection.send(frame);
  if (outcome === "sent") meter?.sent(frame);
  return outcome;
};

/** Notes that a call of `@connections` has begun; what it returns, that it is answered, which may be said twice. */
export const meterCall = ({ meter }: GatewayContext, header: string | undefined): (() => void) => {
  const by = meter && header !== undefined ? authorization(header) : undefined;
  let end = by && meter?.call(by.accessKeyId, "post");
  return () => {
    end?.();
    end = undefined;
  };
};
