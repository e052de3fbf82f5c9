import { type Reply, Meta } from "../protocol/index.js";
import { ManagementApi } from "./aws/connections.js";
import { openHistories } from "./aws/open-histories.js";
import { route } from "./aws/route.js";
import { createSystem, type System } from "./aws/system.js";
import type { Agent } from "./core/agent.js";
import { about, failure, success } from "./core/answers.js";
import { channelSettings } from "../protocol/channel-settings.js";
import { answerOf, readHistory } from "./core/history-request.js";
import { type Questioned, refusalOf } from "./core/question.js";
import { Rate } from "./core/rate.js";
import type { Replaying } from "./core/replay.js";
import { HISTORY_REQUESTS } from "./core/request-rates.js";

/**
 * Asks the subscription guard, and answers with a part of the channel's history. What the guard stages besides is not done.
 * Who asks too often is refused before.
 */
export const history = async (
  system: Pick<System, "settings" | "guards" | "clock" | "log"> & Replaying & Questioned,
  agent: Agent,
  body: string | undefined,
): Promise<Reply[]> => {
  const read = readHistory(body);
  if ("faults" in read) return read.faults;
  const { uuid, query } = read.request;
  const { channel } = query;
  const keep = channelSettings(system.settings.channels, channel).history;
  const refusal = await refusalOf(system, agent, channel, keep ? undefined : "no_history");
  if (refusal) return [about(channel, failure(Meta.history, uuid, ...refusal))];
  return [{ ...success(Meta.history, uuid), data: await answerOf(system, agent, query, keep!) }];
};

const system = createSystem();
const connections = new ManagementApi(system.log);
const reading = {
  ...system,
  connections,
  histories: openHistories(system),
  rate: new Rate(HISTORY_REQUESTS, system.clock, system.settings.limits.ratesPerUser),
};

/** The Lambda behind `history`. */
export const handler = route(reading, (event, agent) => history(reading, agent, event.body));
