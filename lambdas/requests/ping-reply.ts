import { type Reply, Meta, type ConnectionInfo } from "../../protocol/index.js";
import type { Agent } from "../connection/agent.js";
import { failure } from "./replies.js";
import { laggingChannels, readPositions, type HistoryCheckDependencies } from "../history/history-check.js";
import { readPresent, renewPresence, type PresenceRenewalDependencies } from "../presence/presence-renewal.js";
import type { RateLimiter } from "./rate-limiter.js";
import { readFrame, uuidOf } from "./frame-parser.js";

/** What answering what a ping carries besides needs. */
export interface PingDependencies extends HistoryCheckDependencies, PresenceRenewalDependencies {
  settings: HistoryCheckDependencies["settings"] & PresenceRenewalDependencies["settings"];
  rate: Pick<RateLimiter, "take">;
}

/**
 * Tells which channels have gone on from where a ping says that the agent is, and on which it is not present although the
 * ping says so. Pings that say such things too often are refused, before anything is read; a ping that says nothing is
 * not counted.
 */
export const pingReply = async (
  system: PingDependencies,
  agent: Pick<Agent, "connectionId" | "userId">,
  body: string | undefined,
): Promise<{ facts: Pick<ConnectionInfo, "absentChannels" | "laggingChannels"> } | { faults: Reply[] }> => {
  const [positions, present] = [readPositions(body), readPresent(body)];
  if ("faults" in positions) return positions;
  if ("faults" in present) return present;
  if (positions.request.size === 0 && present.request.length === 0) return { facts: {} };
  const { connectionId } = agent;
  if (system.rate.take(agent, 1) < 1) return { faults: [failure(Meta.ping, uuidOf(readFrame(body)), "rate_limited")] };
  const goneOn = laggingChannels(system, agent, positions.request);
  const [channels, absent] = await Promise.all([goneOn, renewPresence(system, connectionId, present.request)]);
  return {
    facts: {
      ...(channels.length > 0 && { laggingChannels: channels }),
      ...(absent.length > 0 && { absentChannels: absent }),
    },
  };
};
