import type { Settings } from "../../lambdas/settings.js";
import { someChannel } from "../../protocol/channel-settings.js";
import { FUNCTION_TIMEOUT_MS } from "../props/limits.js";
import { MARGIN_MS } from "./budgets.js";
import type { TimeoutParts, TimeoutSettings } from "./function-spec.js";
import { type FunctionName, FUNCTIONS } from "./registry.js";

/** Whether a deployment has a function. */
export const isNeeded = (name: FunctionName, { channels }: Pick<Settings, "channels">): boolean => {
  const { neededIf } = FUNCTIONS[name];
  return !neededIf || someChannel(channels, neededIf);
};

/**
 * How long a function may have to wait, apart from the margin. A guard function has as much time as a guard in a module:
 * the guard's timeout.
 */
export const timeoutParts = (name: FunctionName, settings: TimeoutSettings): TimeoutParts =>
  FUNCTIONS[name].timeout(settings);

/** The function's timeout in whole seconds: its parts and the margin, rounded up. `timeoutError` says if it is too long. */
export const timeoutSeconds = (parts: TimeoutParts): number => Math.ceil((sum(parts) + MARGIN_MS) / 1_000);

/**
 * Why a function with these parts cannot be deployed, naming the props, or `undefined` if it can.
 * @example
 * timeoutError("connect", { "timeouts.onConnectionRequest": 30_000 })
 * // "the connect function would need 35 s (timeouts.onConnectionRequest 30 s, margin 5 s), but … at most 28 s …"
 */
export const timeoutError = (name: FunctionName, parts: TimeoutParts): string | undefined => {
  if (FUNCTIONS[name].mayOutliveRoutes || timeoutSeconds(parts) * 1_000 <= FUNCTION_TIMEOUT_MS) return undefined;
  const listed = [...Object.entries(parts), ["margin", MARGIN_MS] as const].map(
    ([part, milliseconds]) => `${part} ${milliseconds / 1_000} s`,
  );
  return (
    `the ${name} function would need ${timeoutSeconds(parts)} s (${listed.join(", ")}), but a function behind ` +
    `API Gateway can have at most ${FUNCTION_TIMEOUT_MS / 1_000} s; shorten one of them`
  );
};

const sum = (parts: TimeoutParts): number => Object.values(parts).reduce((total, part) => total + part, 0);
