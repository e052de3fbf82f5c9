import { authorization } from "../../core/authorization/sigv4.js";
import type { Connection, SendOutcome } from "./connections/connection.js";
import type { GatewayContext } from "./context.js";

/** Sends a client a frame that is billed if it goes out. */
export const sendMetered = ({ meter }: GatewayContext, connection: Connection, frame: Buffer | string): SendOutcome => {
  const outcome = connection.send(frame);
  if (outcome === "sent") meter?.sent(frame);
  return outcome;
};

/** Meters a call to `@connections`. The function that it returns marks the response, and may be called twice. */
export const meterCall = ({ meter }: GatewayContext, header: string | undefined): (() => void) => {
  const by = meter && header !== undefined ? authorization(header) : undefined;
  let end = by && meter?.call(by.accessKeyId, "post");
  return () => {
    end?.();
    end = undefined;
  };
};
