import type { Code } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import type { Agent } from "../connection/agent.js";
import { subscriptionError } from "../subscriptions/channel-rules.js";
import type { GuardPort } from "../ports.js";
import type { RateLimiter } from "./rate-limiter.js";

/** What deciding about an agent's question about a channel needs. */
export interface QueryGuardDependencies {
  guards: Pick<GuardPort, "subscription">;
  settings: Pick<Settings, "wildcards" | "limits">;
  rate: Pick<RateLimiter, "take">;
}

/**
 * Why an agent is not told of a channel what it asks, its history or who is there: who may not subscribe may not know.
 * @param none why the channel has nothing of the kind; left out: it has
 * @returns the code, and the guard's reason; `undefined` where it may be told
 */
export const authorizeQuery = async (
  { guards, settings, rate }: QueryGuardDependencies,
  agent: Agent,
  channel: string,
  none?: Code,
): Promise<[code: Code, reason?: string] | undefined> => {
  const fault = subscriptionError(channel, settings) ?? none;
  if (fault) return [fault];
  // Before the guard: asking that is what costs most.
  if (rate.take(agent, 1) < 1) return ["rate_limited"];
  const verdict = await guards.subscription(agent, channel);
  if (!verdict.permitted) return verdict.reason === undefined ? [verdict.code] : [verdict.code, verdict.reason];
  // A guard may permit an agent something else instead: that is no permission to know of this.
  return verdict.subscribe.includes(channel) ? undefined : ["denied"];
};
