import { type Reply, Meta, type ConnectionInfo } from "../../protocol/index.js";
import type { Agent } from "../connection/agent.js";
import { failure } from "./replies.js";
import { laggingChannels, readPositions, type HistoryCheckDependencies } from "../history/history-check.js";
import { readPresent, renewPresence, type PresenceRenewalDependencies } from "../presence/presence-renewal.js";
import type { RateLimiter } from "./rate-limiter.js";
import { readFrame, uuidOf } from "./frame-parser.js";

/** The ports that answering a ping uses. */
export interface PingDependencies extends HistoryCheckDependencies, PresenceRenewalDependencies {
  rate: Pick<RateLimiter, "take">;
}

/**
 * Returns the channels with newer messages than the positions in a ping, and the listed channels on which the agent is
 * not present. Pings with such lists are rate limited before any row is read. Other pings are
 * not counted.
 */
export const pingReply = async (
  system: PingDependencies,
  agent: Agent,
  body: string | undefined,
): Promise<{ facts: Pick<ConnectionInfo, "absentChannels" | "laggingChannels"> } | { faults: Reply[] }> => {
  const [positions, present] = [readPositions(body), readPresent(body)];
  if ("faults" in positions) return positions;
  if ("faults" in present) return present;
  if (positions.request.size === 0 && present.request.length === 0) return { facts: {} };
  if (system.rate.take(agent, 1) < 1) return { faults: [failure(Meta.ping, uuidOf(readFrame(body)), "rate_limited")] };
  const lagging = laggingChannels(system, agent, positions.request);
  const [channels, absent] = await Promise.all([lagging, renewPresence(system, agent, present.request)]);
  return {
    facts: {
      ...(channels.length > 0 && { laggingChannels: channels }),
      ...(absent.length > 0 && { absentChannels: absent }),
    },
  };
};
