import { type Reply, type Code, Meta } from "../protocol/index.js";
import { ManagementApi } from "./aws/connections.js";
import { LatestTable } from "./aws/latest-table.js";
import { openHistories } from "./aws/open-histories.js";
import { route } from "./aws/route.js";
import { createSystem, type System } from "./aws/system.js";
import type { Agent } from "./core/agent.js";
import { about, failure, granting, success } from "./core/answers.js";
import { channelSettings } from "../protocol/channel-settings.js";
import { subscriptionFault } from "./core/channels.js";
import { tellHistory, type TellingHistory } from "./core/history-answers.js";
import { tellLatest, type TellingLatest } from "./core/latest-answers.js";
import { readSubscription } from "./core/requests.js";
import { SubscriptionRate } from "./core/subscription-rate.js";
import { addSubscriptions } from "./core/subscriptions.js";

/**
 * Asks the guard of each channel, stores what they permitted, and answers for each channel by itself, with the channel's
 * last message where that is kept, and with its position, or what was published behind one, where it has history.
 */
export const subscribe = async (
  system: Pick<System, "settings" | "store" | "guards"> &
    TellingLatest &
    TellingHistory & { rate: Pick<SubscriptionRate, "allows"> },
  agent: Agent,
  body: string | undefined,
): Promise<Reply[]> => {
  const { settings, store, guards } = system;
  const read = readSubscription(body, Meta.subscribe, settings.limits);
  if ("faults" in read) return read.faults;
  const { uuid, channels, since, misplaced } = read.request;

  const no = (channel: string, code: Code, reason?: string): Reply =>
    about(channel, failure(Meta.subscribe, uuid, code, reason));
  const judged = await Promise.all(
    channels.map(async (channel): Promise<{ denial: Reply } | { subscribe: string[] }> => {
      const fault = subscriptionFault(channel, settings);
      if (fault) return { denial: no(channel, fault) };
      // What is stored in clients may be broken: that is no reason to refuse the other channels, for ever.
      const lost = misplaced.has(channel) && channelSettings(settings.channels, channel).history;
      if (lost) return { denial: no(channel, "bad_frame", "since must be a position: { epoch, offset }.") };
      // Before the guard: asking that is what costs most.
      if (!system.rate.allows(agent, channel)) return { denial: no(channel, "rate_limited") };
      const verdict = await guards.subscription(agent, channel);
      return verdict.permitted
        ? { subscribe: verdict.subscribe }
        : { denial: no(channel, verdict.code, verdict.reason) };
    }),
  );

  const wanted = judged.map((each) => ("subscribe" in each ? each.subscribe : []));
  const outcomes = await addSubscriptions({ store, settings }, agent, wanted, true);
  if (outcomes.includes("unknown_agent")) return [failure(Meta.error, uuid, "unknown_agent")];
  const granted = new Set(wanted.filter((_, at) => outcomes[at] === "done").flat());
  const denials = judged.flatMap((each, at) => {
    const [channel = "", outcome = "done"] = [channels[at], outcomes[at]];
    if ("denial" in each) return [each.denial];
    return outcome === "done" ? [] : [no(channel, outcome)];
  });
  const asked = channels.filter((channel) => granted.has(channel));
  const unasked = [...granted].filter((channel) => !channels.includes(channel));
  const grants = new Map(
    [...asked, ...unasked].map((name) => [name, granting(name, settings, success(Meta.subscribe, uuid))]),
  );
  const grantsOf = (names: string[]): Reply[] => names.flatMap((name) => grants.get(name) ?? []);
  const all = [...grantsOf(asked), ...denials, ...grantsOf(unasked)];
  const { answers, missed } = await tellLatest(system, agent, grants, all);
  const told = answers.map((answer, at) => {
    const channel = missed.find((name) => grants.get(name) === all[at]);
    return channel === undefined ? answer : no(channel, "unavailable");
  });
  return tellHistory(system, agent, grants, since, told);
};

const system = createSystem();
const connections = new ManagementApi(system.log);
const { table, clock } = system;
const histories = openHistories(system);
const subscribing = {
  ...system,
  connections,
  histories,
  latest: new LatestTable(table, clock),
  rate: new SubscriptionRate(system),
};

/** The Lambda behind `subscribe`. */
export const handler = route(subscribing, (event, agent) => subscribe(subscribing, agent, event.body));
