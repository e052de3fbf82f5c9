import type { Code, Json } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import type { Agent } from "../connection/agent.js";
import { subscriptionError } from "../subscriptions/channel-rules.js";
import type { GuardPort } from "../ports.js";
import type { RateLimiter } from "./rate-limiter.js";

/** The ports that deciding about an agent's query uses. */
export interface QueryGuardDependencies {
  guards: Pick<GuardPort, "subscription">;
  settings: Pick<Settings, "wildcards" | "limits">;
  rate: Pick<RateLimiter, "take">;
}

/**
 * Why an agent may not query a channel's history or presence: only agents that may subscribe to it may.
 * @param query the channel, and the token for the guard
 * @param none the code if the channel has no history or no presence; left out: it has
 * @returns the code and the guard's reason; `undefined` if the query is permitted
 */
export const authorizeQuery = async (
  { guards, settings, rate }: QueryGuardDependencies,
  agent: Agent,
  { channel, token }: { channel: string; token?: Json },
  none?: Code,
): Promise<[code: Code, reason?: string] | undefined> => {
  const error = subscriptionError(channel, settings) ?? none;
  if (error) return [error];
  // The rate limit comes before the guard, which is the expensive part.
  if (rate.take(agent, 1) < 1) return ["rate_limited"];
  const verdict = await guards.subscription(agent, channel, token);
  if (!verdict.permitted) return verdict.reason === undefined ? [verdict.code] : [verdict.code, verdict.reason];
  // A guard may permit other channels instead: that does not permit this query.
  return verdict.subscribe.includes(channel) ? undefined : ["denied"];
};
