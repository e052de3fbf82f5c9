import {
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { buffer } from "node:stream/consumers";
import { messageOf } from "../failure.js";
import { type HttpServer, startHttpServer } from "../http-server.js";
import type { Credentials } from "../lambda/credentials.js";
import { dynamoDbCalls } from "./dynamodb-calls.js";
import type { Permissions } from "./permissions.js";
import { Signatures, type Signer } from "./signatures.js";

/** What stands between functions and the engine. */
export interface DynamoDbProxyOptions {
  /** The engine, such as `http://127.0.0.1:8000`. */
  upstream: string;
  credentials: Credentials;
  permissions: Permissions;
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
export const startDynamoDbProxy = async (options: DynamoDbProxyOptions): Promise<HttpServer> => {
  const engine = new Engine(new URL(options.upstream));
  const gate = new Gate(options);
  const server = await startHttpServer((request, response) => void serve(request, response, gate, engine));
  const close = (): Promise<void> => {
    engine.close();
    return server.close();
  };
  return { endpoint: server.endpoint, close };
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
  readonly #signatures: Signatures;

  constructor(private readonly options: DynamoDbProxyOptions) {
    this.#signatures = new Signatures(options.credentials, "dynamodb");
  }

  /** Why a request may not go on. */
  check(request: IncomingMessage, body: Buffer): DynamoDbFault | undefined {
    const { permissions } = this.options;
    const signer = this.#signatures.signer(request, body);
    if ("fault" in signer) return FAULTS[signer.fault];
    const [, operation] = TARGET.exec(String(request.headers["x-amz-target"])) ?? [];
    const asked = parsed(body);
    // The engine knows best how to refuse what is no request of DynamoDB.
    if (operation === undefined || asked === undefined) return undefined;
    const refusal = permissions.check(signer.functionId, dynamoDbCalls(operation, asked, permissions.place));
    return refusal && { type: "AccessDeniedException", message: refusal.message };
  }
}

const UNSIGNED = { type: "MissingAuthenticationTokenException", message: "Request is missing Authentication Token" };

const BAD_SIGNATURE = {
  type: "InvalidSignatureException",
  message: "The request signature we calculated does not match the signature you provided.",
};

const FAULTS: Record<Extract<Signer, { fault: unknown }>["fault"], DynamoDbFault> = {
  unsigned: UNSIGNED,
  incomplete: UNSIGNED,
  unknown: {
    type: "UnrecognizedClientException",
    message: "The security token included in the request is invalid.",
  },
  invalid: BAD_SIGNATURE,
  expired: BAD_SIGNATURE,
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
