import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { readWholeBody } from "./read-body.js";
import { type HttpServer, startHttpServer } from "./server.js";
import { SIGNATURE_ERRORS, SIGNATURE_MESSAGES, SignatureVerifier } from "../authorization/signatures.js";
import type { Credentials } from "../credentials.js";

/** Answers one operation. */
export type Operation = (request: Record<string, unknown>, callerId: string) => ServiceResponse;

/** Operations of AWS services with a JSON protocol: by service, as signatures name it, then by `x-amz-target`. */
export type Operations = Record<string, Record<string, Operation>>;

/** What AWS services with a JSON protocol need. */
export interface JsonServicesOptions {
  credentials: Credentials;
  operations: Operations;
  /**
   * Called for each request, with the service's name. The function that it returns is called after the response.
   * @default nothing is metered
   */
  meter?: ((accessKeyId: string, service: string) => () => void) | undefined;
  /** A server that listens already. @default a new one on a free port */
  server?: Server;
}

/** Serves operations of AWS services to callers with credentials of this run. */
export const startJsonServices = ({
  credentials,
  operations,
  meter,
  server,
}: JsonServicesOptions): Promise<HttpServer> => {
  const router = new ServiceRouter(credentials, operations, meter);
  return startHttpServer((request, response) => void respond(request, response, router), server);
};

const respond = async (request: IncomingMessage, response: ServerResponse, router: ServiceRouter): Promise<void> => {
  const body = await readWholeBody(request).catch(() => undefined);
  if (body === undefined) return;
  const answer = router.answer(request, body);
  response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer.body));
};

/** Finds the operation of a request by its `x-amz-target`, and verifies the request's signature. */
class ServiceRouter {
  readonly #operations = new Map<string, { operation: Operation; signatures: SignatureVerifier; service: string }>();

  constructor(
    credentials: Credentials,
    services: Operations,
    private readonly meter: JsonServicesOptions["meter"],
  ) {
    for (const [service, operations] of Object.entries(services)) {
      const signatures = new SignatureVerifier(credentials, service);
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
