import type { IncomingMessage, ServerResponse } from "node:http";
import type { GatewayContext } from "../context.js";
import { gatewayId } from "../ids.js";
import { meterCall } from "../metering.js";
import { ManagementAuthorizer } from "./access.js";
import { Errors, type ManagementError } from "./errors.js";
import { describe, type ManagementAnswer, post, remove } from "./operations.js";

const PATH = /^\/([^/?]+)\/(?:@|%40)connections\/([^/?]+)(?:\?|$)/i;
const ID = /^[\w-]{2,64}={0,2}$/;

/** The `@connections` API of one gateway. */
export class ManagementServer {
  readonly #access: ManagementAuthorizer;

  constructor(private readonly context: GatewayContext) {
    this.#access = new ManagementAuthorizer(context);
  }

  /** Whether a request is for `@connections` of this API's stage. */
  serves(request: IncomingMessage): boolean {
    return PATH.exec(request.url ?? "")?.[1] === this.context.api.model.stage;
  }

  /** Reads a request that {@link serves} accepted, and answers it. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const ended = meterCall(this.context, request.headers.authorization);
    response.once("close", ended);
    const answered = (): void => {
      const answer = this.#answer(request, Buffer.concat(chunks));
      // Before the caller can know of it, and make its next call.
      ended();
      respond(response, answer);
    };
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= this.context.limits.messageBytes) chunks.push(chunk);
      else {
        // The rest is discarded. The sender receives the response, and then the connection closes.
        request.removeAllListeners("data").removeListener("end", answered).resume();
        response.shouldKeepAlive = false;
        respond(response, Errors.tooLarge);
      }
    });
    request.on("end", answered);
  }

  #answer(request: IncomingMessage, body: Buffer): ManagementAnswer {
    const denied = this.#access.check(request, body);
    if (denied) return denied;
    if (this.context.account?.take() === false) return Errors.limit;
    const id = decoded(PATH.exec(request.url ?? "")?.[2] ?? "");
    if (id === undefined) return Errors.badId;
    if (request.method === "POST") return post(this.context, id, body);
    if (request.method === "GET") return describe(this.context, id);
    return request.method === "DELETE" ? remove(this.context, id) : Errors.method;
  }
}

const decoded = (segment: string): string | undefined => {
  try {
    const id = decodeURIComponent(segment);
    return ID.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
};

const bodyOf = (answer: ManagementAnswer): string => {
  if (!("type" in answer)) return answer.body ?? "";
  const { message, messageKey = "message" }: ManagementError = answer;
  return message === undefined ? "" : JSON.stringify({ [messageKey]: message });
};

const respond = (response: ServerResponse, answer: ManagementAnswer): void => {
  const body = bodyOf(answer);
  const headers: Record<string, string | number> = { "x-amzn-RequestId": gatewayId() };
  // Set explicitly, so that Node does not add `Keep-Alive: timeout=…`: AWS does not announce when it closes.
  headers.Connection = response.shouldKeepAlive ? "keep-alive" : "close";
  if (answer.status !== 204) headers["Content-Length"] = Buffer.byteLength(body);
  if (body) headers["Content-Type"] = "application/json";
  if ("type" in answer) headers["x-amzn-ErrorType"] = answer.type;
  response.writeHead(answer.status, headers);
  response.end(body);
};
