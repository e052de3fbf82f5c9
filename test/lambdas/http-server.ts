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

/** An HTTP server on loopback that answers as it is told. */
export class HttpServer {
  readonly received: Received[] = [];
  answer: (request: Received, response: ServerResponse) => unknown = (_request, response) => response.end();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#hear(request, response));
  }

  static async start(): Promise<HttpServer> {
    const it = new HttpServer();
    it.#server.listen(0, "127.0.0.1");
    await once(it.#server, "listening");
    return it;
  }

  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
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
