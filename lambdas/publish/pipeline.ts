import { fanOut } from "../delivery/fan-out.js";
import type { ReplyRecipient } from "../delivery/broadcast.js";
import type { SerializedMessage } from "../delivery/serialize.js";
import type { Dependencies } from "../dependencies.js";
import { type PersistedSubmission, persistHistory, type Submission } from "../history/persist-history.js";
import { gather } from "../linger/linger.js";
import { numberPublications } from "./latest.js";

/** The ports of the pipeline. */
export type PipelineDependencies = Pick<
  Dependencies,
  | "store"
  | "guards"
  | "connections"
  | "segments"
  | "histories"
  | "latest"
  | "lingering"
  | "invokeFlush"
  | "settings"
  | "clock"
  | "log"
>;

/** A publisher. */
export interface PublisherIdentity {
  /** The owner of the messages' uuids: the history recognises repeated publications of one publisher. */
  publisher: string;
  /** The publisher's user, if there is one. */
  userId?: string | undefined;
}

/** Options of one run of the pipeline. */
export interface PipelineOptions {
  /** Gives the connection that receives its own messages with its reply, after the messages were stored. */
  replyRecipient?: (stored: readonly PersistedSubmission[]) => ReplyRecipient | undefined;
  /** Called with each channel for which a linger flusher starts. */
  onFlusherStarted?: (channel: string) => void;
}

/** The result of the pipeline. */
export interface PipelineResult {
  /** Each submission as it was stored, in the same order. */
  stored: readonly PersistedSubmission[];
  /** The messages of the `replyRecipient`. */
  own: readonly SerializedMessage[];
}

/**
 * The way of authorized publications, of clients and of the server API: store, gather, number, fan out. Each step comes
 * before subscribers are read. So a client that subscribes too late to be among them finds the message stored.
 * @param submissions in the order of their request: offsets and deliveries follow it
 * @throws if a service failed: then some of it may have happened, and repeating it is safe
 */
export const publishSubmissions = async (
  dependencies: PipelineDependencies,
  { publisher, userId }: PublisherIdentity,
  submissions: readonly Submission[],
  { replyRecipient, onFlusherStarted }: PipelineOptions = {},
): Promise<PipelineResult> => {
  // Each message has the time of its acceptance; a stored one has the time at which its offset was reserved.
  const accepting = submissions.map((submission) => withTime(submission, dependencies.clock.now()));
  // Store the messages of channels with history.
  const stored = await persistHistory(dependencies, publisher, accepting, userId);
  const accepted = stored.flatMap(({ publications }) => publications);
  // Gather the messages of channels that linger: a flusher delivers those.
  const immediate = await gather(dependencies, accepted, onFlusherStarted);
  // Number the messages of channels that keep their latest one.
  const numbered = await numberPublications(dependencies, immediate);
  // Fan out the rest to the subscribers.
  const { own } = await fanOut(dependencies, numbered, replyRecipient?.(stored));
  return { stored, own };
};

const withTime = (submission: Submission, at: number): Submission => ({
  ...submission,
  publications: submission.publications.map((each) => ({ ...each, message: { ...each.message, at } })),
});
