import { type Reply, type Code, isWildcard, MAX_HISTORY_PAGE_SIZE, Meta } from "../../protocol/index.js";
import { ManagementApi } from "../aws/api-gateway/management-api.js";
import { LatestTable } from "../aws/dynamodb/latest-table.js";
import { openHistories } from "../aws/open-histories.js";
import { route } from "../aws/api-gateway/route.js";
import { createDependencies, type Dependencies } from "../aws/create-dependencies.js";
import type { Agent } from "../connection/agent.js";
import { forChannel, failure, subscribeGranted, success } from "../requests/replies.js";
import { channelSettings, withPresence } from "../../protocol/channel-settings.js";
import { subscriptionError } from "../subscriptions/channel-rules.js";
import { attachHistory, type HistoryReplyDependencies } from "../history/history-replies.js";
import { attachLatest, type LatestReplyDependencies } from "../history/latest-replies.js";
import { readSubscription, type SubscriptionTarget, TOKEN_ERROR } from "../requests/frame-parser.js";
import { SubscriptionRateLimiter } from "../subscriptions/subscription-rate.js";
import { addSubscriptions } from "../subscriptions/subscriptions.js";

/**
 * Asks the guard of each channel, stores the permitted subscriptions, and replies for each channel by itself. The reply
 * has the channel's latest message, if the channel keeps one. If the channel has history, the reply has its position, and
 * the messages after the position of the request, or the newest ones.
 */
export const subscribe = async (
  system: Pick<Dependencies, "settings" | "store" | "guards"> &
    LatestReplyDependencies &
    HistoryReplyDependencies & { rate: Pick<SubscriptionRateLimiter, "allows"> },
  agent: Agent,
  body: string | undefined,
): Promise<Reply[]> => {
  const { settings, store, guards } = system;
  const read = readSubscription(body, Meta.subscribe, settings.limits);
  if ("faults" in read) return read.faults;
  const { uuid, targets } = read.request;
  const channels = [...targets.keys()];

  const no = (channel: string, code: Code, reason?: string): Reply =>
    forChannel(channel, failure(Meta.subscribe, uuid, code, reason));
  const judged = await Promise.all(
    [...targets.values()].map(async (target): Promise<{ denial: Reply } | { subscribe: string[] }> => {
      const { channel, token } = target;
      const fault = targetError(target, settings);
      if (fault) return { denial: no(channel, ...fault) };
      // Before the guard, which costs most.
      if (!system.rate.allows(agent, channel)) return { denial: no(channel, "rate_limited") };
      const verdict = await guards.subscription(agent, channel, token);
      return verdict.permitted
        ? { subscribe: verdict.subscribe }
        : { denial: no(channel, verdict.code, verdict.reason) };
    }),
  );

  const wanted = judged.map((each) => ("subscribe" in each ? each.subscribe : []));
  const present = new Map([...targets.values()].map((target) => [target.channel, target.present]));
  const outcomes = await addSubscriptions({ store, settings }, agent, wanted, true, present);
  if (outcomes.includes("unknown_agent")) return [failure(Meta.error, uuid, "unknown_agent")];
  const granted = new Set(wanted.filter((_, at) => outcomes[at] === "done").flat());
  const denials = judged.flatMap((each, at) => {
    const [channel = "", outcome = "done"] = [channels[at], outcomes[at]];
    if ("denial" in each) return [each.denial];
    return outcome === "done" ? [] : [no(channel, outcome)];
  });
  const asked = channels.filter((channel) => granted.has(channel));
  const unasked = [...granted].filter((channel) => !channels.includes(channel));
  // An observer that a guard subscribes stays an observer.
  const { observed = [] } =
    withPresence(settings.channels, unasked).length > 0 ? await store.connectionSubscriptions(agent.connectionId) : {};
  const grants = new Map(
    [...asked, ...unasked].map((name) => [
      name,
      subscribeGranted(name, settings, success(Meta.subscribe, uuid), present.get(name) ?? !observed.includes(name)),
    ]),
  );
  const grantsOf = (names: string[]): Reply[] => names.flatMap((name) => grants.get(name) ?? []);
  const all = [...grantsOf(asked), ...denials, ...grantsOf(unasked)];
  const { answers, missed } = await attachLatest(system, agent, grants, all);
  const told = answers.map((answer, at) => {
    const channel = missed.find((name) => grants.get(name) === all[at]);
    return channel === undefined ? answer : no(channel, "unavailable");
  });
  return attachHistory(system, agent, grants, targets, told);
};

/** Why a channel of a frame is refused regardless of guards; `undefined` if it is not. */
const targetError = (
  { channel, last, invalid }: SubscriptionTarget,
  settings: Dependencies["settings"],
): [code: Code, reason?: string] | undefined => {
  const fault = subscriptionError(channel, settings);
  if (fault) return [fault];
  const { history, presence } = channelSettings(settings.channels, channel);
  // A position from a client's storage may be broken. That must not refuse the other channels, for ever.
  if (invalid.includes("since") && history) return ["bad_frame", "since must be a position: { epoch, offset }."];
  if (invalid.includes("last")) return ["bad_frame", `last must be a whole number from 1 to ${MAX_HISTORY_PAGE_SIZE}.`];
  if (invalid.includes("present") && presence) return ["bad_frame", "present must be true or false, or left out."];
  if (invalid.includes("token")) return ["too_large", TOKEN_ERROR];
  if (last !== undefined && isWildcard(channel))
    return ["wildcard", "last needs one channel: a wildcard has no history of its own."];
  return last === undefined || history ? undefined : ["no_history"];
};

const system = createDependencies();
const connections = new ManagementApi(system.log);
const { table, clock } = system;
const histories = openHistories(system);
const subscribing = {
  ...system,
  connections,
  histories,
  latest: new LatestTable(table, clock),
  rate: new SubscriptionRateLimiter(system),
};

/** The Lambda behind `subscribe`. */
export const handler = route(subscribing, (event, agent) => subscribe(subscribing, agent, event.body));
