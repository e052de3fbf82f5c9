import http from "node:http";
import https from "node:https";
import { sign } from "aws4";

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
  /** After the endpoint's own path, and encoded as it goes on the wire. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** How long it may take from now until the last byte of its answer, in milliseconds. */
  timeoutMs: number;
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
 * Asks an AWS service over connections that are kept, signed with the function's own credentials. It is a small part of
 * what the SDK is, for requests that need no more.
 *
 * An environment that was frozen wakes up with sockets that the service has closed meanwhile: a request that finds
 * such a one is sent once more over a new one. Nothing else is repeated.
 * @example
 * const lambda = new SignedClient({ service: "lambda", endpoint: endpointOf("lambda", "LAMBDA") });
 * const { status, body } = await lambda.send({ method: "GET", path: "/2015-03-31/functions", timeoutMs: 1_000 });
 */
export class SignedClient {
  readonly #options: SignedClientOptions;
  readonly #transport: typeof http | typeof https;
  readonly #agent: http.Agent;

  constructor(options: SignedClientOptions) {
    this.#options = options;
    this.#transport = options.endpoint.protocol === "http:" ? http : https;
    this.#agent = new this.#transport.Agent({
      keepAlive: options.keepAlive ?? true,
      maxSockets: options.maxSockets ?? Infinity,
    });
  }

  /** Rejects with a `RequestTimeout`, or with the error of a connection that could not be made or that broke. */
  async send(request: SignedRequest): Promise<SignedResponse> {
    const deadline = performance.now() + request.timeoutMs;
    try {
      return await this.#attempt(request, deadline, this.#agent);
    } catch (error) {
      if (!(error instanceof StaleSocket)) throw error;
      return this.#attempt(request, deadline, false);
    }
  }

  /** @param agent `false`: a connection of its own */
  #attempt(request: SignedRequest, deadline: number, agent: http.Agent | false): Promise<SignedResponse> {
    const { endpoint } = this.#options;
    const { method, path, headers } = this.#sign(request);
    return new Promise((resolve, reject) => {
      const sent = this.#transport.request({
        agent,
        protocol: endpoint.protocol,
        hostname: endpoint.hostname.replace(/^\[|\]$/g, ""),
        port: endpoint.port,
        method,
        path,
        headers,
      });
      const fail = (error: Error): void => {
        clearTimeout(timer);
        reject(error);
        sent.destroy();
      };
      const timer = setTimeout(() => fail(new RequestTimeout(request.timeoutMs)), deadline - performance.now());
      sent.on("error", (error: NodeJS.ErrnoException) =>
        fail(sent.reusedSocket && isBroken(error) ? new StaleSocket(error.message) : error),
      );
      sent.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        // Whoever has begun to answer was there: that is no stale socket.
        response.on("error", fail);
        response.on("end", () => {
          clearTimeout(timer);
          const body = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      });
      sent.end(request.body);
    });
  }

  #sign({ method, path, headers = {}, body }: SignedRequest) {
    const { service, endpoint, region = process.env["AWS_REGION"] ?? "" } = this.#options;
    const signed = sign(
      {
        service,
        region,
        method,
        path: endpoint.pathname.replace(/\/$/, "") + path,
        headers: { Host: endpoint.host, ...headers },
        ...(body === undefined ? {} : { body }),
      },
      {
        accessKeyId: process.env["AWS_ACCESS_KEY_ID"] ?? "",
        secretAccessKey: process.env["AWS_SECRET_ACCESS_KEY"] ?? "",
        sessionToken: process.env["AWS_SESSION_TOKEN"] ?? "",
      },
    );
    return { method, path: signed.path ?? path, headers: signed.headers as http.OutgoingHttpHeaders };
  }
}

/** A connection that was kept turned out to be closed by the other side. */
class StaleSocket extends Error {}
