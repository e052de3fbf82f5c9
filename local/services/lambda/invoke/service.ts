import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { messageOf } from "../../../core/user-error.js";
import { type HttpServer, startHttpServer } from "../../../core/http/server.js";
import type { Permissions } from "../../../core/authorization/permissions.js";
import { SignatureVerifier } from "../../../core/authorization/signatures.js";
import type { Credentials } from "../../../core/credentials.js";
import { BILLED_HEADER } from "../messages.js";
import type { FunctionModel } from "../../../assembly/model/functions.js";
import type { Invoker } from "../../../core/invoker.js";
import type { Log, LogEntry } from "../../../core/log.js";
import type { SystemModel } from "../../../assembly/model/system.js";
import * as answers from "./responses.js";
import type { InvokeResponse } from "./responses.js";
import { invokeCall, invocationPath, targetOf } from "./target.js";
import { MAX_ASYNC_BYTES, MAX_SYNC_BYTES } from "./limits.js";
import { readBody } from "../../../core/http/read-body.js";
import { parsePayload } from "./payload.js";

/** Options of the Invoke API. */
export interface LambdaServiceOptions {
  credentials: Credentials;
  permissions: Permissions;
  /** Returns the current model. */
  model: () => Pick<SystemModel, "functions" | "unrunnable">;
  /** Runs functions while their callers wait. */
  invoker: Invoker;
  /** Adds an asynchronous invocation. */
  enqueue: (functionId: string, event: unknown, requestId: string) => void;
  log: Log;
  /** A server that listens already. @default one on a free port */
  server?: Server;
  /**
   * Called for each request. It returns a function that is called after the response, with the billed duration of the
   * invoked function.
   * @default requests are not metered
   */
  meter?: ((accessKeyId: string, kind: "invoke" | "invokeAsync") => (calleeMs?: number) => void) | undefined;
}

/**
 * Serves Lambda's `Invoke` to functions of this run. Signatures are verified, and the callers' policies are checked.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export const startLambdaService = (options: LambdaServiceOptions): Promise<HttpServer> => {
  const service = new LambdaService(options);
  return startHttpServer((request, response) => void service.serve(request, response), options.server);
};

class LambdaService {
  readonly #signatures: SignatureVerifier;

  constructor(private readonly options: LambdaServiceOptions) {
    this.#signatures = new SignatureVerifier(options.credentials, "lambda");
  }

  /** Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    const answer = await this.#read(request, requestId);
    // The rest of a body that is too large is not read, so the connection cannot be used again.
    response.shouldKeepAlive &&= request.complete;
    const length = answer.status === 204 ? {} : { "content-length": Buffer.byteLength(answer.body) };
    response.writeHead(answer.status, { ...answer.headers, ...length, "x-amzn-requestid": requestId }).end(answer.body);
  }

  async #read(request: IncomingMessage, requestId: string): Promise<InvokeResponse> {
    try {
      const body = await readBody(request, MAX_SYNC_BYTES);
      return body === "too large" ? answers.InvokeErrors.tooLarge : await this.#answer(request, body, requestId);
    } catch (error) {
      // If the caller has disconnected, there is no response and no log entry.
      if (!request.destroyed || request.complete) this.#log("error", `An invocation failed: ${messageOf(error)}`);
      return answers.InvokeErrors.failed;
    }
  }

  /**
   * Checks the signature, the permission and then the function's existence, so that callers learn only permitted facts.
   */
  async #answer(request: IncomingMessage, body: Buffer, requestId: string): Promise<InvokeResponse> {
    const { permissions, model } = this.options;
    const signer = this.#signatures.signer(request, body);
    if ("fault" in signer) return answers.InvokeErrors[signer.fault];
    const path = invocationPath(request.url ?? "");
    if (!path || request.method !== "POST") return answers.InvokeErrors.unknownOperation;
    const target = targetOf(path.functionName, path.qualifier, permissions.place);
    if (target === "malformed") return answers.InvokeErrors.malformedName;
    if (target === "conflict") return answers.InvokeErrors.conflict;
    if (target === "elsewhere") return this.#missing(path.functionName, "it is of another account or Region");
    const refusal = permissions.check(signer.callerId, [invokeCall(target.arn)]);
    if (refusal) return answers.denied(refusal.message);
    const { functions, unrunnable } = model();
    const odd = unrunnable.find(({ name }) => name === target.name);
    if (odd) return this.#unrunnable(odd.logicalId, odd.reason);
    const found = functions.find(({ name }) => name === target.name);
    if (!found) return this.#missing(target.arn, "the construct's stack has no such function");
    if (target.qualifier !== undefined && target.qualifier !== answers.LATEST_VERSION) {
      return this.#missing(target.arn, "versions and aliases do not exist here");
    }
    return await this.#invoke(found, body, request.headers, { requestId, accessKeyId: signer.accessKeyId });
  }

  async #invoke(
    { logicalId }: FunctionModel,
    body: Buffer,
    headers: IncomingMessage["headers"],
    { requestId, accessKeyId }: { requestId: string; accessKeyId: string },
  ): Promise<InvokeResponse> {
    const type = headers["x-amz-invocation-type"] ?? "RequestResponse";
    if (type === "DryRun") return answers.permitted;
    if (type !== "RequestResponse" && type !== "Event") return answers.InvokeErrors.invocationType;
    if (type === "Event" && body.length > MAX_ASYNC_BYTES) return answers.tooLargeEvent(body.length);
    const event = parsePayload(body);
    if (typeof event === "string") return answers.notJson(event);
    const end = this.options.meter?.(accessKeyId, type === "Event" ? "invokeAsync" : "invoke");
    if (type === "Event") {
      end?.();
      this.options.enqueue(logicalId, event.value, requestId);
      return answers.accepted;
    }
    const lines = [`START RequestId: ${requestId} Version: ${answers.LATEST_VERSION}`];
    const logged = headers["x-amz-log-type"] === "Tail" ? (line: string) => void lines.push(line) : undefined;
    let calleeMs = 0;
    const billed = (ms: number): void => void (calleeMs = ms);
    const result = await this.options.invoker.invoke(logicalId, event.value, {
      requestId,
      billed,
      ...(logged && { logged }),
    });
    end?.(calleeMs);
    const log = logged && [...lines, `END RequestId: ${requestId}`, ""].join("\n");
    const answer = answers.toResponse(result, requestId, log);
    return calleeMs > 0 ? { ...answer, headers: { ...answer.headers, [BILLED_HEADER]: String(calleeMs) } } : answer;
  }

  #missing(arn: string, why: string): InvokeResponse {
    this.#log("warn", `There is no function ${arn} here: ${why}.`);
    return answers.notFound(arn);
  }

  #unrunnable(logicalId: string, reason: string): InvokeResponse {
    this.#log("warn", `${logicalId} was invoked, and cannot be run locally: ${reason}`);
    return answers.unrunnable(logicalId, reason);
  }

  #log(level: LogEntry["level"], message: string): void {
    this.options.log({ level, source: "lambda", message });
  }
}
