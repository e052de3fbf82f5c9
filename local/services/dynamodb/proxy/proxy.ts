import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { readWholeBody } from "../../../core/http/read-body.js";
import { messageOf } from "../../../core/user-error.js";
import { type HttpServer, startHttpServer } from "../../../core/http/server.js";
import type { Credentials } from "../../../core/credentials.js";
import { dynamoDbCalls } from "./permission.js";
import { EngineForwarder } from "./forwarder.js";
import { type DynamoDbCall, type FaultInjection, injectFault } from "./faults.js";
import { type CapacityControl, forwardMetered } from "./capacity.js";
import type { Permissions } from "../../../core/authorization/permissions.js";
import { SignatureVerifier, type Signer } from "../../../core/authorization/signatures.js";

/** What stands between functions and the engine. */
export interface DynamoDbProxyOptions {
  /** The engine, such as `http://127.0.0.1:8000`. */
  upstream: string;
  credentials: Credentials;
  permissions: Permissions;
  /** What counts and bounds capacity. @default nothing does */
  capacity?: CapacityControl;
  /** Faults that a test strikes with. @default none */
  faults?: FaultInjection;
  /** A server that listens already. @default one on a free port */
  server?: Server;
}

/** An error of DynamoDB's protocol: always 400, its type behind a namespace. */
interface DynamoDbError {
  type: string;
  message: string;
}

const TARGET = /^DynamoDB_\d{8}\.(\w+)$/;

/**
 * Starts the proxy that judges functions' calls to DynamoDB. The engine behind it does not look at signatures, so that
 * requests go on as they came: verified, allowed, not signed again. Answers are passed through as they arrive.
 */
export const startDynamoDbProxy = async (options: DynamoDbProxyOptions): Promise<HttpServer> => {
  const engine = new EngineForwarder(new URL(options.upstream));
  const authorizer = new RequestAuthorizer(options);
  const server = await startHttpServer(
    (request, response) => void serve(request, response, authorizer, engine, options),
    options.server,
  );
  const close = (): Promise<void> => {
    engine.close();
    return server.close();
  };
  return { ...server, close };
};

const serve = async (
  request: IncomingMessage,
  response: ServerResponse,
  authorizer: RequestAuthorizer,
  engine: EngineForwarder,
  { capacity, faults }: DynamoDbProxyOptions,
): Promise<void> => {
  try {
    const body = await readWholeBody(request);
    const verdict = authorizer.check(request, body);
    if ("fault" in verdict) return refuse(response, verdict.fault);
    const fault = "allowed" in verdict ? faults?.faults.onCall?.(verdict.allowed) : undefined;
    if (faults && fault && "allowed" in verdict) {
      await injectFault(fault, { request, body, response }, verdict.allowed, engine, faults.environments);
    } else if (capacity && "allowed" in verdict)
      await forwardMetered(request, response, verdict.allowed, engine, capacity);
    else await engine.forward(request, body, response);
  } catch (error) {
    // What the SDK takes for a failure of the service, and tries again.
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end(messageOf(error));
  }
};

const refuse = (response: ServerResponse, { type, message }: DynamoDbError): void => {
  response.writeHead(400, { "content-type": "application/x-amz-json-1.0" });
  response.end(JSON.stringify({ __type: `com.amazon.coral.service#${type}`, Message: message }));
};

/** Whether a request may go on; what is no request of DynamoDB goes on unread. */
type Authorization = { fault: DynamoDbError } | { allowed: DynamoDbCall } | { unread: true };

/** Who may pass: functions of this run, with what their roles allow. */
class RequestAuthorizer {
  readonly #signatures: SignatureVerifier;

  constructor(private readonly options: DynamoDbProxyOptions) {
    this.#signatures = new SignatureVerifier(options.credentials, "dynamodb");
  }

  check(request: IncomingMessage, body: Buffer): Authorization {
    const { permissions } = this.options;
    const signer = this.#signatures.signer(request, body);
    if ("fault" in signer) return { fault: FAULTS[signer.fault] };
    const [, operation] = TARGET.exec(String(request.headers["x-amz-target"])) ?? [];
    const asked = parsed(body);
    // The engine knows best how to refuse what is no request of DynamoDB.
    if (operation === undefined || asked === undefined) return { unread: true };
    const refusal = permissions.check(signer.callerId, dynamoDbCalls(operation, asked, permissions.place));
    if (refusal) return { fault: { type: "AccessDeniedException", message: refusal.message } };
    return { allowed: { functionId: signer.callerId, accessKeyId: signer.accessKeyId, operation, asked } };
  }
}

const UNSIGNED = { type: "MissingAuthenticationTokenException", message: "Request is missing Authentication Token" };

const BAD_SIGNATURE = {
  type: "InvalidSignatureException",
  message: "The request signature we calculated does not match the signature you provided.",
};

const FAULTS: Record<Extract<Signer, { fault: unknown }>["fault"], DynamoDbError> = {
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
