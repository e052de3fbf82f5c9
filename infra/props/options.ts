import type * as apigatewayv2 from "aws-cdk-lib/aws-apigatewayv2";

export type { GuardTimeouts } from "./guard-timeouts.js";

/** The response to a denied client. */
export enum Denials {
  /** A client that asked for it (the SDK does) gets a socket that can only receive the reason. Others get 403. */
  EXPLAIN = "explain",
  /** Every denied client gets 403. A browser cannot see that status, so its user learns no reason. */
  REFUSE = "refuse",
}

/**
 * How many requests each route takes, of all clients together. Routes that are left out keep their defaults. In Regions
 * whose accounts have a quarter of the requests (2,500 a second), the defaults are a quarter of these figures. That
 * needs a Region that is known at synthesis.
 */
export interface RouteThrottling {
  /**
   * New connections (`$connect`).
   *
   * @default - 400 per second, bursts of 800
   */
  readonly connect?: apigatewayv2.ThrottleSettings;
  /**
   * Connections that end (`$disconnect`). If an event is throttled here, the sweep finds the agent later.
   *
   * @default - 900 per second, bursts of 1,800
   */
  readonly disconnect?: apigatewayv2.ThrottleSettings;
  /**
   * Denied clients that ask for the reason (`connect`).
   *
   * @default - 200 per second, bursts of 400
   */
  readonly connectStatus?: apigatewayv2.ThrottleSettings;
  /**
   * Subscribe frames.
   *
   * @default - 500 per second, bursts of 1,000
   */
  readonly subscribe?: apigatewayv2.ThrottleSettings;
  /**
   * Unsubscribe frames.
   *
   * @default - 200 per second, bursts of 400
   */
  readonly unsubscribe?: apigatewayv2.ThrottleSettings;
  /**
   * Publish frames.
   *
   * @default - 1,000 per second, bursts of 2,000
   */
  readonly publish?: apigatewayv2.ThrottleSettings;
  /**
   * Send frames.
   *
   * @default - 1,000 per second, bursts of 2,000
   */
  readonly send?: apigatewayv2.ThrottleSettings;
  /**
   * Refresh frames.
   *
   * @default - 200 per second, bursts of 400
   */
  readonly refresh?: apigatewayv2.ThrottleSettings;
  /**
   * Pings.
   *
   * @default - 400 per second, bursts of 800
   */
  readonly ping?: apigatewayv2.ThrottleSettings;
  /**
   * Heartbeats: about nine an hour from each client.
   *
   * @default - 300 per second, bursts of 600
   */
  readonly heartbeat?: apigatewayv2.ThrottleSettings;
  /**
   * Requests for the members of a channel. If no channel has presence, these are frames without a known action.
   *
   * @default - 200 per second, bursts of 400
   */
  readonly presence?: apigatewayv2.ThrottleSettings;
  /**
   * Changes of members' states. If no channel has them, these are frames without a known action.
   *
   * @default - 100 per second, bursts of 200
   */
  readonly state?: apigatewayv2.ThrottleSettings;
  /**
   * Reading channels' histories. If no channel has one, these are frames without a known action.
   *
   * @default - 500 per second, bursts of 1,000
   */
  readonly history?: apigatewayv2.ThrottleSettings;
  /**
   * Frames without a known action (`$default`).
   *
   * @default - 100 per second, bursts of 200
   */
  readonly default?: apigatewayv2.ThrottleSettings;
}

/** Reserved concurrency of single functions: it is set aside for the function, and is also its maximum. */
export interface FunctionConcurrency {
  /**
   * For new connections, so that a storm of them does not use up the account's concurrency.
   *
   * @default - unreserved
   */
  readonly connect?: number;
  /**
   * For connections that end.
   *
   * @default - unreserved
   */
  readonly disconnect?: number;
  /**
   * For denied clients that ask for the reason.
   *
   * @default - unreserved
   */
  readonly connectStatus?: number;
  /**
   * For subscribe frames.
   *
   * @default - unreserved
   */
  readonly subscribe?: number;
  /**
   * For unsubscribe frames.
   *
   * @default - unreserved
   */
  readonly unsubscribe?: number;
  /**
   * For publish frames.
   *
   * @default - unreserved
   */
  readonly publish?: number;
  /**
   * For send frames.
   *
   * @default - unreserved
   */
  readonly send?: number;
  /**
   * For refresh frames.
   *
   * @default - unreserved
   */
  readonly refresh?: number;
  /**
   * For pings.
   *
   * @default - unreserved
   */
  readonly ping?: number;
  /**
   * For heartbeats.
   *
   * @default - unreserved
   */
  readonly heartbeat?: number;
  /**
   * For requests for the members of a channel.
   *
   * @default - unreserved
   */
  readonly presence?: number;
  /**
   * For changes of members' states.
   *
   * @default - unreserved
   */
  readonly state?: number;
  /**
   * For reading channels' histories.
   *
   * @default - unreserved
   */
  readonly history?: number;
  /**
   * For frames without a known action.
   *
   * @default - unreserved
   */
  readonly default?: number;
  /**
   * For the sweep. One is enough.
   *
   * @default - unreserved
   */
  readonly sweep?: number;
  /**
   * For requests of the back end.
   *
   * @default - unreserved
   */
  readonly serverApi?: number;
  /**
   * For the workers of large fan-outs: each posts to up to 1,000 subscribers. If all workers are busy, segments wait in
   * the queue. To limit the workers without reserving concurrency, use `deliveryConcurrency`.
   *
   * @default - unreserved
   */
  readonly fanOutWorker?: number;
  /**
   * For delivering on channels that linger: each busy channel keeps one environment.
   *
   * @default - unreserved
   */
  readonly lingerFlusher?: number;
  /**
   * For notifications of joins and leaves.
   *
   * @default - unreserved
   */
  readonly presenceNotifier?: number;
  /**
   * For finding members whose connections have ended without a disconnect event. One is enough.
   *
   * @default - unreserved
   */
  readonly presenceChecker?: number;
}

/** How esbuild bundles a guard module. */
export interface GuardBundlingOptions {
  /**
   * Packages that are not bundled. They must be available at run time. Node's own modules and the AWS SDK are.
   *
   * @default - everything is bundled
   */
  readonly externalModules?: string[];
  /**
   * Names that are replaced by constant expressions.
   *
   * @default - none
   */
  readonly define?: { [name: string]: string };
  /**
   * Packages that are replaced by others.
   *
   * @default - none
   */
  readonly alias?: { [name: string]: string };
  /**
   * How files are understood, by extension: `{ ".graphql": "text" }`.
   *
   * @default - as esbuild does
   */
  readonly loader?: { [extension: string]: string };
  /**
   * Whether the code is made smaller, at the cost of readable names in it.
   *
   * @default false
   */
  readonly minify?: boolean;
  /**
   * Whether names of functions and classes survive `minify`.
   *
   * @default false
   */
  readonly keepNames?: boolean;
  /**
   * Whether errors in the logs name the lines of the source.
   *
   * @default true
   */
  readonly sourceMap?: boolean;
  /**
   * The `tsconfig.json` to follow.
   *
   * @default - the nearest one above the module
   */
  readonly tsconfig?: string;
}
