import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import {
  type HistoryMessage,
  type Member,
  Meta,
  type Position,
  SUBPROTOCOL,
  SUBPROTOCOL_DENIED,
} from "../../../../protocol/index.js";

/** A request as this stage reads it. */
interface Request {
  action: string;
  channel: string;
  uuid: string;
  data?: {
    channel?: string;
    channels?: (string | { channel: string; since?: Position })[];
    limit?: number;
    reverse?: boolean;
  };
}

/** How a stage answers. */
export interface StageOptions {
  /** The reason for denying everybody. */
  denies?: string;
  /** Channels that may not be subscribed to, published on or left, with the reason. */
  refuses?: Record<string, string>;
  /** Channels that a subscription to another one brings along. */
  gifts?: string[];
  /** Messages of channels below `rooms/`, which have history and presence. The test may add to them. */
  history?: HistoryMessage[];
  /** Members of these channels. */
  members?: Member[];
}

/** A stage that speaks just enough of the protocol over a real socket. */
export class Stage {
  readonly requests: Request[] = [];
  readonly #sockets = new Set<WebSocket>();

  private constructor(
    private readonly server: WebSocketServer,
    private readonly options: StageOptions,
  ) {
    server.on("connection", (socket) => this.#serve(socket));
  }

  static async start(options: StageOptions = {}): Promise<Stage> {
    const protocol = options.denies === undefined ? SUBPROTOCOL : SUBPROTOCOL_DENIED;
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => protocol });
    await once(server, "listening");
    return new Stage(server, options);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/live`;
  }

  /** Cuts every connection, as a lost network does. */
  cut(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async stop(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, "close");
  }

  #serve(socket: WebSocket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("message", (data: Buffer) => {
      const request = JSON.parse(data.toString()) as Request;
      this.requests.push(request);
      socket.send(JSON.stringify(this.#answers(request)));
    });
  }

  #answers({ action, channel, uuid, data = {} }: Request): object[] {
    const { denies, gifts = [] } = this.options;
    if (denies !== undefined)
      return [{ channel: Meta.connect, uuid, successful: false, error: denies, code: "denied" }];
    if (action === "connect" || action === "ping")
      return [{ channel, uuid, successful: true, data: { agent: "agent-1" } }];
    if (action === "publish")
      return [{ channel, uuid, data }, this.#verdict(Meta.successful, Meta.error, channel, uuid)];
    const about = data.channel ?? "";
    if (action === "history")
      return [
        this.#about(Meta.history, about, uuid, this.#replay(this.#history.slice(-(data.limit ?? 100)).reverse())),
      ];
    if (action === "presence")
      return [this.#about(Meta.presence, about, uuid, { count: this.#members.length, members: this.#members })];
    const asked = data.channels ?? [about];
    const given = action === "subscribe" ? [...asked, ...gifts] : asked;
    return given.map((each) => {
      const { channel: name, since } = typeof each === "string" ? { channel: each } : each;
      const kept = action === "subscribe" && name.startsWith("rooms/");
      const missed = since && {
        ...this.#replay(this.#history.filter(({ offset }) => offset > since.offset)),
        recovered: true,
      };
      return {
        ...this.#verdict(channel, channel, name, uuid),
        data: { channel: name, ...(kept && { ...this.#offers, ...missed }) },
      };
    });
  }

  /** Sends a frame to all clients. */
  broadcast(frame: object): void {
    for (const socket of this.#sockets) socket.send(JSON.stringify(frame));
  }

  get #history(): HistoryMessage[] {
    return this.options.history ?? [];
  }

  get #members(): Member[] {
    return this.options.members ?? [];
  }

  /** The features of a room in the reply to a subscription. */
  get #offers(): object {
    return { ...this.#replay(), historyCheckIntervalMs: 60_000, presenceIntervalMs: 60_000 };
  }

  #replay(messages?: HistoryMessage[]): object {
    return { position: { epoch: "e", offset: this.#history.at(-1)?.offset ?? 0 }, ...(messages && { messages }) };
  }

  #about(meta: string, channel: string, uuid: string, data: object): object {
    return { channel: meta, uuid, successful: true, data: { channel, ...data } };
  }

  #verdict(yes: string, no: string, channel: string, uuid: string): object {
    const reason = this.options.refuses?.[channel];
    if (reason === undefined) return { channel: yes, uuid, successful: true };
    return { channel: no, uuid, successful: false, error: reason, code: "denied" };
  }
}
