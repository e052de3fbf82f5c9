import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import type { Reply, Json, Message } from "../../../protocol/index.js";
import { Mailbox } from "./mailbox.js";

/** A frame of a client, as loosely as a test needs it. */
export interface ClientFrame {
  action: string;
  channel?: string;
  uuid: string;
  data?: Json & { channels?: string[]; channel?: string; state?: Json };
  messages?: { channel: string; uuid: string; data: Json; echo?: boolean }[];
  echo?: boolean;
}

let agents = 0;

/** One connection, as the server sees it. */
export class Peer {
  readonly frames = new Mailbox<ClientFrame>();
  readonly texts: string[] = [];
  /** The ping that followed the handshake. */
  first?: ClientFrame;
  /** The same, once it is here. */
  readonly introduction: Promise<ClientFrame>;
  readonly closed: Promise<number>;

  constructor(
    readonly socket: WebSocket,
    readonly protocols: string[],
    automatic: () => boolean,
    introduces: () => boolean,
    heartbeats: () => boolean,
  ) {
    this.closed = new Promise((resolve) => socket.on("close", resolve));
    let introduce = (_ping: ClientFrame): void => {};
    this.introduction = new Promise((resolve) => (introduce = resolve));
    let isAskedWhoItIs = false;
    socket.on("message", (data: Buffer) => {
      const text = data.toString();
      const frame = JSON.parse(text) as ClientFrame;
      // The ping that follows each handshake: a test sees the pings after it.
      if (frame.action === "ping" && !isAskedWhoItIs && socket.protocol === "push-it.v1") {
        isAskedWhoItIs = true;
        this.first = frame;
        introduce(frame);
        const data = { agent: `agent-${(agents += 1)}`, ...(heartbeats() && { heartbeats: true }) };
        if (introduces()) this.answer(frame, { successful: true, data });
        return;
      }
      this.texts.push(text);
      this.frames.put(frame);
      if (automatic()) this.answer(frame);
    });
  }

  send(...frames: (Partial<Reply> | Message | object)[]): void {
    this.socket.send(JSON.stringify(frames.length === 1 ? frames[0] : frames));
  }

  /** Answers a frame as a server that permits everything does. */
  answer(frame: ClientFrame, more: Partial<Reply> = { successful: true }): void {
    const { action, uuid } = frame;
    if (action === "subscribe" || action === "unsubscribe")
      this.send(
        ...frame.data!.channels!.map((target: string | { channel: string }) => {
          const channel = typeof target === "string" ? target : target.channel;
          return { channel: "/meta/" + action, uuid, data: { channel }, ...more };
        }),
      );
    else if (action === "publish")
      this.send(
        ...(frame.messages ?? [frame]).map((message) => ({
          channel: more.successful ? "/meta/successful" : "/meta/error",
          uuid: message.uuid,
          ...more,
        })),
      );
    else if (action === "state")
      this.send({ channel: "/meta/presence", uuid, data: { channel: frame.data!.channel! }, ...more });
    else if (action !== "send" && action !== "heartbeat") this.send({ channel: "/meta/" + action, uuid, ...more });
  }
}

/** A server that does as the test says: real sockets, no Push-It behind them. */
export class ScriptedServer {
  readonly peers = new Mailbox<Peer>();
  /** Which of the offered subprotocols is selected. */
  select = "push-it.v1";
  /** Whether frames are answered at once, as if everything were permitted. */
  automatic = true;
  /** Whether the ping that follows a handshake is answered at once. */
  introduces = true;
  /** Whether it says that it knows heartbeats. */
  heartbeats = false;
  /** The status a handshake is refused with. */
  refuse: number | undefined;
  /** How many handshakes were refused. */
  refused = 0;
  readonly #server: WebSocketServer;

  private constructor() {
    this.#server = new WebSocketServer({
      host: "127.0.0.1",
      port: 0,
      handleProtocols: () => this.select,
      verifyClient: (_info, done) => {
        if (!this.refuse) return done(true);
        this.refused += 1;
        done(false, this.refuse);
      },
    });
    this.#server.on("connection", (socket, request: IncomingMessage) => {
      const offered = request.headers["sec-websocket-protocol"]!.split(/, ?/);
      this.peers.put(
        new Peer(
          socket,
          offered,
          () => this.automatic,
          () => this.introduces,
          () => this.heartbeats,
        ),
      );
    });
  }

  static async start(): Promise<ScriptedServer> {
    const server = new ScriptedServer();
    await new Promise((resolve) => server.#server.once("listening", resolve));
    return server;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/stage`;
  }

  async stop(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
