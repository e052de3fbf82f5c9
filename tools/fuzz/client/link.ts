import type { Clock, Entry, Lane } from "./clock.js";

/** The states of a WebSocket, as browsers number them. */
const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

type Listener = (event: never) => void;

/** How long the operating system repeats frames in a dead network, in milliseconds. */
const OS_TIMEOUT_MS = 40_000;

/** One direction of a connection. Frames arrive later, in order. */
class Pipe {
  #items: { at: number; run: () => void; lost: (() => void) | undefined }[] = [];
  #last = 0;
  #entry: Entry | undefined;

  constructor(
    readonly clock: Clock,
    readonly lane: Lane,
    readonly stalledUntil: () => number,
  ) {}

  push(delay: number, run: () => void, lost?: () => void): void {
    this.#last = Math.max(this.#last, this.clock.now + delay);
    this.#items.push({ at: this.#last, run, lost });
    if (!this.#entry) this.#arm();
  }

  /** Drops all frames in flight. */
  clear(): void {
    for (const { lost } of this.#items.splice(0)) lost?.();
    this.clock.cancel(this.#entry);
    this.#entry = undefined;
  }

  #arm(): void {
    const [first] = this.#items;
    this.#entry = first && this.clock.at(Math.max(first.at, this.stalledUntil()), this.lane, () => this.#fire());
  }

  #fire(): void {
    this.#entry = undefined;
    if (this.stalledUntil() <= this.clock.now) this.#items.shift()!.run();
    // `run` may have pushed and armed, or cleared.
    if (!this.#entry) this.#arm();
  }
}

/** The server's end of a connection. */
export interface ServerEnd {
  /** A frame arrived. */
  received(text: string, sentAt: number): void;
  /** The connection has ended. */
  gone(): void;
}

/**
 * One connection and its WebSocket at the client. The network between both ends delays, stalls, drops everything
 * (`dead`) or cuts.
 */
export class Link {
  readonly socket: FakeSocket;
  /** No frame passes before this time. */
  stalledUntil = 0;
  /** The network drops all frames, and neither end is notified. */
  dead = false;
  /** Whether the server has closed it. */
  isEndedByServer = false;
  /** When the client first sent a frame that was dropped. */
  lostAt: number | undefined;
  /** The server's end, as long as the server considers the connection open. */
  serverEnd: ServerEnd | undefined;
  readonly #up: Pipe;
  readonly #down: Pipe;

  constructor(
    /** The number of the connection, from 1. */
    readonly id: number,
    readonly clock: Clock,
    /** The latency of the next frame, in milliseconds. */
    readonly latency: () => number,
    /** Called for each frame that the client sends. */
    readonly sent: (text: string) => void,
    /** Called before the client receives a frame. */
    readonly delivering: (text: string) => void,
    /** Whether a socket delivers messages after `close()`, as the package `ws` does and browsers do not. */
    readonly deliversWhileClosing: boolean,
  ) {
    this.#up = new Pipe(clock, "server", () => this.stalledUntil);
    this.#down = new Pipe(clock, "socket", () => this.stalledUntil);
    this.socket = new FakeSocket(this);
  }

  /** Whether it is open at the client. */
  get open(): boolean {
    return this.socket.readyState === OPEN;
  }

  /** Whether the client uses it or is opening it. */
  get inUse(): boolean {
    return this.socket.readyState <= OPEN;
  }

  /** The server accepts the handshake. */
  accept(protocol: string): void {
    this.#send(() => {
      if (this.socket.readyState !== CONNECTING) return;
      this.socket.protocol = protocol;
      this.socket.readyState = OPEN;
      this.socket.fire("open", { type: "open" });
    });
  }

  /**
   * Sends a frame from the server. `delivered` runs just before the client receives it, `lost` if the client has
   * closed.
   */
  post(text: string, delivered?: () => void, lost?: () => void): void {
    this.#send(() => {
      const { readyState } = this.socket;
      if (readyState !== OPEN && !(readyState === CLOSING && this.deliversWhileClosing)) return lost?.();
      delivered?.();
      this.delivering(text);
      this.socket.fire("message", { type: "message", data: text });
    }, lost);
  }

  /** Closes the server's end, or refuses the handshake. The client is notified after all earlier frames. */
  finish(code: number, reason = ""): void {
    this.isEndedByServer = true;
    this.serverEnd = undefined;
    this.#send(() => this.#closed(code, reason));
  }

  /** Cuts the connection: frames in flight are lost, and both ends are notified later. */
  cut(clientAfter: number, serverAfter: number): void {
    this.#up.clear();
    this.#down.clear();
    this.stalledUntil = 0;
    this.dead = true;
    this.clock.at(this.clock.now + clientAfter, "socket", () => this.#closed(1006, ""));
    this.clock.later(serverAfter, () => this.#gone());
  }

  /** Drops all frames from now on, while both ends consider the connection open. */
  kill(): void {
    this.dead = true;
    this.#up.clear();
    this.#down.clear();
  }

  /** The client sends. */
  transmit(text: string): void {
    this.sent(text);
    if (this.dead) {
      // No reply to a heartbeat means nothing. So only the operating system notices a dead network.
      if (!text.startsWith('{"action":"heartbeat"')) this.lostAt ??= this.clock.now;
      this.clock.at(this.clock.now + OS_TIMEOUT_MS, "socket", () => this.#closed(1006, ""));
      return;
    }
    const sentAt = this.clock.now;
    this.#up.push(this.latency(), () => this.serverEnd?.received(text, sentAt));
  }

  /**
   * Closes from the client. The server is notified after all earlier frames, and then the client's `close` event
   * follows.
   */
  closeFromClient(): void {
    if (this.dead) {
      this.clock.at(this.clock.now + 20_000, "socket", () => this.#closed(1006, ""));
      return;
    }
    this.#up.push(this.latency(), () => {
      this.#gone();
      this.#send(() => this.#closed(1005, ""));
    });
  }

  #send(run: () => void, lost?: () => void): void {
    if (this.dead) lost?.();
    else this.#down.push(this.latency(), run, lost);
  }

  #gone(): void {
    const { serverEnd } = this;
    this.serverEnd = undefined;
    serverEnd?.gone();
  }

  #closed(code: number, reason: string): void {
    if (this.socket.readyState === CLOSED) return;
    const opened = this.socket.readyState !== CONNECTING;
    this.socket.readyState = CLOSED;
    if (!opened || code === 1006) this.socket.fire("error", { type: "error" });
    this.socket.fire("close", { type: "close", code: opened ? code : 1006, reason, wasClean: code !== 1006 });
  }
}

/** The client's end of a connection: the part of a WebSocket that the SDK needs. */
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
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(link: Link) {
    this.#link = link;
  }

  /** Sends a frame as a browser does: throws before the socket is open, and ignores the frame after the close. */
  send(text: string): void {
    if (this.readyState === CONNECTING) throw new Error("InvalidStateError: the WebSocket is still connecting");
    if (this.readyState === OPEN) this.#link.transmit(text);
  }

  /** Closes; the `close` event follows. */
  close(): void {
    if (this.readyState >= CLOSING) return;
    this.readyState = CLOSING;
    this.#link.closeFromClient();
  }

  addEventListener(type: string, listener: Listener): void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  /** Dispatches an event to its listeners. */
  fire(type: "open" | "message" | "close" | "error", event: object): void {
    this[`on${type}`]?.(event as never);
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener(event as never);
  }
}
