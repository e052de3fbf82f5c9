import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { ApiModel } from "../../assembly/model/api.js";
import type { Invoker } from "../../core/invoker.js";
import type { Log } from "../../core/log.js";
import type { GatewayLimits } from "./limits.js";

/** What a post meets instead of its connection; see {@link GatewayFaults.beforePost}. */
export type PostFault = "gone" | "limit" | "error" | "lose" | "duplicate";

/** A signed request to `@connections`, as the check of permissions sees it. */
export interface ManagementCall {
  accessKeyId: string;
  method: string;
  /** Such as `/prod/@connections/KVmb8fjMIAMCFgQ%3D`. */
  path: string;
}

/**
 * Faults that a test strikes with. Every member is optional and asked anew each time; none is asked in normal runs.
 * What is random should come from the test's own seeded source.
 */
export interface GatewayFaults {
  /**
   * Asked before a post reaches its connection. `gone`: 410 although the connection lives; `limit`: 429; `error`: 500;
   * `lose`: 200 but no frame is sent; `duplicate`: the frame is sent twice.
   */
  beforePost?(connectionId: string, body: Buffer): PostFault | undefined;
  /** Milliseconds by which a posted frame is late; the post itself is answered at once. */
  delayPost?(connectionId: string): number | undefined;
  /** Milliseconds by which a client's frame is late at its function: with random ones, frames overtake each other. */
  delayFrame?(connectionId: string, routeKey: string): number | undefined;
  /** Whether the connection's `$disconnect` is lost. */
  dropDisconnect?(connectionId: string): boolean;
}

/** What the gateway needs to know. */
export interface GatewayOptions {
  api: ApiModel;
  invoker: Invoker;
  /** 0: any free port. */
  port: number;
  /** Where functions of this machine reach it. @default "127.0.0.1" */
  host?: string;
  /** The host of `websocketUrl`. @default host */
  shownHost?: string;
  /** What listens already, made by `createGatewayServer`. @default one that listens on `port` of `host` */
  server?: Server;
  /** @default DEFAULT_LIMITS */
  limits?: Partial<GatewayLimits>;
  /** Is told what failed: what would be in API Gateway's execution log. */
  log: Log;
  /** Serves HTTP requests that are not the API's, such as a console page. @default 404 as JSON */
  fallback?(request: IncomingMessage, response: ServerResponse): void;
  /** Why a signed caller may not do what it asks for, in AWS's words; `undefined`: it may. @default everyone may */
  authorize?(call: ManagementCall): string | undefined;
  /** The secret of an access key, or `undefined` when there is no such key. @default signatures are not verified */
  secretFor?(accessKeyId: string): string | undefined;
  faults?: GatewayFaults;
  /** Is told what AWS would bill. @default nothing is metered */
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
  /** Such as `http://127.0.0.1:3001/prod`: what `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI` is set to. */
  managementUrl: string;
  /**
   * Cuts a connection as a broken network does: nobody is told before.
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

/** Is told what passes through the gateway, for what AWS bills. */
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
   * Somebody calls `@connections`.
   * @returns is called when the call is answered
   */
  call(accessKeyId: string, kind: "post"): () => void;
}
