/** The part of a WebSocket that the SDK uses. Browsers, Node (from 22 on) and the `ws` package have it. */
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

/** The part of a page's event that the SDK reads. */
export interface PageEvent {
  type: string;
  /** Of `pageshow`: the page comes from the browser's back/forward cache. */
  persisted?: boolean;
  /** Of `securitypolicyviolation`: the URL that the policy forbade. */
  blockedURI?: string;
  /** Of `securitypolicyviolation`: `report` if it was only reported. */
  disposition?: string;
}

/** A window or a document, which dispatches events. */
export interface PageEventTarget {
  addEventListener?(type: string, listener: (event: PageEvent) => void): void;
  removeEventListener?(type: string, listener: (event: PageEvent) => void): void;
}

/** The part of `globalThis` that the SDK uses. Tests and unusual runtimes pass their own. */
export interface Platform extends PageEventTarget {
  Date: { now(): number };
  Math: { random(): number };
  setTimeout(callback: () => unknown, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
  /** The page. It has `onfreeze` if the browser announces a freeze and its end. */
  document?: PageEventTarget & { hidden: boolean; onfreeze?: unknown };
  WebSocket?: SocketClass | undefined;
  /** For the probe that distinguishes a blocked WebSocket from a dead network. */
  fetch?(url: string, options: { mode: "no-cors"; cache: "no-store"; credentials: "omit" }): Promise<unknown>;
}

/** The part of React Native's `AppState` that the SDK uses. */
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

/**
 * The class for WebSockets: the application's, or the platform's.
 * @throws Error if there is none
 */
export const requireSocketClass = ({
  WebSocket,
  platform,
}: {
  WebSocket?: SocketClass | undefined;
  platform: Platform;
}): SocketClass => {
  const socketClass = WebSocket ?? platform.WebSocket;
  if (!socketClass)
    throw new Error(
      'This runtime has no WebSocket. Pass a class as the option "WebSocket", for example from the package "ws".',
    );
  return socketClass;
};

/** Whether this runtime shows pages or apps to a person, unlike a server that renders pages. */
export const isInteractive = (): boolean => {
  const { window, WorkerGlobalScope, navigator } = globalThis as {
    window?: unknown;
    WorkerGlobalScope?: unknown;
    navigator?: { product?: string };
  };
  return window !== undefined || WorkerGlobalScope !== undefined || navigator?.product === "ReactNative";
};
