import type * as apigatewayv2 from "aws-cdk-lib/aws-apigatewayv2";
import type { RouteThrottling } from "./options.js";
import { SMALL_REGIONS } from "./region-sets.js";
import type { FunctionName } from "./timeouts.js";

/** A function that is behind a route. */
export type RouteName = Exclude<FunctionName, "sweep" | "publisher" | "deliver" | "flush" | "announce">;

/** One route of the WebSocket API. */
interface RouteSpec {
  /** What the frame's `action` says, or one of API Gateway's own. */
  readonly key: string;
  /**
   * Whether what the function returns is sent to the client. `$connect` answers by its status, and `$disconnect` has
   * nobody left to answer; `send` is the route for who wants no answer.
   */
  readonly returnsResponse: boolean;
  readonly throttle: Required<apigatewayv2.ThrottleSettings>;
}

const perSecond = (rateLimit: number): Required<apigatewayv2.ThrottleSettings> => ({
  rateLimit,
  burstLimit: rateLimit * 2,
});

/**
 * The routes, and their throttles in a Region of the usual size. Together they take 6,000 of the 10,000 requests per
 * second that an account has there, because each message that is posted to a client counts against the same quota.
 * `$connect` is the one that strangers reach, and may run a guard for ten seconds. Its 400 are below the 500 new
 * connections per second of an account, so that one Push-It does not use up all of them, and above that 100,000 clients
 * would need more than five minutes to connect again.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const ROUTES: { readonly [name in RouteName]: RouteSpec } = {
  connect: { key: "$connect", returnsResponse: false, throttle: perSecond(400) },
  disconnect: { key: "$disconnect", returnsResponse: false, throttle: perSecond(1_000) },
  handshake: { key: "connect", returnsResponse: true, throttle: perSecond(200) },
  subscribe: { key: "subscribe", returnsResponse: true, throttle: perSecond(500) },
  unsubscribe: { key: "unsubscribe", returnsResponse: true, throttle: perSecond(300) },
  publish: { key: "publish", returnsResponse: true, throttle: perSecond(1_000) },
  send: { key: "send", returnsResponse: false, throttle: perSecond(1_000) },
  refresh: { key: "refresh", returnsResponse: true, throttle: perSecond(200) },
  ping: { key: "ping", returnsResponse: true, throttle: perSecond(500) },
  presence: { key: "presence", returnsResponse: true, throttle: perSecond(200) },
  history: { key: "history", returnsResponse: true, throttle: perSecond(500) },
  default: { key: "$default", returnsResponse: true, throttle: perSecond(200) },
};

/**
 * The routes that every deployment has, which are all. API Gateway merges a stage's settings and forgets none of them: a
 * setting of a route that is gone blocks each later change of the stage ("Unable to find Route by key"). So no route
 * ever goes. A route whose function a deployment does not need leads to the function behind `$default`, which answers as
 * if there were no such route.
 */
export const ROUTE_NAMES = Object.keys(ROUTES) as RouteName[];

/** The share of the usual throttles that fits a small Region, whose accounts have a quarter of the requests. */
const SMALL = 1 / 4;

/** The throttle of a route where the user says nothing else. */
export const defaultThrottle = (
  name: RouteName,
  region: string | undefined,
): Required<apigatewayv2.ThrottleSettings> => {
  const { rateLimit, burstLimit } = ROUTES[name].throttle;
  const share = region !== undefined && SMALL_REGIONS.has(region) ? SMALL : 1;
  return { rateLimit: rateLimit * share, burstLimit: burstLimit * share };
};

/** The stage's settings of each route, as CloudFormation spells them. */
export const routeSettings = (
  region: string | undefined,
  throttling: RouteThrottling = {},
): Record<string, Record<string, number>> => {
  const entries = ROUTE_NAMES.map((name): [string, Record<string, number>] => {
    const { rateLimit, burstLimit } = { ...defaultThrottle(name, region), ...throttling[name] };
    return [ROUTES[name].key, { ThrottlingRateLimit: rateLimit, ThrottlingBurstLimit: burstLimit }];
  });
  return Object.fromEntries(entries);
};
