import {
  MAX_FRAME_BYTES,
  Meta,
  type OutgoingMessage,
  type Reply,
  type RequestedMessage,
} from "../../protocol/index.js";
import { channelSettings } from "../../protocol/channel-settings.js";
import type { Agent } from "../connection/agent.js";
import { publisherOf } from "../connection/session.js";
import type { Publication } from "../delivery/recipients.js";
import type { SerializedMessage } from "../delivery/serialize.js";
import type { PersistedSubmission, Submission } from "../history/persist-history.js";
import { admitLingering, chargeLingering } from "../linger/linger-rate.js";
import type { RateLimiter } from "../requests/rate-limiter.js";
import { encodeReplies, failure, success } from "../requests/replies.js";
import { publicationError } from "../subscriptions/channel-rules.js";
import { addSubscriptions } from "../subscriptions/subscriptions.js";
import { withDistinctUuids } from "./distinct-uuids.js";
import { fitsChannel } from "./message-size.js";
import { type PipelineDependencies, publishSubmissions } from "./pipeline.js";
import type { PublicationRateLimiter } from "./publication-rate.js";

/** The ports of a client's publication. */
export interface PublishDependencies extends PipelineDependencies {
  rate: Pick<PublicationRateLimiter, "take">;
  /** Milliseconds for which one agent may let functions wait. */
  lingeringRate: Pick<RateLimiter, "left" | "charge">;
}

/** The decision about one message of the frame, before any message is published. */
interface Authorization {
  reply: Reply;
  /** The messages that its guard published. */
  publish: RequestedMessage[];
  /** The channels that its guard subscribed the agent to. */
  subscribe: string[];
}

/** The replies to a frame. */
export interface PublishReplies {
  /** One reply for each message of the frame, in the same order. */
  answers: Reply[];
  /** The agent's own copies of its messages, which share the frame of the replies. */
  messages: readonly SerializedMessage[];
}

/** Bytes for the rest of the frame of replies: the request to renew the agent, and brackets. */
const RESERVED_BYTES = 128;

/**
 * Publishes the messages of a client's frame, in order: authorizes each, stores, gathers, numbers and fans out what is
 * permitted, and replies.
 * @param answered whether the client gets a reply, which also holds its own messages as far as they fit
 */
export const publish = async (
  dependencies: PublishDependencies,
  agent: Agent,
  messages: readonly OutgoingMessage[],
  { answered }: { answered: boolean },
): Promise<PublishReplies> => {
  const authorizations = await authorize(dependencies, agent, messages);
  const submissions = authorizations.map(({ publish }, at) => submissionOf(agent, messages[at]!, publish));
  const { stored, own } = await publishSubmissions(
    dependencies,
    { publisher: publisherOf(agent), userId: agent.userId },
    submissions,
    {
      replyRecipient: (stored) => (answered ? replyRecipientOf(agent, repliesTo(authorizations, stored)) : undefined),
      onFlusherStarted: (channel) => chargeLingering(dependencies, agent, channel),
    },
  );
  return { answers: repliesTo(authorizations, stored), messages: own };
};

/**
 * Decides about each message of a frame: the agent's rates, the publication guard, and the subscriptions that the guard
 * staged. A message that comes too fast costs no guard.
 */
const authorize = async (
  dependencies: PublishDependencies,
  agent: Agent,
  messages: readonly OutgoingMessage[],
): Promise<Authorization[]> => {
  const admitted = dependencies.rate.take(agent, messages.length);
  const rateLimited = ({ uuid }: OutgoingMessage): Authorization => refused(uuid, "rate_limited");
  const decided = await Promise.all(
    messages.map(async (message, at) =>
      at < admitted ? askGuard(dependencies, agent, message) : rateLimited(message),
    ),
  );
  const admittedToLinger = await admitLingering(
    dependencies,
    agent,
    decided.map(({ publish }) => publish),
  );
  const permitted = decided.map((each, at) => (admittedToLinger[at] ? each : rateLimited(messages[at]!)));
  const subscribed = await addSubscriptions(
    dependencies,
    agent,
    permitted.map(({ subscribe }) => subscribe),
  );
  return permitted.map((each, at) => {
    const outcome = subscribed[at] ?? "done";
    return outcome === "done" || !each.reply.successful ? each : refused(each.reply.uuid, outcome);
  });
};

/** Asks the publication guard about one message. */
const askGuard = async (
  { guards, settings }: Pick<PublishDependencies, "guards" | "settings">,
  agent: Agent,
  { channel, uuid, data, ephemeral }: OutgoingMessage,
): Promise<Authorization> => {
  const error = publicationError(channel, settings);
  if (error) return refused(uuid, error);
  const verdict = await guards.publication(agent, { channel, uuid, data, ...(ephemeral && { ephemeral }) });
  if (!verdict.permitted) return refused(uuid, verdict.code, verdict.reason);
  const publish = withDistinctUuids(verdict.publish).map((message) => withFrom(message, agent, settings));
  if (!publish.every((message) => fitsChannel(message, settings))) return refused(uuid, "too_large");
  return { reply: success(Meta.successful, uuid, verdict.result), publish, subscribe: verdict.subscribe };
};

/** A message with its publisher, if its channel's messages say whose they are. */
const withFrom = (
  message: RequestedMessage,
  { uuid: connection, userId, info }: Agent,
  { channels }: PublishDependencies["settings"],
): RequestedMessage =>
  channelSettings(channels, message.channel).from
    ? { ...message, from: { connection, ...(userId !== undefined && { userId }), ...(info !== undefined && { info }) } }
    : message;

const refused = (
  uuid: string | undefined,
  ...why: [code: Parameters<typeof failure>[2], reason?: string]
): Authorization => ({
  reply: failure(Meta.error, uuid, ...why),
  publish: [],
  subscribe: [],
});

/** A client's message, and the publications for it. */
const submissionOf = (
  { connectionId }: Agent,
  { echo, channel, uuid, data }: OutgoingMessage,
  publish: readonly RequestedMessage[],
): Submission => {
  const except = echo === false ? { except: connectionId } : {};
  return {
    own: { channel, uuid, data },
    publications: publish.map(({ ephemeral, ...message }): Publication => ({
      message,
      ...except,
      ...(ephemeral && { ephemeral }),
    })),
  };
};

/** The replies after storing: a message that could not be stored is refused, and a stored one has its position. */
const repliesTo = (authorizations: readonly Authorization[], stored: readonly PersistedSubmission[]): Reply[] =>
  authorizations.map(({ reply }, at): Reply => {
    const { refused: code, position } = stored[at]!;
    return code ? failure(Meta.error, reply.uuid, code) : { ...reply, ...(position && { position }) };
  });

/** The agent's own connection, and how much of its messages fits the frame of replies. */
const replyRecipientOf = ({ connectionId }: Agent, replies: readonly Reply[]) => ({
  connectionId,
  room: MAX_FRAME_BYTES - Buffer.byteLength(encodeReplies(replies)) - RESERVED_BYTES,
});
