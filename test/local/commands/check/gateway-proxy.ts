import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import type { Json } from "../../../../protocol/index.js";

/** One object of a frame, of either direction. */
export type Item = Record<string, Json | undefined>;

/** A connection on its way through the proxy. */
export interface Passing {
  /** Sends something to the client. */
  answer(...items: Item[]): void;
  /** Sends something to the server, as the client would. */
  ask(item: Item): void;
  /** Closes the client's connection. */
  close(code: number): void;
  /** State of a fault for this connection. */
  memory: Map<string, unknown>;
}

/** How a gateway changes traffic. Frames without a function here pass unchanged. */
export interface Fault {
  /** A frame of the client's: gives what the server gets, or nothing. */
  up?(item: Item, passing: Passing): Item | undefined;
  /** A frame of the server's: gives what the client gets, as frames. */
  down?(items: Item[], passing: Passing): Item[][];
  /** Maps the subprotocol that the server selected to the subprotocol that the client receives. */
  protocol?(selected: string): string;
  /** The status of a refused handshake; 0 accepts it. */
  refused?(status: number): number;
  /** How long a frame of the server's is held up, in milliseconds. */
  delayMs?(items: Item[]): number;
}

/** Stands before a real system as a broken gateway would be. */
export class GatewayProxy {
  readonly #server: Server;
  readonly #sockets = new Set<WebSocket>();

  private constructor(
    private readonly target: string,
    private readonly fault: Fault,
  ) {
    this.#server = createServer();
    const selected = new WeakMap<IncomingMessage, string>();
    const clients = new WebSocketServer({
      noServer: true,
      handleProtocols: (_offered, request) => selected.get(request) ?? false,
    });
    this.#server.on("upgrade", (request, socket, head) => {
      const offered = (request.headers["sec-websocket-protocol"] ?? "").split(/, */);
      const far = new WebSocket(this.target, offered);
      const accept = (protocol: string): void => {
        selected.set(request, this.fault.protocol?.(protocol) ?? protocol);
        clients.handleUpgrade(request, socket, head, (near) => this.#join(near, far));
      };
      far.once("open", () => accept(far.protocol));
      far.once("unexpected-response", (_request, response) => {
        const given = response.statusCode ?? 0;
        const status = this.fault.refused?.(given) ?? given;
        if (status === 0) accept(offered[0] ?? "");
        else refuse(socket, status);
      });
      far.on("error", () => undefined);
    });
  }

  /** Starts a proxy before a system. */
  static async before(target: string, fault: Fault = {}): Promise<GatewayProxy> {
    const proxy = new GatewayProxy(target, fault);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** The URL to which clients connect. */
  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}${new URL(this.target).pathname}`;
  }

  #join(near: WebSocket, far: WebSocket): void {
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    }
    const passing: Passing = {
      answer: (...items) => near.send(JSON.stringify(items.length === 1 ? items[0] : items)),
      ask: (item) => far.send(JSON.stringify(item)),
      close: (code) => near.close(code),
      memory: new Map(),
    };
    near.on("message", (data: Buffer) => {
      const item = this.fault.up ? this.fault.up(JSON.parse(data.toString()) as Item, passing) : data.toString();
      if (item !== undefined && far.readyState === WebSocket.OPEN)
        far.send(typeof item === "string" ? item : JSON.stringify(item));
    });
    far.on("message", (data: Buffer) => this.#down(data.toString(), near, passing));
    near.on("close", () => far.close());
    far.on("close", (code) => near.close(code === 1005 || code === 1006 ? 1000 : code));
  }

  #down(text: string, near: WebSocket, passing: Passing): void {
    if (text === "") return;
    const items = [JSON.parse(text) as Item].flat();
    const send = (): void => {
      if (near.readyState !== WebSocket.OPEN) return;
      for (const frame of this.fault.down?.(items, passing) ?? [items]) if (frame.length > 0) passing.answer(...frame);
    };
    const delay = this.fault.delayMs?.(items) ?? 0;
    if (delay > 0) setTimeout(send, delay);
    else send();
  }

  /** Ends everything. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const refuse = (socket: Duplex, status: number): void =>
  void socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\n\r\n`);
