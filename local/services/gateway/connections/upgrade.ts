import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { CloseReasons, protocolClose } from "./close-codes.js";
import { Connection } from "./connection.js";
import type { GatewayContext } from "../context.js";
import { runDisconnect } from "./disconnect.js";
import { errorFrame, ErrorMessages } from "../errors.js";
import type { ConnectionFacts } from "../events.js";
import { FrameHeaderParser } from "./frame-header-parser.js";
import { handshake, type HandshakeVerdict, handshakeError } from "./handshake.js";
import { gatewayId } from "../ids.js";
import { handleMessage } from "../routes/messages.js";

const BINARY = 2;
const LOST = 1006;

const refuse = (socket: Duplex, status: number, body: string): void => {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `x-amzn-RequestId: ${gatewayId()}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
};

const refusalBody = (verdict: HandshakeVerdict & { open: false }): string =>
  errorFrame(verdict.message, verdict.facts?.id ?? gatewayId(), gatewayId());

/** Turns HTTP upgrades into connections, once `$connect` has allowed them. */
export class Upgrader {
  readonly #protocols = new WeakMap<IncomingMessage, string>();
  readonly #server: WebSocketServer;

  constructor(private readonly context: GatewayContext) {
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: context.limits.messageBytes,
      handleProtocols: () => false,
    });
    // The function's subprotocol is sent even if the client did not offer it: then a browser fails the connection.
    this.#server.on("headers", (headers, request) => {
      const protocol = this.#protocols.get(request);
      if (protocol !== undefined) headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
    });
  }

  /** Handles Node's `upgrade` event. Never rejects. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => socket.destroy());
    const { registry, limits } = this.context;
    const status =
      handshakeError(this.context, request) ?? (registry.pending.size >= limits.pendingHandshakes ? 503 : undefined);
    if (status !== undefined)
      return refuse(socket, status, errorFrame(ErrorMessages.forbidden, gatewayId(), gatewayId()));
    registry.pending.add(socket);
    const verdict = await handshake(this.context, request).finally(() => registry.pending.delete(socket));
    if (!verdict.open) return refuse(socket, verdict.status, refusalBody(verdict));
    this.#open(verdict, request, socket, head);
  }

  #open(verdict: HandshakeVerdict & { open: true }, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (verdict.protocol !== undefined) this.#protocols.set(request, verdict.protocol);
    let opened = false;
    this.#server.handleUpgrade(request, socket, head, (websocket) => {
      opened = true;
      this.#connect(verdict.facts, websocket, socket);
    });
    // The client left while $connect ran. No socket is left, but the function has accepted a connection.
    if (!opened) void runDisconnect(this.context, verdict.facts, { code: LOST, reason: "" });
  }

  #connect(facts: ConnectionFacts, websocket: WebSocket, socket: Duplex): void {
    const { context } = this;
    const connection = new Connection(facts, websocket, context.limits, context.now);
    context.registry.add(connection);
    context.meter?.opened(facts.connectedAt);
    this.#watch(connection, socket);
    websocket.on("message", (data) => {
      if (!connection.open) return;
      connection.touch();
      void handleMessage(context, connection, (data as Buffer).toString());
    });
    websocket.on("error", (error: NodeJS.ErrnoException) => {
      const close = protocolClose(error.code);
      if (close) connection.close(close);
    });
    websocket.on("close", (code, reason) => {
      context.registry.remove(connection);
      context.meter?.closed(facts.connectedAt);
      void runDisconnect(context, facts, connection.ended(code, reason.toString()));
    });
  }

  #watch(connection: Connection, socket: Duplex): void {
    const watch = new FrameHeaderParser((opcode, bytes) => {
      if (opcode === BINARY) connection.close(CloseReasons.binary);
      else if (bytes > this.context.limits.frameBytes) connection.close(CloseReasons.tooBig);
    });
    // Before ws's own listener, so that no message of a frame that breaks a limit is seen.
    socket.prependListener("data", (chunk: Buffer) => watch.push(chunk));
  }
}
