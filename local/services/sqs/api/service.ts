import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { messageOf } from "../../../core/user-error.js";
import { type HttpServer, startHttpServer } from "../../../core/http/server.js";
import type { Permissions } from "../../../core/authorization/permissions.js";
import {
  SIGNATURE_ERRORS,
  SIGNATURE_MESSAGES,
  type SignatureVerifier,
} from "../../../core/authorization/signatures.js";
import { readBody } from "../../../core/http/read-body.js";
import { MAX_REQUEST_BYTES } from "../limits.js";
import type { Log } from "../../../core/log.js";
import { addressOf, queueArn } from "./address.js";
import { Errors, SqsError } from "../errors.js";
import { payloadBytes, type QueueRequestMeter } from "../metering.js";
import { OPERATIONS } from "./operations.js";
import type { Queues } from "../queue/queues.js";
import { SqsRequest } from "./request.js";

/** Options of the SQS API. */
export interface SqsServiceOptions {
  /** Of requests that are for `sqs`. */
  signatures: SignatureVerifier;
  permissions: Pick<Permissions, "check" | "callerOf" | "place">;
  queues: Queues;
  log: Log;
  /** Epoch milliseconds. */
  now: () => number;
  /** Receives the billable usage. @default requests are not metered */
  meter?: SqsMeter | undefined;
}

/** Meters requests to queues. */
export interface SqsMeter extends QueueRequestMeter {
  /**
   * A caller calls SQS.
   * @returns a function that is called after the response
   */
  call(accessKeyId: string, kind: "sqs"): () => void;
}

const TARGET = /^AmazonSQS\.(\w+)$/;

/**
 * Serves SQS to functions of this run. Signatures are verified, and the callers' policies are checked.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html
 */
export class SqsService {
  #options: SqsServiceOptions | undefined;
  #server: HttpServer | undefined;

  /**
   * Starts to listen, because queue URLs in the template contain the address; see {@link serve}.
   * @param server a server that listens already. @default a new one on a free port
   */
  static async listen(server?: Server): Promise<SqsService> {
    const service = new SqsService();
    service.#server = await startHttpServer((request, response) => void service.#serve(request, response), server);
    return service;
  }

  /** Such as `http://127.0.0.1:49152`. */
  get endpoint(): string {
    return this.#server?.endpoint ?? "";
  }

  /** Starts to answer requests. */
  serve(options: SqsServiceOptions): void {
    this.#options = options;
  }

  /** Stops the server and cuts open connections. */
  async close(): Promise<void> {
    await this.#server?.close();
  }

  /** Never rejects. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const requestId = randomUUID();
    try {
      respond(response, requestId, 200, await this.#answer(request, gone.signal));
    } catch (error) {
      if (error instanceof SqsError) return refuse(response, requestId, error);
      if (gone.signal.aborted) return;
      this.#options?.log({ level: "error", source: "sqs", message: `A request failed: ${messageOf(error)}` });
      respond(response, requestId, 500, { __type: "InternalFailure", message: "Internal failure" });
    } finally {
      // The rest of a body that is too large is not read, so the connection cannot be used again.
      response.shouldKeepAlive &&= request.complete;
    }
  }

  /**
   * Checks the signature, the permission and then the queue's existence, so that callers learn only permitted facts.
   */
  async #answer(request: IncomingMessage, signal: AbortSignal): Promise<object> {
    const options = this.#options;
    if (!options) throw Errors.noQueue();
    const { signatures, permissions, queues, now, meter } = options;
    const body = await readBody(request, MAX_REQUEST_BYTES);
    if (body === "too large")
      throw new SqsError("RequestEntityTooLargeException", "RequestEntityTooLarge", "The request is too large.", 413);
    const signer = signatures.signer(request, body);
    if ("fault" in signer) throw signatureError(signer.fault);
    const [, name = ""] = TARGET.exec(String(request.headers["x-amz-target"])) ?? [];
    const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
    if (!operation)
      throw new SqsError("UnknownOperationException", "UnknownOperation", `${name} is not served locally.`, 404);
    const members = new SqsRequest(parse(body));
    const address = addressOf(name, members, permissions.place);
    if (!address) throw Errors.noQueue();
    const arn = queueArn(address, permissions.place);
    const refusal = permissions.check(signer.callerId, [{ action: operation.action, resource: arn }]);
    // SQS writes actions in lower case.
    if (refusal) throw Errors.denied(refusal.message.replaceAll(operation.action, operation.action.toLowerCase()));
    const served = queues.findArn(arn);
    if (!served) return this.#missing(arn);
    const { userId } = permissions.callerOf(signer.callerId);
    const end = meter?.call(signer.accessKeyId, "sqs");
    const answer = await Promise.resolve(
      operation.run(served, members, { senderId: userId, now: now(), signal }),
    ).finally(end);
    meter?.queueRequest(payloadBytes(members, answer));
    return answer;
  }

  #missing(arn: string): never {
    const message = `There is no queue ${arn} here: it is not among the template's that are served.`;
    this.#options?.log({ level: "warn", source: "sqs", message });
    throw Errors.noQueue();
  }
}

const signatureError = (fault: keyof typeof SIGNATURE_ERRORS): SqsError =>
  new SqsError(
    SIGNATURE_ERRORS[fault],
    SIGNATURE_ERRORS[fault].replace(/Exception$/, ""),
    SIGNATURE_MESSAGES[fault],
    403,
  );

const parse = (body: Buffer): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(body.toString());
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // The body is not JSON.
  }
  throw Errors.serialization("The request");
};

const refuse = (response: ServerResponse, requestId: string, { type, code, message, status }: SqsError): void => {
  const namespace = type === "QueueDoesNotExist" ? "com.amazonaws.sqs" : "com.amazon.coral.service";
  const headers = { "x-amzn-query-error": `${code};Sender` };
  respond(response, requestId, status, { __type: `${namespace}#${type}`, message }, headers);
};

const respond = (
  response: ServerResponse,
  requestId: string,
  status: number,
  body: object,
  more: object = {},
): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/x-amz-json-1.0",
    "content-length": Buffer.byteLength(text),
    "x-amzn-requestid": requestId,
    ...more,
  });
  response.end(text);
};
