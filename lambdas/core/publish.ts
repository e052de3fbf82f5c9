import {
  type Reply,
  MAX_FRAME_BYTES,
  type Limits,
  type Message,
  Meta,
  type OutgoingMessage,
} from "../../protocol/index.js";
import type { Agent } from "./agent.js";
import { failure, frameOf, success } from "./answers.js";
import { type ChannelRules, publicationFault } from "./channels.js";
import { fanOut, type FanOut } from "./fan-out.js";
import { stamp, type Stamping } from "./latest.js";
import { setAside, type SettingAside } from "./linger.js";
import { chargeLingering, type LingeringBound, withinLingering } from "./lingering-rate.js";
import { fitsChannel } from "./measure.js";
import { withOwnIds } from "./own-ids.js";
import type { Packed } from "./pack.js";
import type { Guards } from "./ports.js";
import type { PublicationRate } from "./publication-rate.js";
import type { Publication } from "./recipients.js";
import { record } from "./record.js";
import { publisherOf } from "./session.js";
import type { Recording } from "./settle.js";
import { addSubscriptions, type Subscribing } from "./subscriptions.js";

/** What publishing needs. */
export interface Publishing
  extends
    FanOut,
    Subscribing,
    Stamping,
    Omit<SettingAside, "onFlusher">,
    Recording,
    Pick<LingeringBound, "lingeringRate"> {
  store: FanOut["store"] & Subscribing["store"];
  guards: FanOut["guards"] & Pick<Guards, "publication">;
  settings: FanOut["settings"] &
    Subscribing["settings"] &
    Stamping["settings"] &
    SettingAside["settings"] &
    Recording["settings"] & { limits: ChannelRules["limits"] & Pick<Limits, "messageBytes"> };
  clock: FanOut["clock"] & Recording["clock"];
  rate: Pick<PublicationRate, "take">;
}

/** What one message's guard made of it. */
interface Outcome {
  answer: Reply;
  publish: Message[];
  subscribe: string[];
}

const refused = (answer: Reply): Outcome => ({ answer, publish: [], subscribe: [] });

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
  const publish = withOwnIds(verdict.publish);
  if (!publish.every((published) => fitsChannel(published, settings))) {
    return refused(failure(Meta.error, uuid, "too_large"));
  }
  return {
    answer: success(Meta.successful, uuid, verdict.result),
    publish,
    subscribe: verdict.subscribe,
  };
};

/** What a publisher is told. */
export interface Published {
  /** One for each message, in the same order. */
  answers: Reply[];
  /** The publisher's own copies of what it published, where they ride with the answers. */
  messages: readonly Packed[];
}

/** What else may come into a frame of answers, in bytes: that the agent has to be renewed, and brackets. */
const SPARE_BYTES = 128;

/**
 * Refuses what the agent publishes too fast, which costs no guard; of the rest, asks each message's guard, does what
 * they staged, stores what is on channels with history, and brings all to the subscribers, in the order of the frame.
 * @param answered whether the publisher gets an answer, with which its own copies ride as far as they fit its frame
 */
export const publish = async (
  system: Publishing,
  agent: Agent,
  messages: readonly OutgoingMessage[],
  { answered }: { answered: boolean },
): Promise<Published> => {
  const soonEnough = system.rate.take(agent, messages.length);
  const limited = (at: number): Outcome => refused(failure(Meta.error, messages[at]!.uuid, "rate_limited"));
  const decided = await Promise.all(
    messages.map(async (message, at) => (at < soonEnough ? judge(system, agent, message) : limited(at))),
  );
  const fitting = await withinLingering(
    system,
    agent,
    decided.map(({ publish }) => publish),
  );
  const judged = decided.map((outcome, at) => (fitting[at] ? outcome : limited(at)));
  const subscribed = await addSubscriptions(
    system,
    agent,
    judged.map(({ subscribe }) => subscribe),
  );
  const outcomes = judged.map((outcome, at) => {
    const came = subscribed[at] ?? "done";
    return came === "done" || !outcome.answer.successful
      ? outcome
      : refused(failure(Meta.error, outcome.answer.uuid, came));
  });
  const submissions = outcomes.map(({ publish }, at) => {
    const { echo, channel, uuid, data } = messages[at]!;
    const except = echo === false ? { except: agent.connectionId } : {};
    return {
      own: { channel, uuid, data },
      publications: publish.map((message): Publication => ({ message, ...except })),
    };
  });
  const recorded = await record(system, publisherOf(agent), submissions, agent.userId);
  const answers = outcomes.map(({ answer }, at): Reply => {
    const { refused: code, position } = recorded[at]!;
    return code ? failure(Meta.error, answer.uuid, code) : { ...answer, ...(position && { position }) };
  });
  const publications = recorded.flatMap((each) => each.publications);
  const room = MAX_FRAME_BYTES - Buffer.byteLength(frameOf(answers)) - SPARE_BYTES;
  const onFlusher = (channel: string): void => chargeLingering(system, agent, channel);
  const now = await stamp(system, await setAside({ ...system, onFlusher }, publications));
  const { own } = await fanOut(system, now, answered ? { connectionId: agent.connectionId, room } : undefined);
  return { answers, messages: own };
};
