import { type Code, type Message, Meta, type PublishEntry, type PublishResult } from "../../protocol/index.js";
import { SERVER_PUBLISHER } from "../connection/session.js";
import type { Publication } from "../delivery/recipients.js";
import type { Dependencies } from "../dependencies.js";
import { fitsChannel } from "../publish/message-size.js";
import { type PipelineDependencies, publishSubmissions } from "../publish/pipeline.js";
import { DEFAULT_MESSAGES } from "../../protocol/code-messages.js";
import { publicationError } from "../subscriptions/channel-rules.js";
import { userChannel } from "../subscriptions/user-channel.js";
import type { EntryFault } from "./server-requests.js";

/** The ports that publishing for a server program needs. */
export type ServerPublishDependencies = PipelineDependencies & Pick<Dependencies, "newUuid">;

/** One entry's result, and its message if it was accepted. */
interface Outcome {
  result: PublishResult;
  publication?: Publication;
}

/**
 * Publishes for a server program. No publication guard runs, because there is no agent to decide about. Limits hold, and
 * delivery guards decide as always: they protect the recipients. Entries are decided independently. The accepted
 * entries are delivered in order.
 * @returns one result for each entry, in the same order
 */
export const serverPublish = async (
  dependencies: ServerPublishDependencies,
  entries: readonly (PublishEntry | EntryFault)[],
): Promise<PublishResult[]> => {
  const outcomes = entries.map((entry) => validateEntry(dependencies, entry));
  const accepted = outcomes.flatMap(({ publication }) => publication ?? []);
  const { stored } = await publishSubmissions(
    dependencies,
    { publisher: SERVER_PUBLISHER },
    accepted.map((publication) => ({ own: publication.message, publications: [publication] })),
  );
  const storedAs = new Map(accepted.map((publication, at) => [publication, stored[at]]));
  return outcomes.map(({ result, publication }): PublishResult => {
    const { refused: code, position } = (publication && storedAs.get(publication)) ?? {};
    return code ? refused(result.uuid, code).result : { ...result, ...(position && { position }) };
  });
};

const validateEntry = ({ settings, newUuid }: ServerPublishDependencies, entry: PublishEntry | EntryFault): Outcome => {
  if ("fault" in entry) return refused(entry.uuid, "bad_frame", entry.fault);
  const { limits } = settings;
  const uuid = entry.uuid ?? newUuid();
  const message: Message = { channel: "userId" in entry ? Meta.user : entry.channel, uuid, data: entry.data };
  const error = "userId" in entry ? undefined : publicationError(entry.channel, { limits });
  if (error) return refused(entry.uuid, error);
  const ephemeral = entry.ephemeral ? ({ ephemeral: true } as const) : {};
  if (!fitsChannel({ ...message, ...ephemeral }, settings)) return refused(entry.uuid, "too_large");
  const to = "userId" in entry ? { to: userChannel(entry.userId) } : {};
  const except = entry.excludeConnectionId === undefined ? {} : { except: entry.excludeConnectionId };
  return { result: { uuid, accepted: true }, publication: { message, ...to, ...except, ...ephemeral } };
};

const refused = (uuid: string | undefined, code: Code, error = DEFAULT_MESSAGES[code]): Outcome => ({
  result: { ...(uuid === undefined ? {} : { uuid }), accepted: false, code, error },
});
