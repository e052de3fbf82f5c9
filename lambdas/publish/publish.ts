import {
  type Reply,
  MAX_FRAME_BYTES,
  type Limits,
  type Message,
  Meta,
  type OutgoingMessage,
} from "../../protocol/index.js";
import type { Agent } from "../connection/agent.js";
import { failure, encodeReplies, success } from "../requests/replies.js";
import { type ChannelRules, publicationError } from "../subscriptions/channel-rules.js";
import { fanOut, type FanOutDependencies } from "../delivery/fan-out.js";
import { numberPublications, type NumberingDependencies } from "./latest.js";
import { gather, type GatherDependencies } from "../linger/linger.js";
import { chargeLingering, type LingerRateDependencies, admitLingering } from "../linger/linger-rate.js";
import { fitsChannel } from "./message-size.js";
import { withOwnIds } from "./distinct-uuids.js";
import type { SerializedMessage } from "../delivery/serialize.js";
import type { GuardPort } from "../ports.js";
import type { PublicationRateLimiter } from "./publication-rate.js";
import type { Publication } from "../delivery/recipients.js";
import { persistHistory } from "../history/persist-history.js";
import { publisherOf } from "../connection/session.js";
import type { HistoryDependencies } from "../history/append-messages.js";
import { addSubscriptions, type SubscriptionDependencies } from "../subscriptions/subscriptions.js";

/** What publishing needs. */
export interface PublishDependencies
  extends
    FanOutDependencies,
    SubscriptionDependencies,
    NumberingDependencies,
    Omit<GatherDependencies, "onFlusher">,
    HistoryDependencies,
    Pick<LingerRateDependencies, "lingeringRate"> {
  store: FanOutDependencies["store"] & SubscriptionDependencies["store"];
  guards: FanOutDependencies["guards"] & Pick<GuardPort, "publication">;
  settings: FanOutDependencies["settings"] &
    SubscriptionDependencies["settings"] &
    NumberingDependencies["settings"] &
    GatherDependencies["settings"] &
    HistoryDependencies["settings"] & { limits: ChannelRules["limits"] & Pick<Limits, "messageBytes"> };
  clock: FanOutDependencies["clock"] & HistoryDependencies["clock"];
  rate: Pick<PublicationRateLimiter, "take">;
}

/** What one message's guard made of it. */
interface Outcome {
  answer: Reply;
  publish: Message[];
  subscribe: string[];
}

const refused = (answer: Reply): Outcome => ({ answer, publish: [], subscribe: [] });

const authorize = async (
  { guards, settings }: Pick<PublishDependencies, "guards" | "settings">,
  agent: Agent,
  message: OutgoingMessage,
): Promise<Outcome> => {
  const { uuid } = message;
  const fault = publicationError(message.channel, settings);
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
  messages: readonly SerializedMessage[];
}

/** What else may come into a frame of answers, in bytes: that the agent has to be renewed, and brackets. */
const SPARE_BYTES = 128;

/**
 * Refuses what the agent publishes too fast, which costs no guard; of the rest, asks each message's guard, does what
 * they staged, stores what is on channels with history, and brings all to the subscribers, in the order of the frame.
 * @param answered whether the publisher gets an answer, with which its own copies ride as far as they fit its frame
 */
export const publish = async (
  system: PublishDependencies,
  agent: Agent,
  messages: readonly OutgoingMessage[],
  { answered }: { answered: boolean },
): Promise<Published> => {
  const soonEnough = system.rate.take(agent, messages.length);
  const limited = (at: number): Outcome => refused(failure(Meta.error, messages[at]!.uuid, "rate_limited"));
  const decided = await Promise.all(
    messages.map(async (message, at) => (at < soonEnough ? authorize(system, agent, message) : limited(at))),
  );
  const fitting = await admitLingering(
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
  const recorded = await persistHistory(system, publisherOf(agent), submissions, agent.userId);
  const answers = outcomes.map(({ answer }, at): Reply => {
    const { refused: code, position } = recorded[at]!;
    return code ? failure(Meta.error, answer.uuid, code) : { ...answer, ...(position && { position }) };
  });
  const publications = recorded.flatMap((each) => each.publications);
  const room = MAX_FRAME_BYTES - Buffer.byteLength(encodeReplies(answers)) - SPARE_BYTES;
  const onFlusher = (channel: string): void => chargeLingering(system, agent, channel);
  const now = await numberPublications(system, await gather({ ...system, onFlusher }, publications));
  const { own } = await fanOut(system, now, answered ? { connectionId: agent.connectionId, room } : undefined);
  return { answers, messages: own };
};
