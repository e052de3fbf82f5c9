import type { EventLoop } from "./event-loop.js";

/** The states of a WebSocket, as browsers number them. */
const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

type Listener = (event: never) => void;

/** The server's end of a connection. */
export interface ServerEnd {
  /** A frame has arrived. */
  received(text: string): void;
  /** The connection has ended. */
  gone(): void;
}

/** One connection: the client's socket, the server's end, and the network between them. */
export class Link {
  readonly socket: FakeSocket;
  /** The server's end, as long as the server considers the connection open. */
  serverEnd: ServerEnd | undefined;
  /** The network drops everything, and neither end is notified. */
  isDead = false;
  readonly #loop: EventLoop;

  constructor(
    loop: EventLoop,
    /** The subprotocols that the client offers. */
    readonly protocols: readonly string[],
    socket: FakeSocket,
  ) {
    this.#loop = loop;
    this.socket = socket;
  }

  /** Whether the client opens it or uses it. */
  get isInUse(): boolean {
    return this.socket.readyState <= OPEN;
  }

  /** The server accepts the handshake. */
  accept(protocol: string): void {
    this.#toClient(() => {
      if (this.socket.readyState !== CONNECTING) return;
      this.socket.protocol = protocol;
      this.socket.readyState = OPEN;
      this.socket.fire("open", { type: "open" });
    });
  }

  /** The server sends a frame. */
  post(text: string): void {
    this.#toClient(() => {
      if (this.socket.readyState === OPEN) this.socket.fire("message", { type: "message", data: text });
    });
  }

  /** The server closes the connection, or refuses the handshake. Earlier frames arrive before that. */
  finish(code: number, reason = ""): void {
    this.serverEnd = undefined;
    this.#toClient(() => this.close(code, reason));
  }

  /** The connection breaks: frames on their way are lost, and both ends notice. */
  cut(): void {
    this.isDead = true;
    this.#gone();
    this.close(1006, "");
  }

  /** The client sends a frame. */
  transmit(text: string): void {
    this.#toServer(() => this.serverEnd?.received(text));
  }

  /** The client closes. The server is notified after all earlier frames. */
  closeFromClient(): void {
    this.#toServer(() => {
      this.#gone();
      this.#toClient(() => this.close(1005, ""));
    });
  }

  /** The client's end is closed. */
  close(code: number, reason: string): void {
    const { socket } = this;
    if (socket.readyState === CLOSED) return;
    const wasOpen = socket.readyState !== CONNECTING;
    socket.readyState = CLOSED;
    if (!wasOpen || code === 1006) socket.fire("error", { type: "error" });
    socket.fire("close", { type: "close", code: wasOpen ? code : 1006, reason, wasClean: wasOpen && code !== 1006 });
  }

  /** Frames that were sent before the network died do not arrive either. */
  #toServer(event: () => void): void {
    if (!this.isDead) this.#loop.post(() => !this.isDead && event());
  }

  #toClient(event: () => void): void {
    if (!this.isDead) this.#loop.post(() => !this.isDead && event());
  }

  #gone(): void {
    const { serverEnd } = this;
    this.serverEnd = undefined;
    serverEnd?.gone();
  }
}

/** The client's end of a connection: the part of a WebSocket that applications and the SDK use. */
export class FakeSocket {
  protocol = "";
  readyState = CONNECTING;
  bufferedAmount = 0;
  binaryType = "blob";
  onopen: Listener | null = null;
  onmessage: Listener | null = null;
  onclose: Listener | null = null;
  onerror: Listener | null = null;
  readonly #link: Link;

  /** @param connect begins the handshake */
  constructor(
    readonly url: string,
    protocols: readonly string[],
    loop: EventLoop,
    connect: (link: Link) => void,
  ) {
    this.#link = new Link(loop, protocols, this);
    connect(this.#link);
  }

  /** Sends a frame as a browser does: throws before the socket is open, and ignores a frame after the close. */
  send(text: string): void {
    if (this.readyState === CONNECTING) throw new Error("The WebSocket is still connecting.");
    if (this.readyState === OPEN) this.#link.transmit(text);
  }

  /** Closes. The `close` event follows. */
  close(): void {
    if (this.readyState >= CLOSING) return;
    this.readyState = CLOSING;
    this.#link.closeFromClient();
  }

  /** Calls the listener of an event. */
  fire(type: "open" | "message" | "close" | "error", event: object): void {
    this[`on${type}`]?.(event as never);
  }
}
