import { CloseReasons } from "../connections/close-codes.js";
import type { Connection, SendOutcome } from "../connections/connection.js";
import type { GatewayContext } from "../context.js";
import { sendMetered } from "../metering.js";
import { Errors, type ManagementError } from "./errors.js";

/** The response of an operation: an error, or a success with an optional JSON body. */
export type ManagementAnswer = ManagementError | { status: 200 | 204; body?: string };

const ANSWERS: Record<SendOutcome, ManagementAnswer> = {
  sent: { status: 200 },
  gone: Errors.gone,
  full: Errors.limit,
  tooBig: Errors.tooLarge,
};

const sendLater = (context: GatewayContext, connection: Connection, body: Buffer, ms: number): ManagementAnswer => {
  setTimeout(() => sendMetered(context, connection, body), ms).unref();
  return ANSWERS.sent;
};

/** `POST`: sends the body, which is not larger than a message may be, to the client as one text frame. */
export const post = (context: GatewayContext, id: string, body: Buffer): ManagementAnswer => {
  const fault = context.faults.beforePost?.(id, body);
  if (fault === "gone") return Errors.gone;
  if (fault === "limit") return Errors.limit;
  if (fault === "error") return Errors.failed;
  const connection = context.registry.get(id);
  if (!connection) return Errors.gone;
  if (fault === "lose") return ANSWERS.sent;
  if (fault === "duplicate") sendMetered(context, connection, body);
  const late = context.faults.delayPost?.(id);
  return late ? sendLater(context, connection, body, late) : ANSWERS[sendMetered(context, connection, body)];
};

/** `GET`: describes the connection. */
export const describe = (context: GatewayContext, id: string): ManagementAnswer => {
  const connection = context.registry.get(id);
  if (!connection) return Errors.gone;
  const { connectedAt, sourceIp, userAgent } = connection.facts;
  const description = {
    connectedAt: new Date(connectedAt).toISOString(),
    identity: { sourceIp, userAgent },
    lastActiveAt: new Date(connection.lastActiveAt).toISOString(),
  };
  return { status: 200, body: JSON.stringify(description) };
};

/** `DELETE`: closes the connection. */
export const remove = (context: GatewayContext, id: string): ManagementAnswer => {
  const connection = context.registry.get(id);
  if (!connection) return Errors.gone;
  connection.close(CloseReasons.deleted);
  return { status: 204 };
};
