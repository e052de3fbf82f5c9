import http from "node:http";
import https from "node:https";
import { Deadlines } from "./deadlines.js";
import { sha256, signer, type Signer } from "./signer.js";

/** Where a service is, and how requests to it are signed. */
export interface SignedClientOptions {
  /** The name that signatures are made for, such as `lambda` or `execute-api`. */
  service: string;
  /** Where the service is; a path in it comes before every request's own. */
  endpoint: URL;
  /** @default the function's own, `AWS_REGION` */
  region?: string;
  /** Most requests at once; others wait for one of them. @default no bound */
  maxSockets?: number;
  /** Whether connections are kept for later requests. @default true */
  keepAlive?: boolean;
}

/** One request. */
export interface SignedRequest {
  method: "GET" | "POST" | "DELETE";
  /** After the endpoint's own path, encoded as it goes on the wire, and without a query. */
  path: string;
  headers?: Record<string, string>;
  body?: string | PreparedBody;
  /** How long it may take from now until the last byte of its answer, in milliseconds. */
  timeoutMs: number;
}

/** A body that many requests have: what each would compute of it is known already. */
export interface PreparedBody {
  /** Its bytes, a character each. */
  latin1: string;
  /** SHA-256 of its bytes, in hexadecimal. */
  sha256: string;
}

/** An answer, whatever its status. */
export interface SignedResponse {
  status: number;
  /** By lower-case name. */
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** Nobody answered in time. What was asked for may have happened. */
export class RequestTimeout extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${Math.round(timeoutMs)} ms`);
    this.name = "RequestTimeout";
  }
}

/** Whether an error says that the other side has closed the socket. */
export const isBroken = ({ code }: NodeJS.ErrnoException): boolean => code === "ECONNRESET" || code === "EPIPE";

/**
 * The endpoint of a service: what its variable `AWS_ENDPOINT_URL_…` says, as for the SDKs, or the Region's.
 * @param service as in its host name, such as `lambda`
 * @param variable what follows `AWS_ENDPOINT_URL_`
 */
export const endpointOf = (service: string, variable: string, region = process.env["AWS_REGION"] ?? ""): URL => {
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return new URL(process.env[`AWS_ENDPOINT_URL_${variable}`] ?? `https://${service}.${region}.${suffix}`);
};

/**
 * Asks an AWS service over connections that are kept, signed with the credentials that the function had when this was
 * made. It is a small part of what the SDK is, for requests that need no more.
 *
 * An environment that was frozen wakes up with sockets that the service has closed meanwhile: a request that finds
 * such a one is sent once more over a new one. Nothing else is repeated.
 * @example
 * const lambda = new SignedClient({ service: "lambda", endpoint: endpointOf("lambda", "LAMBDA") });
 * const { status, body } = await lambda.send({ method: "GET", path: "/2015-03-31/functions", timeoutMs: 1_000 });
 */
export class SignedClient {
  readonly #transport: typeof http | typeof https;
  readonly #agent: http.Agent;
  readonly #deadlines = new Deadlines();
  readonly #sign: Signer;
  /** The path that comes before every request's own. */
  readonly #base: string;
  readonly #hostname: string;
  readonly #port: string;

  constructor({ service, endpoint, region = process.env["AWS_REGION"] ?? "", keepAlive = true, maxSockets = Infinity }: SignedClientOptions) {
    this.#transport = endpoint.protocol === "http:" ? http : https;
    this.#agent = new this.#transport.Agent({ keepAlive, maxSockets });
    this.#sign = signer(service, region, endpoint.host);
    this.#base = endpoint.pathname.replace(/\/$/, "");
    this.#hostname = endpoint.hostname.replace(/^\[|\]$/g, "");
    this.#port = endpoint.port;
  }

  /** Rejects with a `RequestTimeout`, or with the error of a connection that could not be made or that broke. */
  async send(request: SignedRequest): Promise<SignedResponse> {
    const begun = performance.now();
    try {
      return await this.#attempt(request, request.timeoutMs);
    } catch (error) {
      if (!(error instanceof StaleSocket)) throw error;
      this.#dropKept();
      return this.#attempt(request, request.timeoutMs - (performance.now() - begun));
    }
  }

  /** What was kept as long as a socket that has died is dead, too: what is kept from now on has just worked. */
  #dropKept(): void {
    for (const kept of Object.values(this.#agent.freeSockets)) for (const socket of kept ?? []) socket.destroy();
  }

  #attempt(request: SignedRequest, remainingMs: number): Promise<SignedResponse> {
    return new Promise((resolve, reject) => {
      const { method, body } = request;
      const path = this.#base + request.path;
      const prepared = typeof body === "object" ? body : preparedOf(body);
      const headers = this.#sign({ method, path, headers: request.headers ?? NO_HEADERS, sha256: prepared.sha256 });
      // A list is sent as it is; an object would be checked and copied for each request.
      headers.push("Content-Length", String(prepared.latin1.length));
      // Written out, and no more than is needed: with more, or spread from another object, it costs a third of the request.
      const target = { agent: this.#agent, hostname: this.#hostname, port: this.#port, method, path, headers };
      const sent = this.#transport.request(target);
      const fail = (error: Error): void => {
        done();
        reject(error);
        sent.destroy();
      };
      const done = this.#deadlines.in(remainingMs, () => fail(new RequestTimeout(request.timeoutMs)));
      sent.on("error", (error: NodeJS.ErrnoException) =>
        fail(sent.reusedSocket && isBroken(error) ? new StaleSocket(error.message) : error),
      );
      sent.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        // Whoever has begun to answer was there: that is no stale socket.
        response.on("error", fail);
        response.on("end", () => {
          done();
          const body = chunks.length === 0 ? "" : Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      });
      sent.end(prepared.latin1, "latin1");
    });
  }
}

const NO_HEADERS = {};

/** A body that only one request has. */
const preparedOf = (text = ""): PreparedBody => ({ latin1: Buffer.from(text).toString("latin1"), sha256: sha256(text) });

/** A connection that was kept turned out to be closed by the other side. */
class StaleSocket extends Error {}
