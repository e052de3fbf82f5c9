import { type Reply, Meta, type ConnectionInfo } from "../../protocol/index.js";
import type { Agent } from "./agent.js";
import { failure } from "./answers.js";
import { behind, readPositions, type TellingBehind } from "./behind.js";
import { readPresent, renewPresence, type Renewing } from "./present.js";
import type { Rate } from "./rate.js";
import { readFrame, uuidOf } from "./requests.js";

/** What answering what a ping carries besides needs. */
export interface Reminding extends TellingBehind, Renewing {
  settings: TellingBehind["settings"] & Renewing["settings"];
  rate: Pick<Rate, "take">;
}

/**
 * Tells which channels have gone on from where a ping says that the agent is, and on which it is not present although the
 * ping says so. Pings that say such things too often are refused, before anything is read; a ping that says nothing is
 * not counted.
 */
export const remind = async (
  system: Reminding,
  agent: Pick<Agent, "connectionId" | "userId">,
  body: string | undefined,
): Promise<{ facts: Pick<ConnectionInfo, "absentChannels" | "laggingChannels"> } | { faults: Reply[] }> => {
  const [positions, present] = [readPositions(body), readPresent(body)];
  if ("faults" in positions) return positions;
  if ("faults" in present) return present;
  if (positions.request.size === 0 && present.request.length === 0) return { facts: {} };
  const { connectionId } = agent;
  if (system.rate.take(agent, 1) < 1) return { faults: [failure(Meta.ping, uuidOf(readFrame(body)), "rate_limited")] };
  const goneOn = behind(system, agent, positions.request);
  const [channels, absent] = await Promise.all([goneOn, renewPresence(system, connectionId, present.request)]);
  return {
    facts: {
      ...(channels.length > 0 && { laggingChannels: channels }),
      ...(absent.length > 0 && { absentChannels: absent }),
    },
  };
};
