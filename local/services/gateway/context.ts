import type { ApiModel } from "../../assembly/model/api.js";
import type { Invoker } from "../../core/invoker.js";
import type { Log } from "../../core/log.js";
import type { GatewayLimits } from "./limits.js";
import type { GatewayMeter, GatewayFaults, ManagementCall } from "./options.js";
import { Registry } from "./connections/registry.js";
import { router, type Router } from "./routes/routing.js";
import { bucket, RouteThrottles, type TokenBucket } from "./routes/throttle.js";

/** One version of the API, compiled. */
export interface CompiledApi {
  model: ApiModel;
  route: Router;
  throttles: RouteThrottles;
}

/** State that the parts of one gateway share. */
export interface GatewayContext {
  api: CompiledApi;
  /** Set when the gateway shuts down. Then it invokes no more functions. */
  closing: boolean;
  readonly invoker: Invoker;
  readonly limits: GatewayLimits;
  readonly registry: Registry;
  readonly faults: GatewayFaults;
  readonly account: TokenBucket | undefined;
  readonly connects: TokenBucket | undefined;
  readonly meter: GatewayMeter | undefined;
  readonly now: () => number;
  /** Logs a warning that API Gateway would write to its execution log. */
  readonly warn: (message: string) => void;
  readonly authorize: ((call: ManagementCall) => string | undefined) | undefined;
  readonly secretFor: ((accessKeyId: string) => string | undefined) | undefined;
}

/**
 * Compiles an API.
 * @throws Error when its selection expression is not supported
 */
export const compile = (model: ApiModel, now: () => number): CompiledApi => ({
  model,
  route: router(model),
  throttles: new RouteThrottles(model, now),
});

/** Makes the context of one gateway. */
export const gatewayContext = (
  parts: Omit<GatewayContext, "api" | "closing" | "warn" | "registry" | "account" | "connects"> & {
    model: ApiModel;
    log: Log;
  },
): GatewayContext => {
  const { model, log, ...rest } = parts;
  return {
    ...rest,
    warn: (message) => log({ level: "warn", source: "gateway", message }),
    api: compile(model, rest.now),
    closing: false,
    registry: new Registry(),
    account: bucket(rest.limits.account, rest.now),
    connects: bucket(rest.limits.connects, rest.now),
  };
};
