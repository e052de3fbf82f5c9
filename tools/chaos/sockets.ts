import WebSocket from "ws";
import type { Position } from "./journal.js";

/** What is told of the sockets of one client. */
export interface SocketListener {
  /** A connection has ended because of its age. */
  lifetime(): void;
  /** A connection is being opened, stands, or has ended. */
  socket(): void;
  /** A frame with a publication was sent. */
  published(uuid: string): void;
  /** The server has acknowledged a publication. */
  acknowledged(uuid: string, position: Position | undefined): void;
}

/** The sockets of one client. */
export interface Sockets {
  /** What the SDK makes its connections of. */
  Socket: new (url: string, protocols?: string[]) => WebSocket;
  /** Breaks the newest off, as a network does that is gone. @returns whether it stood */
  cut(): boolean;
}

/** How API Gateway closes a connection whose time is over. */
const GOING_AWAY = 1001;

interface Frame {
  action?: string;
  channel?: string;
  uuid?: string;
  messages?: { uuid: string }[];
  position?: Position;
}

/** The frames in a text; of anything else, none. */
const parseFrames = (text: string): Frame[] => {
  try {
    const value = JSON.parse(text) as Frame | Frame[] | null;
    return Array.isArray(value) ? value : [value ?? {}];
  } catch {
    return [];
  }
};

/**
 * Makes the sockets of one client, which can be cut.
 * @param oldMs the age from which on a connection that ends has ended because of its age
 */
export const createSockets = (oldMs: number, listening: SocketListener): Sockets => {
  let newest: WebSocket | undefined;
  const made = (socket: WebSocket): void => {
    newest = socket;
    listening.socket();
  };
  const sent = (text: string): void => {
    for (const { action, uuid, messages } of parseFrames(text)) {
      if (action === "publish") for (const each of messages ?? [{ uuid: uuid ?? "" }]) listening.published(each.uuid);
    }
  };
  const came = (text: string): void => {
    for (const { channel, uuid, position } of parseFrames(text)) {
      if (channel === "/meta/successful" && uuid !== undefined) listening.acknowledged(uuid, position);
    }
  };
  class Socket extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols);
      made(this);
      let openedAt = Infinity;
      let closing = false;
      const isOld = (): boolean => performance.now() - openedAt >= oldMs;
      this.on("open", () => {
        openedAt = performance.now();
        listening.socket();
      });
      this.on("close", (code) => {
        if (!closing && code === GOING_AWAY && isOld()) listening.lifetime();
        listening.socket();
      });
      this.on("message", (data) => came((data as Buffer).toString()));
      const { close, send } = this;
      this.close = (...how): void => {
        if (!closing && isOld()) listening.lifetime();
        closing = true;
        close.apply(this, how);
      };
      this.send = (...what: unknown[]): void => {
        sent(String(what[0]));
        send.apply(this, what as Parameters<typeof send>);
      };
    }
  }
  return {
    Socket,
    cut() {
      const stood = newest?.readyState === WebSocket.OPEN;
      newest?.terminate();
      return stood;
    },
  };
};
