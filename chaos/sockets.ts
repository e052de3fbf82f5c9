import WebSocket from "ws";

/** Told when a connection has ended because of its age. */
export type OnLifetime = () => void;

/** The sockets of one client. */
export interface Sockets {
  /** What the SDK makes its connections of. */
  Socket: new (url: string, protocols?: string[]) => WebSocket;
  /** Breaks the newest off, as a network does that is gone. @returns whether it stood */
  cut(): boolean;
}

/** How API Gateway closes a connection whose time is over. */
const GOING_AWAY = 1001;

/**
 * Makes the sockets of one client, which can be cut.
 * @param oldMs the age from which on a connection that ends has ended because of its age
 */
export const socketsOf = (oldMs: number, onLifetime: OnLifetime): Sockets => {
  let newest: WebSocket | undefined;
  const made = (socket: WebSocket): void => void (newest = socket);
  class Socket extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols);
      made(this);
      let openedAt = Infinity;
      let closing = false;
      const isOld = (): boolean => performance.now() - openedAt >= oldMs;
      this.on("open", () => (openedAt = performance.now()));
      this.on("close", (code) => {
        if (!closing && code === GOING_AWAY && isOld()) onLifetime();
      });
      const close = this.close.bind(this);
      this.close = (...how): void => {
        if (!closing && isOld()) onLifetime();
        closing = true;
        close(...how);
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
