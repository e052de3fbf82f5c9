import type { RequestCode, StateChange, StateCode } from "push-it-client";
import { MAX_CREDENTIALS_BYTES, MAX_FRAME_BYTES } from "../../../protocol/index.js";
import { bytes } from "./format.js";

/** Why API Gateway, or the network, closes: docs/PROTOCOL.md, "Close codes". */
const CLOSE_CODES: Record<number, string> = {
  1000: "normal",
  1001: "how API Gateway ends idle and old connections",
  1003: "API Gateway takes no binary frames",
  1005: "no code was given",
  1006: "lost, or the handshake was refused",
  1009: `a frame was larger than ${bytes(MAX_FRAME_BYTES)}`,
  1011: "the server failed",
};

/** A WebSocket close code, and its meaning here. */
export const closeWords = (code: number): string => [String(code), CLOSE_CODES[code]].filter(Boolean).join(", ");

/** To stay small, the SDK reports codes. It has a reason only if the server or a guard gives one. */
const STATES: Partial<Record<StateCode, string>> = {
  connect: "Opening a connection.",
  connected: "The server accepted this agent.",
  disconnect: "Disconnected by this page.",
  closed: "The connection was closed",
  unreachable: "The stage cannot be reached, or refused the handshake",
  unresponsive: "A ping was not answered in time.",
  timeout: "The attempt took too long.",
  denied: "The connection guard said no.",
  unknown_agent: "The server does not know this connection any more.",
  internal: "A function of the stage failed.",
  throttled: "The stage is throttled.",
};

const REQUESTS: Partial<Record<RequestCode, string>> = {
  timeout: "No answer in time: it may or may not have happened.",
  closed: "There is no connection, or it was lost before the answer came.",
  denied: "A guard said no.",
  internal: "A function of the stage failed: it may or may not have happened.",
  throttled: "The stage is throttled: try again later.",
  too_large: `A frame holds at most ${bytes(MAX_FRAME_BYTES)}.`,
  queue_full: "Too many publications wait to be sent.",
  credentials_too_large: `Credentials are at most ${bytes(MAX_CREDENTIALS_BYTES)} of JSON.`,
};

/** Why the state changed, for people. */
export const stateWords = ({ code, reason }: Pick<StateChange, "code" | "reason">): string => {
  const words = STATES[code];
  const closed = /^(\d{4})\s*(.*)$/.exec(reason);
  if (closed && words) return `${words} (${[closeWords(Number(closed[1])), closed[2]].filter(Boolean).join("; ")}).`;
  return reason || words || code;
};

/** Why a request failed, as text: the server's or guard's own reason if there is one. */
export const requestWords = (code: RequestCode, reason: string): string =>
  (reason === code ? "" : reason) || REQUESTS[code] || code;
