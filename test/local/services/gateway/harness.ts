import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import aws4 from "aws4";
import WebSocket, { type ClientOptions } from "ws";
import { type Gateway, type GatewayOptions, startGateway } from "../../../../local/services/gateway/gateway.js";
import type { ApiModel, RouteModel } from "../../../../local/assembly/model/api.js";
import type { InvokeResult } from "../../../../local/core/invoker.js";
import type { LogEntry } from "../../../../local/core/log.js";

/** An event as the gateway hands it to a function. */
export interface GatewayEvent {
  headers?: Record<string, string>;
  multiValueHeaders?: Record<string, string[]>;
  queryStringParameters?: Record<string, string>;
  multiValueQueryStringParameters?: Record<string, string[]>;
  body?: string;
  isBase64Encoded: boolean;
  requestContext: Record<string, unknown> & { connectionId: string; routeKey: string };
}

/** A function: what it returns is its payload, and what it throws is its error. An `InvokeResult` is taken as it is. */
export type Handler = (event: GatewayEvent) => unknown;

/** A route's function, and what else its model holds. */
export type RouteSetup = Handler | (Partial<RouteModel> & { run: Handler });

export const OK = { statusCode: 200 };
export const credentials = { accessKeyId: "LOCALKEY", secretAccessKey: "local-secret" };

const isResult = (value: unknown): value is InvokeResult =>
  typeof value === "object" && value !== null && "ok" in value;

/** The model of an API whose routes are all of `setups`. */
export const apiModel = (setups: Record<string, RouteSetup>, rest: Partial<ApiModel> = {}): ApiModel => ({
  logicalId: "Api",
  apiId: "abcde12345",
  stage: "prod",
  selectionExpression: "$request.body.action",
  routes: Object.fromEntries(
    Object.entries(setups).map(([routeKey, setup]) => {
      const { run: _, ...model }: Partial<RouteModel> & { run?: Handler } = typeof setup === "function" ? {} : setup;
      return [routeKey, { routeKey, functionId: routeKey, answers: false, ...model }];
    }),
  ),
  ...rest,
});

/** A gateway under test with functions in memory, and what they were called with. */
export class Harness {
  readonly events: GatewayEvent[] = [];
  readonly log: LogEntry[] = [];
  #waiting: { routeKey: string; found: (event: GatewayEvent) => void }[] = [];

  private constructor(private readonly setups: Record<string, RouteSetup>) {}

  gateway!: Gateway;

  static async start(
    setups: Record<string, RouteSetup>,
    options: Partial<GatewayOptions> & { model?: Partial<ApiModel> } = {},
  ): Promise<Harness> {
    const harness = new Harness(setups);
    const { model, ...rest } = options;
    harness.gateway = await startGateway({
      api: apiModel(setups, model),
      invoker: { invoke: (functionId, event) => harness.#invoke(functionId, event as GatewayEvent) },
      port: 0,
      log: (entry) => void harness.log.push(entry),
      ...rest,
    });
    return harness;
  }

  /** The next event of a route, or an earlier event that was not read yet. */
  async event(routeKey: string): Promise<GatewayEvent> {
    const known = this.events.findIndex((event) => event.requestContext.routeKey === routeKey);
    if (known >= 0) return this.events.splice(known, 1)[0] as GatewayEvent;
    return new Promise((found) => this.#waiting.push({ routeKey, found }));
  }

  /** A client that is connected. */
  async connect(options: { query?: string; protocols?: string[] } & ClientOptions = {}): Promise<Client> {
    const client = this.client(options);
    await client.opened;
    return client;
  }

  /** A client that is about to connect. */
  client({
    query = "",
    protocols = [],
    ...options
  }: { query?: string; protocols?: string[] } & ClientOptions = {}): Client {
    return new Client(new WebSocket(this.gateway.websocketUrl + query, protocols, options));
  }

  /** A connected client and its connection id. */
  async connected(): Promise<{ client: Client; id: string }> {
    const client = await this.connect();
    const { connectionId } = (await this.event("$connect")).requestContext;
    return { client, id: connectionId };
  }

  /** A signed request to `@connections`. */
  manage(method: string, id: string, body?: string | Buffer, sign = true): Promise<Response> {
    return send(this.gateway.port, { method, path: `/prod/@connections/${encodeURIComponent(id)}`, body }, sign);
  }

  async #invoke(functionId: string, event: GatewayEvent): Promise<InvokeResult> {
    const at = this.#waiting.findIndex(({ routeKey }) => routeKey === event.requestContext.routeKey);
    if (at >= 0) this.#waiting.splice(at, 1)[0]?.found(event);
    else this.events.push(event);
    const setup = this.setups[functionId];
    try {
      const payload: unknown = await (typeof setup === "function" ? setup : setup?.run)?.(event);
      return isResult(payload) ? payload : { ok: true, payload };
    } catch (error) {
      return { ok: false, kind: "error", message: String(error) };
    }
  }
}

/** An HTTP answer, read to its end. */
export interface Response {
  status: number;
  headers: IncomingMessage["headers"];
  body: string;
}

/** Sends an HTTP request to 127.0.0.1, signed with the harness's credentials. */
export const send = async (
  port: number,
  call: { method: string; path: string; body?: string | Buffer; headers?: Record<string, string> },
  sign = true,
): Promise<Response> => {
  const options = { host: "127.0.0.1", port, service: "execute-api", region: "eu-west-1", ...call };
  const signed = sign ? aws4.sign({ ...options, host: `127.0.0.1:${port}` }, credentials) : options;
  const outgoing = request({
    method: call.method,
    path: call.path,
    port,
    host: "127.0.0.1",
    headers: { ...signed.headers } as Record<string, string>,
  });
  outgoing.end(call.body);
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks).toString() };
};

/** A WebSocket client that can be waited for. */
export class Client {
  readonly opened: Promise<void>;
  readonly closed: Promise<{ code: number; reason: string }>;
  /** The status that the handshake was refused with. */
  readonly refused: Promise<{ status: number; body: string }>;
  readonly #messages: string[] = [];
  #wanted: ((message: string) => void)[] = [];

  constructor(readonly socket: WebSocket) {
    this.opened = once(socket, "open").then(() => undefined);
    this.opened.catch(() => undefined);
    this.closed = new Promise((resolve) =>
      socket.on("close", (code, reason) => resolve({ code, reason: `${reason}` })),
    );
    this.refused = new Promise((resolve) =>
      socket.on("unexpected-response", (_request, response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      }),
    );
    socket.on("error", () => undefined);
    socket.on("message", (data: Buffer) => {
      const wanted = this.#wanted.shift();
      if (wanted) wanted(data.toString());
      else this.#messages.push(data.toString());
    });
  }

  /** The next message, in order. */
  next(): Promise<string> {
    const message = this.#messages.shift();
    return message === undefined ? new Promise((found) => this.#wanted.push(found)) : Promise.resolve(message);
  }

  /** Sends a value as JSON, or text as it is. */
  send(frame: unknown): void {
    this.socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }
}
