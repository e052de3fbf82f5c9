/** How a connection ended: the WebSocket close code and its reason, as `$disconnect` reports them. */
export interface Close {
  code: number;
  reason: string;
}

/** The close codes and reasons of API Gateway; docs/FIDELITY.md has their sources. */
export const CloseReasons = {
  /** `DELETE @connections`. */
  deleted: { code: 1000, reason: "Connection Closed Normally" },
  /** No message for ten minutes. */
  idle: { code: 1001, reason: "Going away" },
  /** Two hours are over. */
  expired: { code: 1001, reason: "Going away" },
  /** A binary frame. */
  binary: { code: 1003, reason: "Binary is not supported" },
  /** A frame or message over its limit, in either direction. */
  tooBig: { code: 1009, reason: "Message too big" },
  /** The gateway is shutting down. */
  shutdown: { code: 1001, reason: "Going away" },
} as const satisfies Record<string, Close>;

const BROKEN: Record<string, Close> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: CloseReasons.tooBig,
  WS_ERR_INVALID_UTF8: { code: 1007, reason: "" },
};

/** The close after an error of `ws`; `undefined` if the socket just broke. */
export const protocolClose = (errorCode: string | undefined): Close | undefined => {
  if (!errorCode?.startsWith("WS_ERR_")) return undefined;
  return BROKEN[errorCode] ?? { code: 1002, reason: "" };
};

const NO_STATUS = 1005;

/** The close that `$disconnect` reports if the client closed the connection, or lost it (1006). */
export const clientClose = (code: number, reason: string): Close =>
  code === NO_STATUS ? { code, reason: "Client-side close frame status not set" } : { code, reason };
