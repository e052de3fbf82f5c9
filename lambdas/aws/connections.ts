import {
  ApiGatewayManagementApiClient,
  ApiGatewayManagementApiServiceException,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { POSTS_IN_FLIGHT } from "../core/fan-out.js";
import type { Connections, Log, PostResult } from "../core/ports.js";

/**
 * How often a call is made whose socket broke. An environment that was frozen wakes up with sockets that API Gateway
 * has closed meanwhile, and finds that out one by one.
 */
const SOCKET_ATTEMPTS = 3;

/** How long one call may take to connect and to be answered, in milliseconds. */
const CONNECT_MS = 1_000;
const ANSWER_MS = 2_000;

/** How long one call may take altogether, in milliseconds. A function's margin is longer than that. */
export const CALL_MS = CONNECT_MS + ANSWER_MS;

/** Each post under way has a socket of its own: the SDK's 50 would have some wait for others. */
const agent = { keepAlive: true, maxSockets: POSTS_IN_FLIGHT };

const resultOf = (status: number): PostResult => {
  if (status === 410) return "gone";
  if (status === 429) return "busy";
  return status >= 400 && status < 500 ? "refused" : "failed";
};

const BROKEN = new Set(["ECONNRESET", "EPIPE"]);

const overBrokenSockets = async (call: () => Promise<unknown>): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await call();
      return;
    } catch (error) {
      if (attempt === SOCKET_ATTEMPTS || !BROKEN.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
};

const statusOf = (error: unknown): number =>
  error instanceof ApiGatewayManagementApiServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0;

/**
 * API Gateway's `@connections`, at the endpoint that `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI` names. The SDK's own
 * retries are off: what to retry, and for how long, is decided by who posts.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
 */
export class ManagementApi implements Connections {
  readonly #client = new ApiGatewayManagementApiClient({
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: ANSWER_MS,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  async post(connectionId: string, frame: string): Promise<PostResult> {
    try {
      const input = { ConnectionId: connectionId, Data: Buffer.from(frame) };
      await overBrokenSockets(() => this.#client.send(new PostToConnectionCommand(input)));
      return "sent";
    } catch (error) {
      const status = statusOf(error);
      const result = resultOf(status);
      if (result === "failed" || result === "refused") {
        this.#log.warn("post_failed", { connection: connectionId, status, error: String(error) });
      }
      return result;
    }
  }

  async close(connectionId: string): Promise<boolean> {
    try {
      await overBrokenSockets(() => this.#client.send(new DeleteConnectionCommand({ ConnectionId: connectionId })));
      return true;
    } catch (error) {
      const status = statusOf(error);
      if (status === 410) return true;
      this.#log.warn("close_failed", { connection: connectionId, status, error: String(error) });
      return false;
    }
  }
}
