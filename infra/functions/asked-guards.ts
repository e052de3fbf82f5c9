import type { Settings } from "../../lambdas/settings.js";
import { someChannel } from "../../protocol/channel-settings.js";
import type { HandlerName } from "../../protocol/guard-manifest.js";
import { FUNCTION_NAMES, type FunctionName, FUNCTIONS } from "./registry.js";

/** Which guards a function asks. If a channel keeps messages, `subscribe` asks about their delivery too. */
export const guardsOf = (name: FunctionName, { channels }: Pick<Settings, "channels">): readonly HandlerName[] => {
  const { guards, guardsIf } = FUNCTIONS[name];
  return guardsIf && someChannel(channels, guardsIf.if) ? [...guards, ...guardsIf.guards] : guards;
};

/** The functions that run guards, if there are any guards. */
export const RUNS_GUARDS: ReadonlySet<FunctionName> = new Set(
  FUNCTION_NAMES.filter((name) => FUNCTIONS[name].guards.length > 0),
);
