import WebSocket from "ws";
import type { Position } from "./journal.js";

/** Receives the events of one client's sockets. */
export interface SocketListener {
  /** A connection ended because of its age. */
  lifetime(): void;
  /** A connection is opening, is open, or has closed. */
  socket(): void;
  /** The client sent a frame with a publication. */
  published(uuid: string): void;
  /** The server acknowledged a publication. */
  acknowledged(uuid: string, position: Position | undefined): void;
}

/** The sockets of one client. */
export interface Sockets {
  /** The WebSocket class for the SDK. */
  Socket: new (url: string, protocols?: string[]) => WebSocket;
  /** Cuts the newest connection without a close frame. @returns whether it was open */
  cut(): boolean;
}

/** Close code of API Gateway at the end of a connection's lifetime. */
const GOING_AWAY = 1001;

interface Frame {
  action?: string;
  channel?: string;
  uuid?: string;
  messages?: { uuid: string }[];
  position?: Position;
}

/** Parses the frames in a text; none if it is not JSON. */
const parseFrames = (text: string): Frame[] => {
  try {
    const value = JSON.parse(text) as Frame | Frame[] | null;
    return Array.isArray(value) ? value : [value ?? {}];
  } catch {
    return [];
  }
};

/**
 * Creates the sockets of one client, which can be cut.
 * @param oldMs from this age on, the end of a connection counts as caused by its age
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
