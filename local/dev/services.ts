import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type HttpServer, startHttpServer } from "../http-server.js";
import type { Credentials } from "../lambda/credentials.js";
import type { ServiceAnswer } from "../secrets/handler.js";

/** An operation of an AWS service with a JSON protocol, as its `x-amz-target` names it. */
export type Operations = Record<string, (request: Record<string, unknown>, functionId: string) => ServiceAnswer>;

/**
 * AWS services besides DynamoDB, Lambda and `@connections` that functions call: serves the given operations to
 * functions of this run, and to nobody else.
 */
export const startServices = (credentials: Credentials, operations: Operations): Promise<HttpServer> =>
  startHttpServer((request, response) => void respond(request, response, credentials, operations));

const respond = async (
  request: IncomingMessage,
  response: ServerResponse,
  credentials: Credentials,
  operations: Operations,
): Promise<void> => {
  const body = await text(request).catch(() => "");
  const functionId = credentials.identifyHeader(request.headers.authorization);
  const answer = functionId === undefined ? UNKNOWN_CLIENT : answerTo(request, body, functionId, operations);
  response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer.body));
};

const answerTo = (
  request: IncomingMessage,
  body: string,
  functionId: string,
  operations: Operations,
): ServiceAnswer => {
  const target = String(request.headers["x-amz-target"]);
  if (!Object.hasOwn(operations, target))
    return refuse("UnknownOperationException", `${target} is not served locally.`);
  try {
    return operations[target]!(JSON.parse(body) as Record<string, unknown>, functionId);
  } catch (error) {
    if (error instanceof SyntaxError) return refuse("SerializationException", "The request is not JSON.");
    throw error;
  }
};

const refuse = (type: string, message: string): ServiceAnswer => ({ status: 400, body: { __type: type, message } });

const UNKNOWN_CLIENT = refuse("UnrecognizedClientException", "The security token included in the request is invalid.");
