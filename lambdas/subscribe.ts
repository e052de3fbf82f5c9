import { type Answer, Meta } from "../protocol/index.js";
import { route } from "./aws/route.js";
import { createSystem, type System } from "./aws/system.js";
import type { Agent } from "./core/agent.js";
import { about, failure, success } from "./core/answers.js";
import { subscriptionFault } from "./core/channels.js";
import { readSubscription } from "./core/requests.js";
import { addSubscriptions } from "./core/subscriptions.js";

/** Asks the guard of each channel, stores what they permitted, and answers for each channel by itself. */
export const subscribe = async (
  { settings, store, guards }: Pick<System, "settings" | "store" | "guards">,
  agent: Agent,
  body: string | undefined,
): Promise<Answer[]> => {
  const read = readSubscription(body, Meta.subscribe);
  if ("faults" in read) return read.faults;
  const { uuid, channels } = read.request;

  const granted = new Set<string>();
  const denials = await Promise.all(
    channels.map(async (channel): Promise<Answer[]> => {
      const fault = subscriptionFault(channel, settings.wildcards);
      if (fault) return [about(channel, failure(Meta.subscribe, uuid, fault))];
      const verdict = await guards.subscription(agent, channel);
      if (!verdict.permitted) return [about(channel, failure(Meta.subscribe, uuid, verdict.code, verdict.reason))];
      for (const name of verdict.subscribe) granted.add(name);
      return [];
    }),
  );

  if (!(await addSubscriptions(store, agent, [...granted]))) return [failure(Meta.error, uuid, "unknown_agent")];
  const asked = channels.filter((channel) => granted.has(channel));
  const unasked = [...granted].filter((channel) => !channels.includes(channel));
  const grants = (names: string[]): Answer[] => names.map((name) => about(name, success(Meta.subscribe, uuid)));
  return [...grants(asked), ...denials.flat(), ...grants(unasked)];
};

const system = createSystem();

/** The Lambda behind `subscribe`. */
export const handler = route(system, (event, agent) => subscribe(system, agent, event.body));
