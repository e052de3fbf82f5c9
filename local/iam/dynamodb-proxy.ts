import {
  Agent as HttpAgent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { messageOf } from "../failure.js";
import { type Authorization, authorization, Verifier } from "../gateway/management/sigv4.js";
import type { Credentials } from "../lambda/credentials.js";
import { dynamoDbCalls } from "./dynamodb-calls.js";
import type { Permissions } from "./permissions.js";

/** What stands between functions and the engine. */
export interface DynamoDbProxyOptions {
  /** The engine, such as `http://127.0.0.1:8000`. */
  upstream: string;
  credentials: Credentials;
  permissions: Permissions;
}

/** A running proxy. */
export interface DynamoDbProxy {
  /** What functions are given as DynamoDB's endpoint. */
  endpoint: string;
  close(): Promise<void>;
}

/** An error of DynamoDB's protocol: always 400, its type behind a namespace. */
interface DynamoDbFault {
  type: string;
  message: string;
}

const TARGET = /^DynamoDB_\d{8}\.(\w+)$/;

/**
 * Starts the proxy that judges functions' calls to DynamoDB. The engine behind it does not look at signatures, so that
 * requests go on as they came: verified, allowed, not signed again. Answers are passed through as they arrive.
 */
export const startDynamoDbProxy = async (options: DynamoDbProxyOptions): Promise<DynamoDbProxy> => {
  const engine = new Engine(new URL(options.upstream));
  const gate = new Gate(options);
  const server = createServer((request, response) => void serve(request, response, gate, engine));
  // Functions keep their connections; a frozen one must find its own still there.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        engine.close();
      }),
  };
};

const serve = async (request: IncomingMessage, response: ServerResponse, gate: Gate, engine: Engine): Promise<void> => {
  try {
    const body = await buffer(request);
    const fault = gate.check(request, body);
    if (fault) refuse(response, fault);
    else await engine.forward(request, body, response);
  } catch (error) {
    // What the SDK takes for a failure of the service, and tries again.
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end(messageOf(error));
  }
};

const refuse = (response: ServerResponse, { type, message }: DynamoDbFault): void => {
  response.writeHead(400, { "content-type": "application/x-amz-json-1.0" });
  response.end(JSON.stringify({ __type: `com.amazon.coral.service#${type}`, Message: message }));
};

/** Who may pass: functions of this run, with what their roles allow. */
class Gate {
  readonly #verifier = new Verifier();

  constructor(private readonly options: DynamoDbProxyOptions) {}

  /** Why a request may not go on. */
  check({ headers, method = "", url = "" }: IncomingMessage, body: Buffer): DynamoDbFault | undefined {
    const { credentials, permissions } = this.options;
    const by = authorization(headers.authorization ?? "");
    if (!by) return { type: "MissingAuthenticationTokenException", message: "Request is missing Authentication Token" };
    const functionId = credentials.identify(by.accessKeyId);
    if (functionId === undefined) return UNKNOWN_CLIENT;
    if (!this.#genuine({ method, url, headers, body }, by)) return BAD_SIGNATURE;
    const [, operation] = TARGET.exec(String(headers["x-amz-target"])) ?? [];
    const request = parsed(body);
    // The engine knows best how to refuse what is no request of DynamoDB.
    if (operation === undefined || request === undefined) return undefined;
    const refusal = permissions.check(functionId, dynamoDbCalls(operation, request, permissions.place));
    return refusal && { type: "AccessDeniedException", message: refusal.message };
  }

  #genuine(request: Parameters<Verifier["verify"]>[0], by: Authorization): boolean {
    const secret = this.options.credentials.secretFor(by.accessKeyId) ?? "";
    return this.#verifier.verify(request, by, secret, Date.now()) === "valid";
  }
}

const UNKNOWN_CLIENT = {
  type: "UnrecognizedClientException",
  message: "The security token included in the request is invalid.",
};

const BAD_SIGNATURE = {
  type: "InvalidSignatureException",
  message: "The request signature we calculated does not match the signature you provided.",
};

const parsed = (body: Buffer): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
};

/** Each side keeps its connections as it likes. */
const withoutConnection = ({ connection: _, "keep-alive": __, ...headers }: IncomingHttpHeaders): IncomingHttpHeaders =>
  headers;

/** The engine behind the proxy, over connections that are kept. */
class Engine {
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;

  constructor(private readonly url: URL) {
    const secure = url.protocol === "https:";
    this.#agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true });
    this.#request = secure ? httpsRequest : httpRequest;
  }

  /** Passes a request on, and its answer back; rejects when the engine does not answer. */
  forward(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    return new Promise((resolve, reject) => {
      const { hostname, port, host, pathname } = this.url;
      const path = pathname.replace(/\/$/, "") + (request.url ?? "/");
      const { method, headers } = request;
      const target = { hostname, port, path, method, headers: { ...headers, host }, agent: this.#agent };
      const sent = this.#request(target, (answer) => {
        response.writeHead(answer.statusCode ?? 502, withoutConnection(answer.headers));
        answer.pipe(response);
        answer.once("error", reject);
        response.once("close", resolve);
      });
      sent.once("error", (error: NodeJS.ErrnoException) => {
        // The engine gave up a kept connection just as it was used again: any client would send the request anew.
        if (sent.reusedSocket && error.code === "ECONNRESET") resolve(this.forward(request, body, response));
        else reject(error);
      });
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
