import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { readBody } from "../../core/http/read-body.js";
import { closeServer, type ListenAddress, listenAt, portOf } from "../../core/http/server.js";
import type { FunctionUrlModel } from "../../assembly/model/urls.js";
import type { Invoker, InvokeResult } from "../../core/invoker.js";
import { authorizeUrlRequest, type UrlAccess } from "./access.js";
import { corsHeaders, isPreflight, preflightResponse } from "./cors.js";
import { urlEvent, type UrlFacts } from "./event.js";
import { badGateway, jsonResponse, urlResponse, type UrlResponse } from "./response.js";

/**
 * Most bytes of a request's body, and of the event made of it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MAX_BYTES = 6 * 1024 * 1024;

/** What requests are answered from. */
export interface UrlsContext extends UrlAccess {
  invoker: Invoker;
}

/** Where function URLs are served. */
export interface UrlPlaces {
  /** The address to listen at. */
  listen: string;
  /** The host of the URLs. */
  shown: string;
  /** The port of a URL by its place in order; 0: any free port. */
  port(index: number): number;
}

/** Serves each function URL on a port of its own, as AWS gives each a host of its own. */
export class FunctionUrls {
  readonly #servers = new Map<string, Server>();
  #models = new Map<string, FunctionUrlModel>();
  #context: UrlsContext | undefined;

  constructor(private readonly places: UrlPlaces) {}

  /**
   * Has a place for each of these from now on, and keeps the places that there are.
   * @param ids logical ids, in an order that is the same in every run: it decides about their ports
   * @returns the URLs, by logical id
   * @throws UserError when a port is taken
   */
  async reserve(ids: string[]): Promise<Record<string, string>> {
    for (const [index, id] of ids.entries())
      if (!this.#servers.has(id)) this.#servers.set(id, await this.#listen(id, index));
    return Object.fromEntries(ids.map((id) => [id, this.#urlOf(this.#servers.get(id)!)]));
  }

  /** Answers requests from now on. */
  serve(context: UrlsContext): void {
    this.#context = context;
  }

  /** Goes on with these from now on; the places of all others are given up. */
  set(models: FunctionUrlModel[]): void {
    this.#models = new Map(models.map((model) => [model.logicalId, model]));
    for (const [id, server] of this.#servers) {
      if (this.#models.has(id)) continue;
      this.#servers.delete(id);
      void closeServer(server);
    }
  }

  /** Where they are, by logical id. */
  get addresses(): Record<string, string> {
    return Object.fromEntries([...this.#servers].map(([id, server]) => [id, this.#urlOf(server)]));
  }

  /** Ends all of them. */
  async close(): Promise<void> {
    const servers = [...this.#servers.values()];
    this.#servers.clear();
    await Promise.all(servers.map(closeServer));
  }

  #urlOf(server: Server): string {
    return `http://${this.places.shown}:${portOf(server)}/`;
  }

  /** A URL that was added while this runs may find its port with another one: then it takes the next that is free. */
  #freePort(index: number): number {
    const taken = new Set([...this.#servers.values()].map(portOf));
    let at = index;
    while (this.places.port(at) !== 0 && taken.has(this.places.port(at))) at += 1;
    return this.places.port(at);
  }

  async #listen(id: string, index: number): Promise<Server> {
    const server = createServer((request, response) => {
      void this.#answer(id, request).then((answer) => answer && send(response, answer));
    });
    const address: ListenAddress = {
      port: this.#freePort(index),
      host: this.places.listen,
      what: `the function URL ${id}`,
    };
    await listenAt(server, address);
    return server;
  }

  /** `undefined`: the client has gone. */
  async #answer(id: string, request: IncomingMessage): Promise<UrlResponse | undefined> {
    const [model, context] = [this.#models.get(id), this.#context];
    if (!model || !context) return jsonResponse(404, { Message: "Not Found" });
    const { cors } = model;
    const { origin } = request.headers;
    if (cors && origin !== undefined && isPreflight(request.method ?? "", request.headers))
      return preflightResponse(cors, origin);
    const body = await readBody(request, MAX_BYTES).catch(() => undefined);
    if (body === undefined) return undefined;
    const answer = body === "too large" ? TOO_LARGE : await invoke(model, request, body, context);
    return cors ? { ...answer, headers: { ...answer.headers, ...corsHeaders(cors, origin) } } : answer;
  }
}

const invoke = async (
  url: FunctionUrlModel,
  request: IncomingMessage,
  body: Buffer,
  context: UrlsContext,
): Promise<UrlResponse> => {
  const admission = authorizeUrlRequest(request, body, url, context);
  if ("refused" in admission) return admission.refused;
  const facts: UrlFacts = {
    urlId: url.urlId,
    place: context.permissions.place,
    requestId: randomUUID(),
    now: Date.now(),
    ...admission,
  };
  const { method = "", url: path = "/", rawHeaders, httpVersion, socket } = request;
  const from = { sourceIp: socket.remoteAddress ?? "", protocol: `HTTP/${httpVersion}` };
  const event = urlEvent({ method, url: path, rawHeaders, body, ...from }, facts);
  if (Buffer.byteLength(JSON.stringify(event)) > MAX_BYTES) return TOO_LARGE;
  return withRequestId(responseOf(await context.invoker.invoke(url.functionId, event)), facts.requestId);
};

const responseOf = (result: InvokeResult): UrlResponse => {
  if (result.ok) return urlResponse(result.payload);
  return result.kind === "throttled" ? jsonResponse(429, { Message: "Rate Exceeded." }) : badGateway();
};

const withRequestId = (response: UrlResponse, requestId: string): UrlResponse => ({
  ...response,
  headers: { ...response.headers, "x-amzn-requestid": requestId },
});

const TOO_LARGE = jsonResponse(413, {
  Message: "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
});

const send = (response: ServerResponse, { status, headers, body }: UrlResponse): void => {
  // What was not read of a request cannot be skipped on a connection that is used again.
  const connection = response.req.complete ? {} : { connection: "close" };
  const bodiless = status === 204 || status === 304;
  const length = bodiless ? {} : { "content-length": String(body.length) };
  response.writeHead(status, { ...headers, ...length, ...connection });
  response.end(bodiless || response.req.method === "HEAD" ? undefined : body);
};
