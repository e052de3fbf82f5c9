import type * as apigatewayv2 from "aws-cdk-lib/aws-apigatewayv2";
import type { RouteThrottling } from "../props/options.js";
import { SMALL_REGIONS } from "../props/region-sets.js";
import type { RouteSpec } from "./function-spec.js";
import { FUNCTION_NAMES, FUNCTIONS, type RouteName } from "./registry.js";

/**
 * The routes, all of which every deployment has. API Gateway merges a stage's settings and never removes one. A setting
 * of a removed route blocks each later change of the stage ("Unable to find Route by key"). So the construct never
 * removes a route. If a deployment does not need a route's function, the route invokes the function behind `$default`.
 * That function replies as if the route did not exist.
 */
export const ROUTE_NAMES = FUNCTION_NAMES.filter((name): name is RouteName => FUNCTIONS[name].route !== undefined);

/** A route as the registry has it. */
export const routeOf = (name: RouteName): RouteSpec => FUNCTIONS[name].route!;

/** The share of the usual throttles that fits a small Region, whose accounts have a quarter of the requests. */
const SMALL = 1 / 4;

/** The throttle of a route if the user sets none. */
export const defaultThrottle = (
  name: RouteName,
  region: string | undefined,
): Required<apigatewayv2.ThrottleSettings> => {
  const share = region !== undefined && SMALL_REGIONS.has(region) ? SMALL : 1;
  const rateLimit = routeOf(name).requestsPerSecond * share;
  return { rateLimit, burstLimit: rateLimit * 2 };
};

/** The stage's settings of each route, as CloudFormation spells them. */
export const routeSettings = (
  region: string | undefined,
  throttling: RouteThrottling = {},
): Record<string, Record<string, number>> => {
  const own: { readonly [name: string]: apigatewayv2.ThrottleSettings | undefined } = { ...throttling };
  const entries = ROUTE_NAMES.map((name): [string, Record<string, number>] => {
    const { rateLimit, burstLimit } = { ...defaultThrottle(name, region), ...own[name] };
    return [routeOf(name).key, { ThrottlingRateLimit: rateLimit, ThrottlingBurstLimit: burstLimit }];
  });
  return Object.fromEntries(entries);
};
