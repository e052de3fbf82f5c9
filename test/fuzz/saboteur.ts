import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import WebSocket, { WebSocketServer } from "ws";

/** What becomes of a frame of the server's on its way: the frames that arrive instead. */
export type Sabotage = (frame: string) => string[];

/** Close codes that may be sent; the others only report. */
const SENDABLE = (code: number): boolean => code >= 1000 && code < 1015 && ![1004, 1005, 1006].includes(code);

const passClose = (to: WebSocket, code: number): void => (SENDABLE(code) ? to.close(code) : to.close());

/** Stands between clients and a server, and changes what the server says. */
export class Saboteur {
  private constructor(
    private readonly server: Server,
    private readonly sockets: WebSocketServer,
  ) {}

  /** @param sabotage looked at anew for each frame */
  static async start(target: string, sabotage: () => Sabotage): Promise<Saboteur> {
    const selected = new WeakMap<object, string>();
    const sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: 0,
      handleProtocols: (_offered, request) => selected.get(request) ?? false,
    });
    const server = createServer();
    server.on("upgrade", (request, socket, head) => {
      const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((each) => each.trim());
      const upstream = new WebSocket(target, offered.filter(Boolean), { perMessageDeflate: false });
      upstream.on("error", () => undefined);
      upstream.on("unexpected-response", (_request, { statusCode = 502 }) => {
        socket.end(`HTTP/1.1 ${statusCode} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
        upstream.terminate();
      });
      upstream.on("open", () => {
        selected.set(request, upstream.protocol);
        sockets.handleUpgrade(request, socket, head, (client) => {
          client.on("error", () => undefined);
          client.on("message", (data: Buffer, binary: boolean) => upstream.send(data, { binary }, () => undefined));
          client.on("close", (code) => passClose(upstream, code));
          upstream.on("message", (data: Buffer) => sabotage()(data.toString()).forEach((frame) => client.send(frame, () => undefined)));
          upstream.on("close", (code) => passClose(client, code));
        });
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Saboteur(server, sockets);
  }

  /** Where clients connect instead. */
  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Cuts everybody off. */
  async close(): Promise<void> {
    for (const client of this.sockets.clients) client.terminate();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
