import type { Frame } from "../../delivery/frame.js";
import { POSTS_IN_FLIGHT } from "../../delivery/adaptive-concurrency.js";
import type { Connections, ConnectionStates, Log, PostResult } from "../../ports.js";
import { endpointOf, SignedClient, type SignedRequest, type SignedResponse } from "../http/signed-request.js";

/** Maximum time of one call, in milliseconds. A function's margin is longer than that. */
const CALL_MS = 3_000;

const resultOf = (status: number): PostResult => {
  if (status >= 200 && status < 300) return "sent";
  if (status === 410) return "gone";
  if (status === 429) return "busy";
  return status >= 400 && status < 500 ? "refused" : "failed";
};

/** The result of a call: a response, or why there is none. */
type Answer = SignedResponse | { status: 0; error: string };

const pathOf = (connectionId: string): string => `/@connections/${encodeURIComponent(connectionId)}`;

/** A frame is text, but the API takes any bytes. */
const FRAME_HEADERS = { "Content-Type": "application/octet-stream" };

/** Why a call failed, for the log: API Gateway's error, or the error of the request. */
const reasonOf = ({ headers, body }: SignedResponse): string =>
  `${String(headers["x-amzn-errortype"] ?? "")} ${body}`.trim();

/**
 * API Gateway's `@connections`, at the endpoint in `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI`. It retries only a call
 * whose socket broke while the environment was frozen, once. The caller decides about all other retries.
 * @see
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
 */
export class ManagementApi implements Connections, ConnectionStates {
  // Each concurrent post has its own socket, so that none waits for another.
  readonly #client = new SignedClient({
    service: "execute-api",
    endpoint: endpointOf("execute-api", "APIGATEWAYMANAGEMENTAPI"),
    maxSockets: POSTS_IN_FLIGHT,
  });
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  async post(connectionId: string, frame: Frame, withinMs = CALL_MS): Promise<PostResult> {
    const answer = await this.#call({
      method: "POST",
      path: pathOf(connectionId),
      headers: FRAME_HEADERS,
      body: frame,
      timeoutMs: withinMs,
    });
    const result = resultOf(answer.status);
    if (result === "failed" || result === "refused") this.#warn("post_failed", connectionId, answer);
    return result;
  }

  async close(connectionId: string, withinMs = CALL_MS): Promise<boolean> {
    const answer = await this.#call({ method: "DELETE", path: pathOf(connectionId), timeoutMs: withinMs });
    const result = resultOf(answer.status);
    if (result === "sent" || result === "gone") return true;
    this.#warn("close_failed", connectionId, answer);
    return false;
  }

  async exists(connectionId: string): Promise<boolean | undefined> {
    const answer = await this.#call({ method: "GET", path: pathOf(connectionId), timeoutMs: CALL_MS });
    const result = resultOf(answer.status);
    if (result === "sent") return true;
    if (result === "gone") return false;
    if (result !== "busy") this.#warn("check_failed", connectionId, answer);
    return undefined;
  }

  async #call(request: SignedRequest): Promise<Answer> {
    try {
      return await this.#client.send(request);
    } catch (error) {
      return { status: 0, error: String(error) };
    }
  }

  #warn(event: string, connection: string, answer: Answer): void {
    const error = "error" in answer ? answer.error : reasonOf(answer);
    this.#log.warn(event, { connection, status: answer.status, error });
  }
}
