import { REPLAY_GUARD_TIMEOUT_FACTOR } from "../protocol/deployment.js";
import type { Settings } from "../lambdas/settings.js";
import { type ChannelSettings, someChannel } from "../protocol/channel-settings.js";
import { FUNCTION_TIMEOUT_MS } from "./limits.js";

/**
 * What a function needs besides its guard and its fan-out, in milliseconds: reading and writing its rows with the
 * SDK's retries, starting the guard's worker, ending a worker that loops for ever (about a second), and the last call
 * to `@connections`, which may begin just before the fan-out's time is over (`CALL_MS` in lambdas/aws/api-gateway/management-api.ts).
 */
export const MARGIN_MS = 5_000;

/** What posting one answer and closing one connection may take, in milliseconds, for functions that do no more. */
const CLOSE_BUDGET_MS = 2_000;

/**
 * How long a flusher goes on at most, in milliseconds. The longer, the fewer successions; the last two windows' worth of
 * it, less than 80 s, is for handing on.
 */
export const FLUSH_MS = 300_000;

/**
 * How long telling who comes and goes may take, in milliseconds: all channels' turn, once a minute. What a run does not
 * come to is the next one's.
 */
const ANNOUNCE_MS = 90_000;

/** What removing the rows of an agent that left may take, in milliseconds. */
const CLEANUP_BUDGET_MS = 10_000;

/**
 * The functions of a Push-It: one for each route, the sweep, the publisher, the workers of large fan-outs, what
 * delivers on channels that linger, and what tells who comes and goes. Also the folders of `dist/lambdas`.
 */
export const FUNCTION_NAMES = [
  "connect",
  "disconnect",
  "handshake",
  "subscribe",
  "unsubscribe",
  "publish",
  "send",
  "refresh",
  "ping",
  "presence",
  "history",
  "default",
  "sweep",
  "publisher",
  "deliver",
  "flush",
  "announce",
] as const;

/** The name of one function. */
export type FunctionName = (typeof FUNCTION_NAMES)[number];

/** Functions that only some deployments have, and the options of channels that need them. */
const OPTIONAL: { readonly [name in FunctionName]?: (options: ChannelSettings) => unknown } = {
  flush: ({ lingerMs }) => lingerMs,
  presence: ({ presence }) => presence,
  announce: ({ presence }) => presence,
  history: ({ history }) => history,
};

/** Whether a deployment has a function. */
export const isNeeded = (name: FunctionName, { channels }: Pick<Settings, "channels">): boolean => {
  const option = OPTIONAL[name];
  return !option || someChannel(channels, option);
};

/** What a function's timeout is made of, in milliseconds, by the names of the props that decide it. */
export interface TimeoutParts {
  readonly [part: string]: number;
}

/**
 * What the function may have to wait for, besides the margin. A guard function is waited for as long as a guard in a
 * module: the guard's timeout, no longer.
 * @param settings the guards' timeouts, what a publication may spend on its subscribers (delivery guards included), and
 * what is special about channels
 */
export const timeoutParts = (
  name: FunctionName,
  { timeouts, fanOutMs, channels }: Pick<Settings, "timeouts" | "fanOutMs" | "channels">,
): TimeoutParts => {
  switch (name) {
    case "connect":
      return { "timeouts.onConnectionRequest": timeouts.onConnectionRequest };
    case "refresh":
      // An agent that may not stay is removed.
      return {
        "timeouts.onConnectionRequest": timeouts.onConnectionRequest,
        "timeouts.onDisconnect": timeouts.onDisconnect,
      };
    case "subscribe":
      // Where a channel's messages are told, its delivery guard decides; its last one may have to be posted.
      return {
        "timeouts.onSubscriptionRequest": timeouts.onSubscriptionRequest,
        ...(someChannel(channels, ({ latest }) => latest) && {
          "timeouts.onMessageReceived": timeouts.onMessageReceived,
          posting: CLOSE_BUDGET_MS,
        }),
        ...(someChannel(channels, ({ history }) => history) && replaying(timeouts)),
      };
    case "history":
      return {
        "timeouts.onSubscriptionRequest": timeouts.onSubscriptionRequest,
        ...replaying(timeouts),
      };
    case "unsubscribe":
      return { "timeouts.onUnsubscriptionRequest": timeouts.onUnsubscriptionRequest };
    case "publish":
    case "send":
      // A publication that finds an agent gone removes it, and tells onDisconnect.
      return {
        "timeouts.onPublicationRequest": timeouts.onPublicationRequest,
        fanOutBudget: fanOutMs,
        "timeouts.onDisconnect": timeouts.onDisconnect,
      };
    case "publisher":
    case "deliver":
      // No client waits for them behind API Gateway.
      return { fanOutBudget: fanOutMs, "timeouts.onDisconnect": timeouts.onDisconnect };
    case "disconnect":
      return { "timeouts.onDisconnect": timeouts.onDisconnect, cleanup: CLEANUP_BUDGET_MS };
    case "sweep":
      // No client waits for it: it takes what there is and leaves the rest to its next run.
      return { "timeouts.onDisconnect": Math.max(timeouts.onDisconnect, FUNCTION_TIMEOUT_MS - MARGIN_MS) };
    case "flush":
      // Nobody waits for it: it goes on while messages come, and hands on in time.
      return { flushing: FLUSH_MS - MARGIN_MS };
    case "announce":
      // Nobody waits for it.
      return { announcing: ANNOUNCE_MS - MARGIN_MS };
    case "presence":
      return { "timeouts.onSubscriptionRequest": timeouts.onSubscriptionRequest };
    case "handshake":
    case "ping":
    case "default":
      return { close: CLOSE_BUDGET_MS };
  }
};

/** What the delivery guards of a replay may take. */
const replaying = ({ onMessageReceived }: Settings["timeouts"]): TimeoutParts => ({
  [`timeouts.onMessageReceived, ${REPLAY_GUARD_TIMEOUT_FACTOR} times,`]:
    REPLAY_GUARD_TIMEOUT_FACTOR * onMessageReceived,
});

/** The function's timeout in whole seconds: its parts and the margin, rounded up. May be too long: see `tooLong`. */
export const timeoutSeconds = (parts: TimeoutParts): number => Math.ceil((sum(parts) + MARGIN_MS) / 1_000);

/**
 * Why a function with these parts cannot be deployed, naming the props, or `undefined` if it can.
 * @example
 * tooLong("connect", { "timeouts.onConnectionRequest": 30_000 })
 * // "the connect function would need 35 s (timeouts.onConnectionRequest 30 s, margin 5 s), but … at most 28 s …"
 */
export const timeoutError = (name: FunctionName, parts: TimeoutParts): string | undefined => {
  if (name === "flush" || name === "announce" || timeoutSeconds(parts) * 1_000 <= FUNCTION_TIMEOUT_MS) return undefined;
  const listed = [...Object.entries(parts), ["margin", MARGIN_MS] as const].map(
    ([part, milliseconds]) => `${part} ${milliseconds / 1_000} s`,
  );
  return (
    `the ${name} function would need ${timeoutSeconds(parts)} s (${listed.join(", ")}), but a function behind ` +
    `API Gateway can have at most ${FUNCTION_TIMEOUT_MS / 1_000} s; shorten one of them`
  );
};

const sum = (parts: TimeoutParts): number => Object.values(parts).reduce((total, part) => total + part, 0);
