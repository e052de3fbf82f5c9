import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { type ServerApiResponse, MAX_REQUEST_BYTES, SERVER_API_VERSION as version } from "../../../protocol/index.js";
import { DEFAULT_MESSAGES } from "../../../protocol/code-messages.js";
import type { Log } from "../../ports.js";
import { isObject } from "../../requests/frame-parser.js";

/** The relevant part of a function URL's event (payload format 2.0). */
export interface UrlEvent {
  requestContext: { http: { method: string } };
  body?: string;
  isBase64Encoded?: boolean;
}

/** Whether an event comes from the function's URL; otherwise it is the request itself. */
export const isUrlEvent = (event: unknown): event is UrlEvent =>
  isObject(event) && isObject(event["requestContext"]) && isObject(event["requestContext"]["http"]);

const answer = (
  statusCode: number,
  body: unknown,
  headers: Record<string, string> = {},
): APIGatewayProxyStructuredResultV2 => ({
  statusCode,
  headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  body: JSON.stringify(body),
});

const refused = (
  statusCode: number,
  error: string,
  headers?: Record<string, string>,
): APIGatewayProxyStructuredResultV2 => answer(statusCode, { version, error, code: "bad_request" }, headers);

const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
};

/** Handles a request to the function's URL. Failures are logged, and the response has no details. */
export const overHttp = async (
  event: UrlEvent,
  serve: (request: unknown) => Promise<ServerApiResponse>,
  log: Pick<Log, "error">,
): Promise<APIGatewayProxyStructuredResultV2> => {
  const { method } = event.requestContext.http;
  if (method !== "POST") return refused(405, "The method must be POST.", { allow: "POST" });
  const body = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
  if (body.length > MAX_REQUEST_BYTES) return refused(413, `A request may have at most ${MAX_REQUEST_BYTES} bytes.`);
  const request = parsed(body);
  if (request === undefined) return refused(400, "The body must be JSON.");
  try {
    const response = await serve(request);
    return answer("code" in response ? 400 : 200, response);
  } catch (error) {
    log.error("request_failed", { error: String(error) });
    return answer(503, { version, error: DEFAULT_MESSAGES.unavailable, code: "unavailable" });
  }
};
