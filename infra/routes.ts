import type * as apigatewayv2 from "aws-cdk-lib/aws-apigatewayv2";
import type { Settings } from "../lambdas/settings.js";
import type { RouteThrottling } from "./options.js";
import { type FunctionName, isNeeded } from "./timeouts.js";

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
  readonly answers: boolean;
  readonly throttle: Required<apigatewayv2.ThrottleSettings>;
}

const perSecond = (rateLimit: number): Required<apigatewayv2.ThrottleSettings> => ({
  rateLimit,
  burstLimit: rateLimit * 2,
});

/**
 * The routes. Their default rates sum up to half of an account's default quota of 10,000 requests per second, because
 * each message that is posted to a client counts against the same quota. `$connect` is the tightest: it is the one
 * that strangers reach, and may run a guard for ten seconds; its 100 per second still lets 720,000 sockets reconnect
 * every two hours. Routes that only some deployments have come on top.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 */
export const ROUTES: { readonly [name in RouteName]: RouteSpec } = {
  connect: { key: "$connect", answers: false, throttle: perSecond(100) },
  disconnect: { key: "$disconnect", answers: false, throttle: perSecond(1_000) },
  handshake: { key: "connect", answers: true, throttle: perSecond(200) },
  subscribe: { key: "subscribe", answers: true, throttle: perSecond(500) },
  unsubscribe: { key: "unsubscribe", answers: true, throttle: perSecond(300) },
  publish: { key: "publish", answers: true, throttle: perSecond(1_000) },
  send: { key: "send", answers: false, throttle: perSecond(1_000) },
  refresh: { key: "refresh", answers: true, throttle: perSecond(200) },
  ping: { key: "ping", answers: true, throttle: perSecond(500) },
  presence: { key: "presence", answers: true, throttle: perSecond(200) },
  history: { key: "history", answers: true, throttle: perSecond(500) },
  default: { key: "$default", answers: true, throttle: perSecond(200) },
};

/** The routes that a deployment has, by name. */
export const routeNames = (settings: Pick<Settings, "channels">): RouteName[] =>
  (Object.keys(ROUTES) as RouteName[]).filter((name) => isNeeded(name, settings));

/** The stage's settings of each route, as CloudFormation spells them. */
export const routeSettings = (names: readonly RouteName[], throttling: RouteThrottling = {}): Record<string, Record<string, number>> => {
  const entries = names.map((name): [string, Record<string, number>] => {
    const { rateLimit, burstLimit } = { ...ROUTES[name].throttle, ...throttling[name] };
    return [ROUTES[name].key, { ThrottlingRateLimit: rateLimit, ThrottlingBurstLimit: burstLimit }];
  });
  return Object.fromEntries(entries);
};
