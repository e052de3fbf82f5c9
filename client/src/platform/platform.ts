/** What the SDK needs of a WebSocket. The browser's, Node's (from 22 on) and the `ws` package's all have it. */
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

/** An event of the page, as far as the SDK reads it. */
export interface PageEvent {
  type: string;
  /** Of `pageshow`: the page comes out of the browser's cache of pages. */
  persisted?: boolean;
  /** Of `securitypolicyviolation`: what the policy forbade. */
  blockedURI?: string;
  /** Of `securitypolicyviolation`: `report` if it was only reported. */
  disposition?: string;
}

/** Something that dispatches events: a window, a document. */
export interface PageEventTarget {
  addEventListener?(type: string, listener: (event: PageEvent) => void): void;
  removeEventListener?(type: string, listener: (event: PageEvent) => void): void;
}

/** The world around the SDK: what it takes from `globalThis`. Tests and unusual runtimes pass their own. */
export interface Platform extends PageEventTarget {
  Date: { now(): number };
  Math: { random(): number };
  setTimeout(callback: () => unknown, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
  /** The page. `onfreeze` is there if the browser announces a freeze and its end. */
  document?: PageEventTarget & { hidden: boolean; onfreeze?: unknown };
  WebSocket?: SocketClass | undefined;
  /** For the probe that tells a blocked WebSocket from a dead network. */
  fetch?(url: string, options: { mode: "no-cors"; cache: "no-store"; credentials: "omit" }): Promise<unknown>;
}

/** React Native's `AppState`, as far as the SDK uses it. */
export interface AppStateLike {
  readonly currentState: string;
  addEventListener(type: "change", listener: (state: string) => void): { remove(): void };
}

/**
 * Listens to an event of a window or document, if there is one.
 * @returns a function that removes the listener
 */
export const listen = (
  target: PageEventTarget | undefined,
  type: string,
  listener: (event: PageEvent) => void,
): (() => void) => {
  target?.addEventListener?.(type, listener);
  return () => target?.removeEventListener?.(type, listener);
};

/** Whether this runtime shows pages or apps to a person. A server that renders pages does not. */
export const isInteractive = (): boolean => {
  const { window, WorkerGlobalScope, navigator } = globalThis as {
    window?: unknown;
    WorkerGlobalScope?: unknown;
    navigator?: { product?: string };
  };
  return window !== undefined || WorkerGlobalScope !== undefined || navigator?.product === "ReactNative";
};
