import { type Answer, type Code, Meta } from "../protocol/index.js";
import { ManagementApi } from "./aws/connections.js";
import { HistoryTable } from "./aws/history-table.js";
import { route } from "./aws/route.js";
import { createSystem, type System } from "./aws/system.js";
import type { Agent } from "./core/agent.js";
import { about, failure, success } from "./core/answers.js";
import { optionsOf } from "./core/channel-options.js";
import { subscriptionFault } from "./core/channels.js";
import { answerOf, readFor, readHistory } from "./core/history-request.js";
import { Rate } from "./core/rate.js";
import type { Replaying } from "./core/replay.js";
import { HISTORY_REQUESTS } from "./core/request-rates.js";

/**
 * Asks the subscription guard, and answers with a part of the channel's history. What the guard stages besides is not done.
 * Who asks too often is refused before.
 */
export const history = async (
  system: Pick<System, "settings" | "guards" | "clock" | "log"> & Replaying & { rate: Pick<Rate, "take"> },
  agent: Agent,
  body: string | undefined,
): Promise<Answer[]> => {
  const { settings, guards, rate } = system;
  const read = readHistory(body);
  if ("faults" in read) return read.faults;
  const { uuid, query } = read.request;
  const { channel } = query;

  const no = (code: Code, reason?: string): Answer[] => [about(channel, failure(Meta.history, uuid, code, reason))];
  const fault = subscriptionFault(channel, settings);
  if (fault) return no(fault);
  const keep = optionsOf(settings.channels, channel).history;
  if (!keep) return no("no_history");
  if (rate.take(agent.connectionId, 1) < 1) return no("rate_limited");
  const verdict = await guards.subscription(agent, channel);
  if (!verdict.permitted) return no(verdict.code, verdict.reason);
  if (!verdict.subscribe.includes(channel)) return no("denied");
  return [{ ...success(Meta.history, uuid), data: await answerOf(system, agent, query, keep) }];
};

const system = createSystem();
const { table, clock, settings, log } = system;
const connections = new ManagementApi(log);
const histories = new HistoryTable(table, clock, settings.dedupeSeconds);
system.letGuardsRead((query) => readFor({ histories, clock, settings }, query));
const reading = { ...system, connections, histories, rate: new Rate(HISTORY_REQUESTS, clock) };

/** The Lambda behind `history`. */
export const handler = route(reading, (event, agent) => history(reading, agent, event.body));
