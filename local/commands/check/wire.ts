import {
  CREDENTIALS_PREFIX,
  type Json,
  type Message,
  Meta,
  type Reply,
  SESSION_PREFIX,
  SUBPROTOCOL,
  SUBPROTOCOL_DENIED,
} from "../../../protocol/index.js";
import { freshId } from "../remote/ids.js";
import { Missing, Waiting } from "./waiting.js";
import { WebSocket } from "ws";

/** A handshake that was refused. */
export class Refused extends Error {
  override name = "Refused";

  constructor(readonly status: number) {
    super(`the handshake was refused with HTTP ${status}`);
  }
}

/** One object of a frame, and when it came, on `performance`'s clock. */
export type Incoming = Partial<Reply> & Partial<Message> & { message?: string; at: number };

/** How a connection is opened. */
export interface WireOptions {
  credentials?: Json | undefined;
  /** Offered in addition to the protocol's name. */
  session?: string;
  /** Offered instead of all that. */
  protocols?: string[];
  /** Longest wait for anything, in milliseconds. */
  timeoutMs: number;
  /** Called with the duration of each reply, in milliseconds. */
  answered?(ms: number): void;
}

/** A raw connection: frames are sent and stored unchanged. The SDK would repair the faults that a check must see. */
export class Wire {
  /** Everything received, arrays taken apart. */
  readonly received: Incoming[] = [];
  closed: { code: number; reason: string } | undefined;
  readonly #waiting: Waiting;
  #pending = 0;

  private constructor(
    readonly socket: WebSocket,
    private readonly options: WireOptions,
  ) {
    this.#waiting = new Waiting(
      options.timeoutMs,
      () => this.closed && `the connection was closed with ${this.closed.code}`,
    );
    socket.on("message", (data: Buffer) => {
      const text = data.toString();
      const at = performance.now();
      if (text !== "")
        this.received.push(...[JSON.parse(text) as Omit<Incoming, "at">].flat().map((each) => ({ ...each, at })));
      this.#waiting.notify();
    });
    socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#waiting.notify();
    });
    socket.on("error", () => undefined);
  }

  /**
   * Opens a connection.
   * @throws Refused with the HTTP status, Missing without a response, Error if the host cannot be reached
   */
  static open(url: string, options: WireOptions): Promise<Wire> {
    const { credentials, session, timeoutMs } = options;
    const encoded = CREDENTIALS_PREFIX + Buffer.from(JSON.stringify(credentials ?? null)).toString("base64url");
    const offered = options.protocols ?? [
      SUBPROTOCOL,
      SUBPROTOCOL_DENIED,
      ...(session === undefined ? [] : [SESSION_PREFIX + session]),
      ...(credentials === undefined ? [] : [encoded]),
    ];
    const socket = new WebSocket(url, offered, { perMessageDeflate: false });
    const wire = new Wire(socket, options);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.terminate();
        reject(new Missing(`the handshake was not answered within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      const fail = (error: Error): void => {
        clearTimeout(timer);
        reject(error);
      };
      socket.once("open", () => {
        clearTimeout(timer);
        resolve(wire);
      });
      socket.once("unexpected-response", (_request, response) => {
        fail(new Refused(response.statusCode ?? 0));
        response.destroy();
        socket.terminate();
      });
      socket.once("error", fail);
    });
  }

  /**
   * Resolves with the result of `find`, now or after a later frame.
   * @throws Missing if it is not found in time, or the connection closes before
   */
  until<T>(find: () => T | undefined | false, what: string): Promise<T> {
    return this.#waiting.until(find, what);
  }

  /** Sends a frame: an object, or a raw text. */
  send(frame: object | string): void {
    this.socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /**
   * Sends a frame, with a fresh uuid unless it has one.
   * @returns its answers, when so many are there
   * @throws Missing if they do not come; Error for an error of API Gateway that can only be about this frame
   */
  async requests(frame: Record<string, unknown>, uuids: readonly string[]): Promise<Reply[]> {
    const begun = performance.now();
    const from = this.received.length;
    const wanted = new Set(uuids);
    this.#pending += 1;
    try {
      this.send(frame);
      const answers = await this.until(
        () => {
          const later = this.received.slice(from);
          const gateway = later.find(({ channel, message }) => channel === undefined && message !== undefined);
          if (gateway && this.#pending === 1)
            throw new Error(`API Gateway answered "${gateway.message}" to ${String(frame["action"])}`);
          const found = later.filter((each): each is Reply & Incoming => isReply(each) && wanted.has(each.uuid ?? ""));
          return found.length >= wanted.size && found;
        },
        `the answer to ${String(frame["action"])}`,
      );
      this.options.answered?.((answers[0]?.at ?? begun) - begun);
      return answers;
    } finally {
      this.#pending -= 1;
    }
  }

  /** Sends a frame that has one answer. */
  async request(frame: Record<string, unknown> & { uuid?: string }): Promise<Reply> {
    const { uuid = freshId() } = frame;
    return (await this.requests({ ...frame, uuid }, [uuid]))[0] as Reply;
  }

  /** Asks about the connection. */
  ping(data?: object): Promise<Reply> {
    return this.request({ action: "ping", channel: Meta.ping, ...(data && { data }) });
  }

  /** Messages of a channel so far, except those known only by their position. */
  messages(channel: string): (Message & { at: number })[] {
    return this.received.filter(
      (each): each is Message & Incoming =>
        each.channel === channel && each.uuid !== undefined && each.data !== undefined,
    );
  }

  /** How many copies of a message came so far. */
  copies(channel: string, uuid: string): number {
    return this.messages(channel).filter((each) => each.uuid === uuid).length;
  }

  /** Resolves with a message, once it is there. */
  message(channel: string, uuid: string): Promise<Message & { at: number }> {
    return this.until(() => this.messages(channel).find((each) => each.uuid === uuid), `a message on ${channel}`);
  }

  /** Resolves when the connection is closed. */
  ended(): Promise<{ code: number; reason: string }> {
    return this.until(() => this.closed, "the end of the connection");
  }

  /** Closes the connection, and resolves when that is done. */
  async close(): Promise<void> {
    if (this.closed) return;
    const ended = new Promise((resolve) => this.socket.once("close", resolve));
    this.socket.close();
    const timer = setTimeout(() => this.socket.terminate(), this.options.timeoutMs);
    await ended;
    clearTimeout(timer);
  }
}

const isReply = (each: Incoming): boolean =>
  each.channel?.startsWith("/meta/") === true && each.successful !== undefined;
