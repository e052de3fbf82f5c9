import {
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { readWholeBody } from "../../../core/http/read-body.js";

/** An engine's answer as a whole. */
export interface EngineResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Each side keeps its connections as it likes. */
const withoutConnection = ({ connection: _, "keep-alive": __, ...headers }: IncomingHttpHeaders): IncomingHttpHeaders =>
  headers;

/** The engine behind the proxy, over connections that are kept. */
export class EngineForwarder {
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;

  constructor(private readonly url: URL) {
    const secure = url.protocol === "https:";
    this.#agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true });
    this.#request = secure ? httpsRequest : httpRequest;
  }

  /** Passes a request on, and its answer back as it arrives; rejects when the engine does not answer. */
  async forward(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const answer = await this.#send(request, body);
    await new Promise<void>((resolve, reject) => {
      response.writeHead(answer.statusCode ?? 502, withoutConnection(answer.headers));
      answer.pipe(response);
      answer.once("error", reject);
      response.once("close", resolve);
    });
  }

  /** Passes a request on with another body, and gives the whole answer; rejects when the engine does not answer. */
  async ask(request: IncomingMessage, body: Buffer): Promise<EngineResponse> {
    const answer = await this.#send(request, body);
    return {
      status: answer.statusCode ?? 502,
      headers: withoutConnection(answer.headers),
      body: await readWholeBody(answer),
    };
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(request: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { hostname, port, host, pathname } = this.url;
      const path = pathname.replace(/\/$/, "") + (request.url ?? "/");
      const { method } = request;
      const headers = { ...request.headers, host, "content-length": body.length };
      const sent = this.#request({ hostname, port, path, method, headers, agent: this.#agent }, resolve);
      sent.once("error", (error: NodeJS.ErrnoException) => {
        // The engine gave up a kept connection just as it was used again: any client would send the request anew.
        if (sent.reusedSocket && error.code === "ECONNRESET") resolve(this.#send(request, body));
        else reject(error);
      });
      sent.end(body);
    });
  }
}
