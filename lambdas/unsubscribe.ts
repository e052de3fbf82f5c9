import { type Reply, Meta } from "../protocol/index.js";
import { ManagementApi } from "./aws/connections.js";
import { route } from "./aws/route.js";
import { createSystem, type System } from "./aws/system.js";
import type { Agent } from "./core/agent.js";
import { about, failure, success } from "./core/answers.js";
import { subscriptionFault } from "./core/channels.js";
import { readSubscription } from "./core/requests.js";
import { removeSubscriptions } from "./core/subscriptions.js";
import { SubscriptionRate } from "./core/subscription-rate.js";

/** Asks the guard of each channel, removes what they permitted to go, and answers for each channel by itself. */
export const unsubscribe = async (
  {
    settings,
    store,
    guards,
    rate,
  }: Pick<System, "settings" | "store" | "guards"> & { rate: Pick<SubscriptionRate, "allows"> },
  agent: Agent,
  body: string | undefined,
): Promise<Reply[]> => {
  const read = readSubscription(body, Meta.unsubscribe, settings.limits);
  if ("faults" in read) return read.faults;
  const { uuid, channels } = read.request;

  const leaving: string[] = [];
  const answers = await Promise.all(
    channels.map(async (channel): Promise<Reply> => {
      const fault = subscriptionFault(channel, settings);
      if (fault) return about(channel, failure(Meta.unsubscribe, uuid, fault));
      if (!rate.allows(agent, channel)) return about(channel, failure(Meta.unsubscribe, uuid, "rate_limited"));
      const verdict = await guards.unsubscription(agent, channel);
      if (!verdict.permitted) return about(channel, failure(Meta.unsubscribe, uuid, verdict.code, verdict.reason));
      leaving.push(channel);
      return about(channel, success(Meta.unsubscribe, uuid));
    }),
  );

  const again = new Set(await removeSubscriptions({ store, settings }, agent, leaving));
  return answers.map((answer, at) => {
    const channel = channels[at]!;
    return again.has(channel) ? about(channel, failure(Meta.unsubscribe, uuid, "unavailable")) : answer;
  });
};

const system = createSystem();
const connections = new ManagementApi(system.log);
const unsubscribing = { ...system, connections, rate: new SubscriptionRate(system) };

/** The Lambda behind `unsubscribe`. */
export const handler = route(unsubscribing, (event, agent) => unsubscribe(unsubscribing, agent, event.body));
