import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { ApiModel } from "../../assembly/model/api.js";
import type { Invoker } from "../../core/invoker.js";
import type { Log } from "../../core/log.js";
import type { GatewayLimits } from "./limits.js";

/** The outcome that a test chooses for a post; see {@link GatewayFaults.beforePost}. */
export type PostFault = "gone" | "limit" | "error" | "lose" | "duplicate";

/** A signed request to `@connections`, as the check of permissions sees it. */
export interface ManagementCall {
  accessKeyId: string;
  method: string;
  /** Such as `/prod/@connections/KVmb8fjMIAMCFgQ%3D`. */
  path: string;
}

/**
 * Faults that tests inject. Every member is optional and called each time. Normal runs use none. Random faults should
 * come from the test's own seeded generator.
 */
export interface GatewayFaults {
  /**
   * Called before a post reaches its connection.
   * - `gone`: 410 although the connection is open.
   * - `limit`: 429.
   * - `error`: 500.
   * - `lose`: 200, but no frame is sent.
   * - `duplicate`: the frame is sent twice.
   */
  beforePost?(connectionId: string, body: Buffer): PostFault | undefined;
  /** Milliseconds by which a posted frame is late; the post itself is answered at once. */
  delayPost?(connectionId: string): number | undefined;
  /** Milliseconds by which a client's frame is late at its function: with random ones, frames overtake each other. */
  delayFrame?(connectionId: string, routeKey: string): number | undefined;
  /** Whether the connection's `$disconnect` is lost. */
  dropDisconnect?(connectionId: string): boolean;
}

/** Options of the gateway. */
export interface GatewayOptions {
  api: ApiModel;
  invoker: Invoker;
  /** 0: any free port. */
  port: number;
  /** The host at which functions of this machine call it. @default "127.0.0.1" */
  host?: string;
  /** The host of `websocketUrl`. @default host */
  shownHost?: string;
  /**
   * A server that listens already, made by `createGatewayServer`. @default a new server on `port` of `host`
   */
  server?: Server;
  /** @default DEFAULT_LIMITS */
  limits?: Partial<GatewayLimits>;
  /** Receives failures that API Gateway would write to its execution log. */
  log: Log;
  /** Serves HTTP requests that are not the API's, such as a console page. @default 404 as JSON */
  fallback?(request: IncomingMessage, response: ServerResponse): void;
  /**
   * Returns AWS's error message if a signed caller lacks the permission; `undefined` if it has it. @default every
   * caller is permitted
   */
  authorize?(call: ManagementCall): string | undefined;
  /** The secret of an access key, or `undefined` when there is no such key. @default signatures are not verified */
  secretFor?(accessKeyId: string): string | undefined;
  faults?: GatewayFaults;
  /** Receives the billable usage. @default the gateway is not metered */
  meter?: GatewayMeter | undefined;
  /** The clock, in epoch milliseconds. @default Date.now */
  now?(): number;
}

/** A running gateway. */
export interface Gateway {
  port: number;
  /** Ids of the open connections. */
  readonly connections: string[];
  /** Such as `ws://127.0.0.1:3001/prod`. */
  websocketUrl: string;
  /** Such as `http://127.0.0.1:3001/prod`: the value of `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI`. */
  managementUrl: string;
  /**
   * Cuts a connection without a close frame, as a broken network does.
   * @returns whether it was open
   */
  cut(connectionId: string): boolean;
  /** Closes every connection (1001) without running `$disconnect`, and resolves when the port is free. */
  close(): Promise<void>;
  /**
   * Serves another version of the API from the next request on; open connections stay.
   * @throws Error when the new selection expression is not supported; then the old version stays
   */
  update(api: ApiModel): void;
}

/** Meters the gateway's traffic. */
export interface GatewayMeter {
  /** A client has sent a message that was not throttled. */
  received(bytes: number): void;
  /** A client is sent a frame. */
  sent(frame: Buffer | string): void;
  /** A connection opened. @param at epoch milliseconds */
  opened(at: number): void;
  /** A connection has closed. @param openedAt when it opened, in epoch milliseconds */
  closed(openedAt: number): void;
  /**
   * A caller calls `@connections`.
   * @returns a function that is called after the response
   */
  call(accessKeyId: string, kind: "post"): () => void;
}
