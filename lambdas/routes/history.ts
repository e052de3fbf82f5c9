import { type Reply, Meta } from "../../protocol/index.js";
import { ManagementApi } from "../aws/api-gateway/management-api.js";
import { openHistories } from "../aws/open-histories.js";
import { route } from "../aws/api-gateway/route.js";
import { createDependencies, type Dependencies } from "../aws/create-dependencies.js";
import type { Agent } from "../connection/agent.js";
import { forChannel, failure, success } from "../requests/replies.js";
import { channelSettings } from "../../protocol/channel-settings.js";
import { historyReply, readHistory } from "../history/history-query.js";
import { type QueryGuardDependencies, authorizeQuery } from "../requests/channel-query-guard.js";
import { RateLimiter } from "../requests/rate-limiter.js";
import type { ReplayDependencies } from "../history/replay.js";
import { HISTORY_REQUESTS } from "../requests/request-rates.js";

/**
 * Asks the subscription guard, and replies with a part of the channel's history. It ignores the publications and
 * subscriptions that the guard staged. An agent that asks too often is refused before the guard is asked.
 */
export const history = async (
  system: Pick<Dependencies, "settings" | "guards" | "clock" | "log"> & ReplayDependencies & QueryGuardDependencies,
  agent: Agent,
  body: string | undefined,
): Promise<Reply[]> => {
  const read = readHistory(body);
  if ("faults" in read) return read.faults;
  const { uuid, query } = read.request;
  const { channel } = query;
  const keep = channelSettings(system.settings.channels, channel).history;
  const refusal = await authorizeQuery(system, agent, query, keep ? undefined : "no_history");
  if (refusal) return [forChannel(channel, failure(Meta.history, uuid, ...refusal))];
  return [{ ...success(Meta.history, uuid), data: await historyReply(system, agent, query, keep!) }];
};

const system = createDependencies();
const connections = new ManagementApi(system.log);
const reading = {
  ...system,
  connections,
  histories: openHistories(system),
  rate: new RateLimiter(HISTORY_REQUESTS, system.clock, system.settings.limits.ratesPerUser),
};

/** The Lambda behind `history`. */
export const handler = route(reading, (event, agent) => history(reading, agent, event.body));
