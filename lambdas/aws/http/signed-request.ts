import type { ResponseHeaders } from "./http-response-parser.js";
import { HttpPool, StaleSocket } from "./http-pool.js";
import { sha256, signer, type Signer } from "./signer.js";

export { RequestTimeout } from "./http-pool.js";

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
  headers: ResponseHeaders;
  body: string;
}

/**
 * The endpoint of a service: what its variable `AWS_ENDPOINT_URL_…` says, as for the SDKs, or the Region's. The domain of
 * the partition (`amazonaws.com`, `amazonaws.com.cn`, `amazonaws.eu` …) is in `PUSH_IT_URL_SUFFIX`, by CloudFormation.
 * @param service as in its host name, such as `lambda`
 * @param variable what follows `AWS_ENDPOINT_URL_`
 */
export const endpointOf = (service: string, variable: string, region = process.env["AWS_REGION"] ?? ""): URL => {
  const suffix = process.env["PUSH_IT_URL_SUFFIX"] ?? "amazonaws.com";
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
  readonly #pool: HttpPool;
  readonly #sign: Signer;
  /** The path that comes before every request's own. */
  readonly #base: string;
  /** What comes before a request's own headers. */
  readonly #lead: string;

  constructor({
    service,
    endpoint,
    region = process.env["AWS_REGION"] ?? "",
    keepAlive = true,
    maxSockets,
  }: SignedClientOptions) {
    this.#pool = new HttpPool(endpoint, maxSockets);
    this.#sign = signer(service, region, endpoint.host);
    this.#base = endpoint.pathname.replace(/\/$/, "");
    this.#lead = keepAlive ? "" : "Connection: close\r\n";
  }

  /** Rejects with a `RequestTimeout`, or with the error of a connection that could not be made or that broke. */
  async send(request: SignedRequest): Promise<SignedResponse> {
    const begun = performance.now();
    const { timeoutMs } = request;
    try {
      return await this.#pool.send(this.#textOf(request), timeoutMs);
    } catch (error) {
      if (!(error instanceof StaleSocket)) throw error;
      // What was kept as long as a socket that has died is dead, too: what is kept from now on has just worked.
      this.#pool.dropFree();
      return this.#pool.send(this.#textOf(request), timeoutMs - (performance.now() - begun));
    }
  }

  /** The request as it goes on the wire. */
  #textOf({ method, path: own, headers = NO_HEADERS, body }: SignedRequest): string {
    const path = this.#base + own;
    const { latin1, sha256 } = typeof body === "object" ? body : preparedOf(body);
    const signed = this.#sign({ method, path, headers, sha256 });
    return `${method} ${path} HTTP/1.1\r\n${this.#lead}${signed}Content-Length: ${latin1.length}\r\n\r\n${latin1}`;
  }
}

const NO_HEADERS = {};

/** A body that only one request has. */
const preparedOf = (text = ""): PreparedBody => ({
  latin1: Buffer.from(text).toString("latin1"),
  sha256: sha256(text),
});
