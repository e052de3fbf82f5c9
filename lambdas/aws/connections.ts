import { POSTS_IN_FLIGHT } from "../core/distribution.js";
import type { Connections, Log, PostResult } from "../core/ports.js";
import { endpointOf, isBroken, SignedClient, type SignedRequest, type SignedResponse } from "./signed-request.js";

/**
 * How often a call is made whose socket broke. A post that was made twice arrives twice, which the protocol allows; one
 * that was not made costs its recipient the connection.
 */
const SOCKET_ATTEMPTS = 3;

/** How long one call may take altogether, in milliseconds. A function's margin is longer than that. */
export const CALL_MS = 3_000;

const resultOf = (status: number): PostResult => {
  if (status >= 200 && status < 300) return "sent";
  if (status === 410) return "gone";
  if (status === 429) return "busy";
  return status >= 400 && status < 500 ? "refused" : "failed";
};

/** Why a call failed, for the log: what API Gateway says of it, or what became of the request. */
const reasonOf = ({ headers, body }: SignedResponse): string => `${String(headers["x-amzn-errortype"] ?? "")} ${body}`.trim();

/**
 * API Gateway's `@connections`, at the endpoint that `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI` names. No answer is
 * retried here: what to retry, and for how long, is decided by who posts.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
 */
export class ManagementApi implements Connections {
  // Each post under way has a socket of its own, so that none waits for another.
  readonly #client = new SignedClient({
    service: "execute-api",
    endpoint: endpointOf("execute-api", "APIGATEWAYMANAGEMENTAPI"),
    maxSockets: POSTS_IN_FLIGHT,
  });
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  async post(connectionId: string, frame: string): Promise<PostResult> {
    const { status, reason } = await this.#call(connectionId, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: frame,
    });
    const result = resultOf(status);
    if (result === "failed" || result === "refused") {
      this.#log.warn("post_failed", { connection: connectionId, status, error: reason });
    }
    return result;
  }

  async close(connectionId: string): Promise<boolean> {
    const { status, reason } = await this.#call(connectionId, { method: "DELETE" });
    const result = resultOf(status);
    if (result === "sent" || result === "gone") return true;
    this.#log.warn("close_failed", { connection: connectionId, status, error: reason });
    return false;
  }

  /** `status` is 0 when there was no answer. */
  async #call(
    connectionId: string,
    request: Omit<SignedRequest, "path" | "timeoutMs">,
  ): Promise<{ status: number; reason: string }> {
    const path = `/@connections/${encodeURIComponent(connectionId)}`;
    const deadline = performance.now() + CALL_MS;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await this.#client.send({ ...request, path, timeoutMs: deadline - performance.now() });
        return { status: response.status, reason: reasonOf(response) };
      } catch (error) {
        const again = attempt < SOCKET_ATTEMPTS && isBroken(error as NodeJS.ErrnoException);
        if (!again) return { status: 0, reason: String(error) };
      }
    }
  }
}
