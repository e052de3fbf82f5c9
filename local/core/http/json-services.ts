import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { type HttpServer, startHttpServer } from "./server.js";
import { SIGNATURE_ERRORS, SIGNATURE_MESSAGES, Signatures } from "../authorization/signatures.js";
import type { Credentials } from "../credentials.js";

/** Answers one operation. */
export type Operation = (request: Record<string, unknown>, callerId: string) => ServiceResponse;

/** Operations of AWS services with a JSON protocol: by service, as signatures name it, then by `x-amz-target`. */
export type Operations = Record<string, Record<string, Operation>>;

/** Is told that somebody calls a service; what it returns, that the call is answered. */
export type MeterService = (accessKeyId: string, service: string) => () => void;

/**
 * AWS services besides DynamoDB, Lambda and `@connections` that functions call: serves the given operations to whoever
 * has credentials of this run, and to nobody else.
 * @param server one that listens already; @default one on a free port
 */
export const startServices = (
  credentials: Credentials,
  operations: Operations,
  meter?: MeterService,
  server?: Server,
): Promise<HttpServer> => {
  const desk = new ServiceRouter(credentials, operations, meter);
  return startHttpServer((request, response) => void respond(request, response, desk), server);
};

const respond = async (request: IncomingMessage, response: ServerResponse, desk: ServiceRouter): Promise<void> => {
  const body = await buffer(request).catch(() => undefined);
  if (body === undefined) return;
  const answer = desk.answer(request, body);
  response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer.body));
};

/** Answers one request after another. */
class ServiceRouter {
  readonly #operations = new Map<string, { operation: Operation; signatures: Signatures; service: string }>();

  constructor(
    credentials: Credentials,
    services: Operations,
    private readonly meter: MeterService | undefined,
  ) {
    for (const [service, operations] of Object.entries(services)) {
      const signatures = new Signatures(credentials, service);
      for (const [target, operation] of Object.entries(operations)) {
        this.#operations.set(target, { operation, signatures, service });
      }
    }
  }

  answer(request: IncomingMessage, body: Buffer): ServiceResponse {
    const target = String(request.headers["x-amz-target"]);
    const found = this.#operations.get(target);
    if (!found) return refuse("UnknownOperationException", `${target} is not served locally.`);
    const signer = found.signatures.signer(request, body);
    if ("fault" in signer) return refuse(SIGNATURE_ERRORS[signer.fault], SIGNATURE_MESSAGES[signer.fault]);
    const parsed = objectOf(body);
    if (!parsed) return refuse("SerializationException", "The request is not a JSON object.");
    const end = this.meter?.(signer.accessKeyId, found.service);
    const answer = found.operation(parsed, signer.callerId);
    end?.();
    return answer;
  }
}

const objectOf = (body: Buffer): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
};

const refuse = (type: string, message: string): ServiceResponse => ({ status: 400, body: { __type: type, message } });

/** What a service answers: a status, and a JSON body. */
export interface ServiceResponse {
  status: number;
  body: Record<string, unknown>;
}
