import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { MAX_BYTES } from "../../services/events/put-events.js";
import { UserError } from "../../core/user-error.js";

/** The path for events that AWS services would send. */
export const EVENTS_PATH = "/events";

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/**
 * Accepts one event, as JSON, from a program on this machine. A page of another site cannot send one: posting JSON
 * needs a preflight request, which is never answered, and the host must be this machine's.
 * @param emit puts the event on the default bus; throws UserError if it is invalid
 */
export const postedEvents =
  (emit: (event: unknown) => string[]) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refusal = refusalOf(request);
    if (refusal !== undefined) return send(response, refusal, { message: MESSAGES[refusal] });
    const body = await buffer(request).catch(() => undefined);
    if (body === undefined) return;
    try {
      send(response, 202, { rules: emit(JSON.parse(body.toString())) });
    } catch (error) {
      if (!(error instanceof UserError) && !(error instanceof SyntaxError)) throw error;
      send(response, 400, { message: error instanceof UserError ? error.message : "The event is not JSON." });
    }
  };

type Refusal = keyof typeof MESSAGES;

const MESSAGES = {
  403: "Events are taken from programs on this machine only.",
  411: "Say how long the event is: Content-Length.",
  413: "An event may have 1 MB.",
  415: "An event is application/json.",
};

/**
 * Remote addresses of programs on this machine. The Host header alone proves nothing, because a host name can be
 * forged.
 */
const HERE = /^(::ffff:)?127\.|^::1$/;

const refusalOf = ({ headers, socket }: IncomingMessage): Refusal | undefined => {
  const { host = "", origin } = headers;
  if (
    !HERE.test(socket.remoteAddress ?? "") ||
    !LOOPBACK.test(host) ||
    (origin !== undefined && origin !== `http://${host}`)
  )
    return 403;
  if (!/^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "")) return 415;
  if (headers["content-length"] === undefined) return 411;
  return Number(headers["content-length"]) > MAX_BYTES ? 413 : undefined;
};

const send = (response: ServerResponse, status: number, body: object): void => {
  const text = JSON.stringify(body);
  // Whatever was not read of a refused request is not read any more.
  const connection = status === 202 ? {} : { connection: "close" };
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...connection,
  });
  response.end(text);
};
