/** What the SDK needs of a WebSocket: the browser's, Node's (from 22 on) and `ws` all have it. */
export interface Socket {
  /** The subprotocol that the server selected. */
  readonly protocol: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(): void;
}

/** A WebSocket class. */
export type SocketClass = new (url: string, protocols: string[]) => Socket;

/** The world around the SDK: what it takes from `globalThis`, so that tests and unusual runtimes can stand in. */
export interface Host {
  Date: { now(): number };
  Math: { random(): number };
  setTimeout(callback: () => unknown, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
  /** For `online`, `pageshow` and `visibilitychange`, where the runtime has them. */
  addEventListener?(type: string, listener: (event: { type: string }) => void, options?: { signal?: AbortSignal }): void;
  document?: { hidden: boolean };
  WebSocket?: SocketClass;
}

/** How late a timer may fire, in milliseconds, before it says more about this process than about the other side. */
const LATE = 2_000;

/**
 * Calls `expired` unless the returned function is called within `milliseconds`. A timer that fires late shows that
 * *this* side slept (a frozen or throttled tab): what arrived meanwhile may still be queued behind the timer, so it
 * gets a moment to be handled first.
 */
export const deadline = (host: Host, milliseconds: number, expired: () => void): (() => void) => {
  const due = host.Date.now() + milliseconds;
  let timer = host.setTimeout(() => {
    if (host.Date.now() - due > LATE) timer = host.setTimeout(expired, LATE);
    else expired();
  }, milliseconds);
  return () => host.clearTimeout(timer);
};
