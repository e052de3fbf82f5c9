import WebSocket from "ws";
import {
  type Reply,
  CREDENTIALS_PREFIX,
  type Json,
  type Message,
  Meta,
  SUBPROTOCOL,
  SUBPROTOCOL_DENIED,
} from "../../../protocol/index.js";
import { Waiting } from "./waiting.js";

/** How a test connects. */
export interface WireOptions {
  credentials?: Json;
  /** Instead of what the protocol says. */
  protocols?: string[];
  headers?: Record<string, string>;
}

/** One frame of the server's, when it came. */
type Incoming = Partial<Reply> & Partial<Message> & { message?: string };

/**
 * Messages without repeated deliveries. A repeated delivery has the channel and uuid of the first,
 * and is the same message (docs/PROTOCOL.md, "Duplicates").
 */
export const firstDeliveries = (messages: readonly Message[]): Message[] => {
  const firsts = new Map<string, Message>();
  for (const message of messages) {
    const key = `${message.channel} ${message.uuid}`;
    const first = firsts.get(key);
    if (first) expect(message).toEqual(first);
    else firsts.set(key, message);
  }
  return [...firsts.values()];
};

/** A client that speaks the protocol by hand: what a test says goes on the wire as it is. */
export class Wire {
  readonly socket: WebSocket;
  /** Everything received, frame by frame, arrays taken apart. */
  readonly received: Incoming[] = [];
  /** Frames as they came. */
  readonly frames: string[] = [];
  closed: { code: number; reason: string } | undefined;
  readonly #waiting = new Waiting();
  #uuids = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => {
      const text = data.toString();
      this.frames.push(text);
      if (text !== "") this.received.push(...([JSON.parse(text)] as Incoming[]).flat());
      this.#waiting.notify();
    });
    socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#waiting.notify();
    });
    socket.on("error", () => undefined);
  }

  /** Opens a connection; rejects with the HTTP status of a refused handshake. */
  static open(url: string, { credentials, protocols, headers }: WireOptions = {}): Promise<Wire> {
    const entry = CREDENTIALS_PREFIX + Buffer.from(JSON.stringify(credentials ?? null)).toString("base64url");
    const offered = protocols ?? [SUBPROTOCOL, SUBPROTOCOL_DENIED, ...(credentials === undefined ? [] : [entry])];
    const socket = new WebSocket(url, offered, { headers: headers ?? {} });
    const wire = new Wire(socket);
    return new Promise((resolve, reject) => {
      socket.on("open", () => resolve(wire));
      socket.on("unexpected-response", (_request, response) => {
        reject(new Error(`refused: ${response.statusCode}`));
        response.destroy();
        socket.terminate();
      });
      socket.on("error", reject);
    });
  }

  get protocol(): string {
    return this.socket.protocol;
  }

  uuid(): string {
    return `u${(this.#uuids += 1)}`;
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** Resolves with the message that `find` finds among the received ones, now or later. */
  until<T>(find: () => T | undefined | false, what: string): Promise<T> {
    return this.#waiting.until(find, () => `${what}; received ${this.frames.slice(-5).join(" ")}`);
  }

  /** The answers that carry this uuid, once there are `count` of them. */
  answers(uuid: string, count = 1): Promise<Reply[]> {
    return this.until(() => {
      const answers = this.received.filter((each) => each.uuid === uuid && each.channel?.startsWith("/meta/"));
      return answers.length >= count && (answers as Reply[]);
    }, `${count} answers to ${uuid}`);
  }

  async #one(uuid: string): Promise<Reply> {
    return (await this.answers(uuid))[0] as Reply;
  }

  /** Sends any frame, with a fresh uuid unless it has one, and resolves with its first answer. */
  request(frame: Record<string, unknown> & { uuid?: string }): Promise<Reply> {
    const { uuid = this.uuid() } = frame;
    this.send({ ...frame, uuid });
    return this.#one(uuid);
  }

  subscribe(channel: string, more: { present?: boolean; token?: Json | undefined } = {}): Promise<Reply> {
    return this.request({ action: "subscribe", channel: Meta.subscribe, data: { channel, ...more } });
  }

  unsubscribe(channel: string): Promise<Reply> {
    return this.request({ action: "unsubscribe", channel: Meta.unsubscribe, data: { channel } });
  }

  publish(channel: string, data: Json, more: { uuid?: string; echo?: boolean } = {}): Promise<Reply> {
    return this.request({ action: "publish", channel, data, ...more });
  }

  ping(): Promise<Reply> {
    return this.request({ action: "ping", channel: Meta.ping });
  }

  /** Messages (not answers) received so far, optionally of one channel. */
  messages(channel?: string): Message[] {
    return this.received.filter(
      (each) =>
        each.channel !== undefined &&
        !each.channel.startsWith("/meta/") &&
        (channel === undefined || each.channel === channel),
    ) as Message[];
  }

  /** Resolves with the message of this data, once it is there. */
  message(data: Json): Promise<Message> {
    const wanted = JSON.stringify(data);
    return this.until(
      () => this.messages().find((each) => JSON.stringify(each.data) === wanted),
      `a message ${wanted}`,
    );
  }

  /** Resolves when the connection is closed. */
  ended(): Promise<{ code: number; reason: string }> {
    return this.until(() => this.closed, "the end of the connection");
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.socket.close();
    await this.ended();
  }
}
