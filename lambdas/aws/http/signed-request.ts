import type { ResponseHeaders } from "./http-response-parser.js";
import { HttpPool, StaleSocket } from "./http-pool.js";
import { sha256, signer, type Signer } from "./signer.js";

export { RequestTimeout } from "./http-pool.js";

/** A service's endpoint, and how requests to it are signed. */
export interface SignedClientOptions {
  /** The name that signatures are made for, such as `lambda` or `execute-api`. */
  service: string;
  /** The service's endpoint; its path is the prefix of every request's own. */
  endpoint: URL;
  /** @default the function's own, `AWS_REGION` */
  region?: string;
  /** Maximum number of requests at once; others wait. @default no limit */
  maxSockets?: number;
  /** Whether connections are kept for later requests. @default true */
  keepAlive?: boolean;
}

/** One request. */
export interface SignedRequest {
  method: "GET" | "POST" | "DELETE";
  /** After the endpoint's own path, percent-encoded, without a query. */
  path: string;
  headers?: Record<string, string>;
  body?: string | PreparedBody;
  /** Maximum time until the last byte of its response, in milliseconds. */
  timeoutMs: number;
}

/** A body that many requests share, with its computed hash. */
export interface PreparedBody {
  /** Its bytes, one in each character. */
  latin1: string;
  /** SHA-256 of its bytes, in hexadecimal. */
  sha256: string;
}

/** A response, whatever its status. */
export interface SignedResponse {
  status: number;
  /** By lower-case name. */
  headers: ResponseHeaders;
  body: string;
}

/**
 * The endpoint of a service: the variable `AWS_ENDPOINT_URL_…`, as for the SDKs, or the Region's. The domain of the
 * partition (`amazonaws.com`, `amazonaws.com.cn`, `amazonaws.eu` …) is in `PUSH_IT_URL_SUFFIX`, set by CloudFormation.
 * @param service as in its host name, such as `lambda`
 * @param variable the end of the variable's name, after `AWS_ENDPOINT_URL_`
 */
export const endpointOf = (service: string, variable: string, region = process.env["AWS_REGION"] ?? ""): URL => {
  const suffix = process.env["PUSH_IT_URL_SUFFIX"] ?? "amazonaws.com";
  return new URL(process.env[`AWS_ENDPOINT_URL_${variable}`] ?? `https://${service}.${region}.${suffix}`);
};

/**
 * Sends requests to an AWS service over kept connections, signed with the function's credentials at the time of its
 * creation. It is a small part of the SDK, for simple requests.
 *
 * After an environment was frozen, the service may have closed its sockets. A request on such a socket is sent once
 * more over a new one. No other request is repeated.
 * @example
 * const lambda = new SignedClient({ service: "lambda", endpoint: endpointOf("lambda", "LAMBDA") });
 * const { status, body } = await lambda.send({ method: "GET", path: "/2015-03-31/functions", timeoutMs: 1_000 });
 */
export class SignedClient {
  readonly #pool: HttpPool;
  readonly #sign: Signer;
  /** The endpoint's path, before every request's own. */
  readonly #base: string;
  /** The header lines before a request's own. */
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

  /** @throws RequestTimeout, or the error of a connection that could not be made or that broke */
  async send(request: SignedRequest): Promise<SignedResponse> {
    const begun = performance.now();
    const { timeoutMs } = request;
    try {
      return await this.#pool.send(this.#textOf(request), timeoutMs);
    } catch (error) {
      if (!(error instanceof StaleSocket)) throw error;
      // Other sockets of the same age are probably closed too, so drop all unused ones.
      this.#pool.dropFree();
      return this.#pool.send(this.#textOf(request), timeoutMs - (performance.now() - begun));
    }
  }

  /** The request as it is sent. */
  #textOf({ method, path: own, headers = NO_HEADERS, body }: SignedRequest): string {
    const path = this.#base + own;
    const { latin1, sha256 } = typeof body === "object" ? body : preparedOf(body);
    const signed = this.#sign({ method, path, headers, sha256 });
    return `${method} ${path} HTTP/1.1\r\n${this.#lead}${signed}Content-Length: ${latin1.length}\r\n\r\n${latin1}`;
  }
}

const NO_HEADERS = {};

/** A body of a single request. */
const preparedOf = (text = ""): PreparedBody => ({
  latin1: Buffer.from(text).toString("latin1"),
  sha256: sha256(text),
});
