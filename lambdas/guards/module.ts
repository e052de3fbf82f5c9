import {
  DEFAULT_ENTRY,
  HANDLERS,
  type HandlerName,
  type Manifest,
  manifestError,
} from "../../protocol/guard-manifest.js";
import type { ChannelGuards, Guards } from "./types.js";
import type { GuardArguments } from "./guard-context.js";
import type { GuardCall } from "./messages.js";

/** What a guard module default-exports, by channel or pattern; that of the whole system under `DEFAULT_ENTRY`. */
export type ModuleEntries = Map<string, Partial<Record<HandlerName, unknown>>>;

/** Takes a guard module's guards apart. Throws where they are no object. */
export const entriesOf = (module: unknown): ModuleEntries => {
  if (typeof module !== "object" || module === null)
    throw new TypeError("the guard module must default-export its guards");
  const { channels = {} } = module as Guards;
  if (Object.hasOwn(channels, DEFAULT_ENTRY)) throw new TypeError('channels: "" is no channel name');
  return new Map([[DEFAULT_ENTRY, module], ...Object.entries<ChannelGuards>(channels)]);
};

/** Which guards there are. Throws where one is no function, or can never run. */
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

/** Calls the handler that a call names, as a method of its entry. Returns what it returns, and throws what it throws. */
export const callHandler = (
  entries: ModuleEntries,
  call: Pick<GuardCall, "entry" | "handler">,
  { agent, channel, message }: GuardArguments,
): unknown => {
  const guards = entries.get(call.entry);
  const handler = guards?.[call.handler] as (...args: unknown[]) => unknown;
  const args = channel === undefined ? [agent] : message === undefined ? [channel, agent] : [channel, agent, message];
  return handler.apply(guards, args);
};

/**
 * Whether a handler that has returned without a verdict will not come to one. A delivery guard drops a message by not
 * delivering it; one that is async has then said so by returning. Nobody waits for a verdict of onDisconnect.
 * @param returned what it returned
 */
export const isImplicitDrop = (handler: HandlerName, returned: unknown): boolean =>
  handler === "onDisconnect" || (handler === "onMessageReceived" && returned instanceof Promise);
