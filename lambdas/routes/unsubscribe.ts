import { type Reply, Meta } from "../../protocol/index.js";
import { ManagementApi } from "../aws/api-gateway/management-api.js";
import { route } from "../aws/api-gateway/route.js";
import { createDependencies, type Dependencies } from "../aws/create-dependencies.js";
import type { Agent } from "../connection/agent.js";
import { forChannel, failure, success } from "../requests/replies.js";
import { subscriptionError } from "../subscriptions/channel-rules.js";
import { readSubscription } from "../requests/frame-parser.js";
import { removeSubscriptions } from "../subscriptions/subscriptions.js";
import { SubscriptionRateLimiter } from "../subscriptions/subscription-rate.js";

/** Asks the guard of each channel, removes what they permitted to go, and answers for each channel by itself. */
export const unsubscribe = async (
  {
    settings,
    store,
    guards,
    rate,
  }: Pick<Dependencies, "settings" | "store" | "guards"> & { rate: Pick<SubscriptionRateLimiter, "allows"> },
  agent: Agent,
  body: string | undefined,
): Promise<Reply[]> => {
  const read = readSubscription(body, Meta.unsubscribe, settings.limits);
  if ("faults" in read) return read.faults;
  const { uuid, targets } = read.request;
  const channels = [...targets.keys()];

  const leaving: string[] = [];
  const answers = await Promise.all(
    channels.map(async (channel): Promise<Reply> => {
      const fault = subscriptionError(channel, settings);
      if (fault) return forChannel(channel, failure(Meta.unsubscribe, uuid, fault));
      if (!rate.allows(agent, channel)) return forChannel(channel, failure(Meta.unsubscribe, uuid, "rate_limited"));
      const verdict = await guards.unsubscription(agent, channel);
      if (!verdict.permitted) return forChannel(channel, failure(Meta.unsubscribe, uuid, verdict.code, verdict.reason));
      leaving.push(channel);
      return forChannel(channel, success(Meta.unsubscribe, uuid));
    }),
  );

  const again = new Set(await removeSubscriptions({ store, settings }, agent, leaving));
  return answers.map((answer, at) => {
    const channel = channels[at]!;
    return again.has(channel) ? forChannel(channel, failure(Meta.unsubscribe, uuid, "unavailable")) : answer;
  });
};

const system = createDependencies();
const connections = new ManagementApi(system.log);
const unsubscribing = { ...system, connections, rate: new SubscriptionRateLimiter(system) };

/** The Lambda behind `unsubscribe`. */
export const handler = route(unsubscribing, (event, agent) => unsubscribe(unsubscribing, agent, event.body));
