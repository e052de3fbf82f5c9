import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it arrived. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** An HTTP server on loopback with scripted responses. */
export class HttpServer {
  readonly received: Received[] = [];
  answer: (request: Received, response: ServerResponse) => unknown = (_request, response) => response.end();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#receive(request, response));
  }

  static async start(): Promise<HttpServer> {
    const it = new HttpServer();
    it.#server.listen(0, "127.0.0.1");
    await once(it.#server, "listening");
    return it;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const received = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
    this.received.push(received);
    this.answer(received, response);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/**
 * A server of one's own for each test of a file, and an environment as Lambda gives one, which is put back afterwards.
 * @param environment what the environment has besides
 */
export const serverForEach = (
  environment: (server: HttpServer) => Record<string, string> = () => ({}),
): (() => HttpServer) => {
  const before = { ...process.env };
  let server: HttpServer;
  beforeEach(async () => {
    server = await HttpServer.start();
    const credentials = { AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "KEY", AWS_SECRET_ACCESS_KEY: "key" };
    Object.assign(process.env, credentials, environment(server));
  });
  afterEach(async () => {
    await server.close();
    process.env = { ...before };
  });
  return () => server;
};
