import type { Code, Message, Position } from "../../protocol/index.js";
import { channelSettings, someChannel } from "../../protocol/channel-settings.js";
import type { Publication } from "../delivery/recipients.js";
import { digest } from "../connection/session.js";
import { type HistoryDependencies, type AppendResult, appendMessages, type PendingMessage } from "./append-messages.js";
import { waitForAll } from "../util/wait-for-all.js";

/** A publisher's message, and the publications that its guard made of it, perhaps on other channels. */
export interface Submission {
  own: Message;
  publications: readonly Publication[];
}

/** The result of storing a submission. */
export interface PersistedSubmission {
  /** The publications to deliver. Stored ones have their position, and their stored content. */
  publications: readonly Publication[];
  /** Position of the publisher's own message, if it is published on its channel and that has history. */
  position?: Position;
  /** Why part of it is not published. The publisher may repeat it, except after `uuid_reused`. */
  refused?: Extract<Code, "uuid_reused" | "channel_busy">;
}

/**
 * Stores publications on channels with history, before any delivery. Call it before subscribers are read: a client that
 * subscribes too late to be among them then finds the messages stored.
 * @param publisher the owner of the uuids
 * @param submissions in the order of the frame, which the offsets follow
 * @param userId the publisher's user, if there is one
 * @throws if the result is uncertain: some messages may be stored, and repeating the request is safe
 */
export const persistHistory = async (
  system: HistoryDependencies,
  publisher: string,
  submissions: readonly Submission[],
  userId?: string,
): Promise<readonly PersistedSubmission[]> => {
  const { channels } = system.settings;
  const keeps = ({ message, ephemeral }: Publication): boolean =>
    !ephemeral && channelSettings(channels, message.channel).history !== undefined;
  const none =
    !someChannel(channels, ({ history }) => history) ||
    !submissions.some(({ publications }) => publications.some(keeps));
  if (none) return submissions;
  const { wanted, reused } = collect(submissions, keeps);
  const stored = await storeAll(system, publisher, wanted, userId);
  return submissions.map((submission): PersistedSubmission => {
    if (reused.has(submission)) return { publications: [], refused: "uuid_reused" };
    const { own, publications } = submission;
    const results = publications.map((publication) =>
      keeps(publication) ? stored.get(keyOf(publication.message)) : undefined,
    );
    const refused = results.find((each) => typeof each === "string");
    const position = publications.flatMap(({ message: { channel } }, at) =>
      channel === own.channel ? positionOf(results[at]) : [],
    )[0];
    return {
      publications: publications.flatMap((publication, at) =>
        delivered(publication, results[at], refused !== undefined),
      ),
      ...(refused === undefined ? { ...(position && { position }) } : { refused }),
    };
  });
};

const positionOf = (result: AppendResult | undefined): Position | [] =>
  typeof result === "object" ? result.position : [];

/**
 * Stored publications are delivered. The others are delivered unless part of their submission was refused: then they
 * are delivered with the repetition.
 */
const delivered = (
  publication: Publication,
  result: AppendResult | undefined,
  incomplete: boolean,
): Publication | [] => {
  if (typeof result === "object")
    return result.isDeleted ? [] : { ...publication, message: result.message, ...result.position };
  return result === undefined && !incomplete ? publication : [];
};

const keyOf = ({ channel, uuid }: Message): string => `${channel} ${uuid}`;

/** The messages to store, each once, and the refused submissions: they reuse the uuid of another message. */
const collect = (
  submissions: readonly Submission[],
  keeps: (publication: Publication) => boolean,
): { wanted: Map<string, PendingMessage>; reused: Set<Submission> } => {
  const wanted = new Map<string, PendingMessage>();
  const reused = new Set<Submission>();
  for (const submission of submissions) {
    const hash = digest(JSON.stringify([submission.own.channel, submission.own.data]));
    const own = new Map<string, PendingMessage>();
    for (const { message } of submission.publications.filter(keeps)) {
      const same = own.get(keyOf(message)) ?? wanted.get(keyOf(message));
      if (same && (same.hash !== hash || JSON.stringify(same.message.data) !== JSON.stringify(message.data)))
        reused.add(submission);
      own.set(keyOf(message), { message, hash });
    }
    if (!reused.has(submission)) for (const [key, one] of own) if (!wanted.has(key)) wanted.set(key, one);
  }
  return { wanted, reused };
};

/** Stores the channels in parallel; the offsets of each channel are reserved in one write. */
const storeAll = async (
  system: HistoryDependencies,
  publisher: string,
  wanted: ReadonlyMap<string, PendingMessage>,
  userId: string | undefined,
): Promise<Map<string, AppendResult>> => {
  const byChannel = new Map<string, PendingMessage[]>();
  for (const one of wanted.values())
    byChannel.set(one.message.channel, [...(byChannel.get(one.message.channel) ?? []), one]);
  const stored = new Map<string, AppendResult>();
  const store = async (own: readonly PendingMessage[]): Promise<void> => {
    for (const [at, result] of (await appendMessages(system, publisher, own, userId)).entries())
      stored.set(keyOf(own[at]!.message), result);
  };
  await waitForAll([...byChannel.values()].map(store));
  return stored;
};
