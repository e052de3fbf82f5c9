import {
  DEFAULT_ENTRY,
  HANDLERS,
  type HandlerName,
  type Manifest,
  manifestError,
} from "../../protocol/guard-manifest.js";
import type { ChannelGuards, Guards } from "../../protocol/guards.js";
import type { GuardArguments } from "./guard-context.js";
import type { GuardCall } from "./messages.js";

/**
 * The default export of a guard module, by channel or pattern; the guards of the whole system have the key
 * `DEFAULT_ENTRY`.
 */
export type ModuleEntries = Map<string, Partial<Record<HandlerName, unknown>>>;

/** The entries of a guard module. Throws if its export is not an object. */
export const entriesOf = (module: unknown): ModuleEntries => {
  if (typeof module !== "object" || module === null)
    throw new TypeError("the guard module must have its guards as the default export");
  const { channels = {} } = module as Guards;
  if (Object.hasOwn(channels, DEFAULT_ENTRY))
    throw new TypeError('channels: the key "" is not a valid channel pattern');
  return new Map([[DEFAULT_ENTRY, module], ...Object.entries<ChannelGuards>(channels)]);
};

/** The manifest of the defined guards. Throws if a guard is not a function, or can never run. */
export const manifestOf = (entries: ModuleEntries): Manifest => {
  const defined = [...entries].map(([entry, guards]) => {
    const handlers = HANDLERS.filter((handler) => guards[handler] !== undefined);
    const wrong = handlers.find((handler) => typeof guards[handler] !== "function");
    if (wrong)
      throw new TypeError(`${entry === DEFAULT_ENTRY ? "" : `channels["${entry}"].`}${wrong} is not a function`);
    return [entry, handlers] as const;
  });
  const manifest: Manifest = Object.fromEntries(defined);
  const fault = manifestError(manifest);
  if (fault) throw new TypeError(`channels: ${fault}`);
  return manifest;
};

/** Calls a handler as a method of its entry. Returns and throws what the handler does. */
export const callHandler = (
  entries: ModuleEntries,
  call: Pick<GuardCall, "entry" | "handler">,
  { agent, channel, message, token, state }: GuardArguments,
): unknown => {
  const guards = entries.get(call.entry);
  const handler = guards?.[call.handler] as (...args: unknown[]) => unknown;
  const args =
    channel === undefined ? [agent] : [channel, agent, ...subjectOf(call.handler, { message, token, state })];
  return handler.apply(guards, args);
};

/** The last argument of a handler, which depends on what it decides about. */
const subjectOf = (
  handler: HandlerName,
  { message, token, state }: Pick<GuardArguments, "message" | "token" | "state">,
): unknown[] => {
  if (handler === "onSubscriptionRequest") return [token];
  if (handler === "onPresenceRequest") return [state];
  return message === undefined ? [] : [message];
};

/**
 * Whether a handler that returned without a verdict will not come to one. A delivery guard drops a message by not
 * delivering it; if it is async, its return is final. `onDisconnect` has no verdict.
 * @param returned its return value
 */
export const isImplicitDrop = (handler: HandlerName, returned: unknown): boolean =>
  handler === "onDisconnect" || (handler === "onMessageReceived" && returned instanceof Promise);
