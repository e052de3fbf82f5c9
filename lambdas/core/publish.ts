import { type Answer, type Message, Meta, type OutgoingMessage } from "../../protocol/index.js";
import type { Agent } from "./agent.js";
import { failure, success } from "./answers.js";
import { type ChannelRules, publicationFault } from "./channels.js";
import { fanOut, type FanOut } from "./fan-out.js";
import { asDelivered, stamp, type Stamping } from "./latest.js";
import { setAside, type SettingAside } from "./linger.js";
import { fits, pack } from "./pack.js";
import type { Guards } from "./ports.js";
import type { PublicationRate } from "./publication-rate.js";
import type { Publication } from "./recipients.js";
import { addSubscriptions, type Subscribing } from "./subscriptions.js";

/** What publishing needs. */
export interface Publishing extends FanOut, Subscribing, Stamping, SettingAside {
  store: FanOut["store"] & Subscribing["store"];
  guards: FanOut["guards"] & Pick<Guards, "publication">;
  settings: FanOut["settings"] & Subscribing["settings"] & Stamping["settings"] & SettingAside["settings"] & Pick<ChannelRules, "limits">;
  rate: Pick<PublicationRate, "take">;
}

/** What one message's guard made of it. */
interface Outcome {
  answer: Answer;
  publish: Message[];
  subscribe: string[];
}

const refused = (answer: Answer): Outcome => ({ answer, publish: [], subscribe: [] });

const judge = async (
  { guards, settings }: Pick<Publishing, "guards" | "settings">,
  agent: Agent,
  message: OutgoingMessage,
): Promise<Outcome> => {
  const { uuid } = message;
  const fault = publicationFault(message.channel, settings);
  if (fault) return refused(failure(Meta.error, uuid, fault));
  const verdict = await guards.publication(agent, { channel: message.channel, uuid, data: message.data });
  if (!verdict.permitted) return refused(failure(Meta.error, uuid, verdict.code, verdict.reason));
  if (!verdict.publish.every((published) => fits(pack(asDelivered(published, settings)), settings.limits))) {
    return refused(failure(Meta.error, uuid, "too_large"));
  }
  return {
    answer: success(Meta.successful, uuid, verdict.result),
    publish: verdict.publish,
    subscribe: verdict.subscribe,
  };
};

/**
 * Refuses what the agent publishes too fast, which costs no guard; of the rest, asks each message's guard, does what they staged, and brings what they published to the subscribers, in the order of
 * the frame. One answer per message, in the same order.
 */
export const publish = async (
  system: Publishing,
  agent: Agent,
  messages: readonly OutgoingMessage[],
): Promise<Answer[]> => {
  const soonEnough = system.rate.take(agent.connectionId, messages.length);
  const judged = await Promise.all(
    messages.map(async (message, at) =>
      at < soonEnough ? judge(system, agent, message) : refused(failure(Meta.error, message.uuid, "rate_limited")),
    ),
  );
  const subscribed = await addSubscriptions(system, agent, judged.map(({ subscribe }) => subscribe));
  const outcomes = judged.map((outcome, at) => {
    const came = subscribed[at] ?? "done";
    return came === "done" || !outcome.answer.successful ? outcome : refused(failure(Meta.error, outcome.answer.uuid, came));
  });
  const publications = outcomes.flatMap((outcome, at): Publication[] =>
    outcome.publish.map((message) =>
      messages[at]?.echo === false ? { message, except: agent.connectionId } : { message },
    ),
  );
  await fanOut(system, await stamp(system, await setAside(system, publications)));
  return outcomes.map((outcome) => outcome.answer);
};
