import {
  type Code,
  type Limits,
  type Message,
  Meta,
  type PublishEntry,
  type PublishResult,
} from "../../protocol/index.js";
import { DEFAULT_MESSAGES } from "../requests/replies.js";
import { type ChannelRules, publicationError } from "../subscriptions/channel-rules.js";
import { fanOut, type FanOutDependencies } from "../delivery/fan-out.js";
import { userChannel } from "../aws/dynamodb/keys.js";
import { numberPublications, type NumberingDependencies } from "../publish/latest.js";
import { gather, type GatherDependencies } from "../linger/linger.js";
import { fitsChannel } from "../publish/message-size.js";
import type { Publication } from "../delivery/recipients.js";
import { persistHistory } from "../history/persist-history.js";
import type { EntryFault } from "./server-requests.js";
import { SERVER_PUBLISHER } from "../connection/session.js";
import type { HistoryDependencies } from "../history/append-messages.js";

/** The ports that publishing through the server API uses. */
export interface ServerPublishDependencies
  extends FanOutDependencies, NumberingDependencies, GatherDependencies, HistoryDependencies {
  settings: FanOutDependencies["settings"] &
    NumberingDependencies["settings"] &
    GatherDependencies["settings"] &
    HistoryDependencies["settings"] & { limits: ChannelRules["limits"] & Pick<Limits, "messageBytes"> };
  clock: FanOutDependencies["clock"] & HistoryDependencies["clock"];
  /** A new uuid for an entry that has none. */
  newUuid: () => string;
}

/** One entry's result, and its message if it was accepted. */
interface Outcome {
  result: PublishResult;
  publication?: Publication;
}

/**
 * Publishes entries of the server API. No publication guard runs, because there is no agent. Limits apply, and delivery
 * guards decide for the recipients. Each entry is validated separately, and the accepted ones are delivered in order.
 * @returns one result for each entry, in the same order
 */
export const serverPublish = async (
  system: ServerPublishDependencies,
  entries: readonly (PublishEntry | EntryFault)[],
): Promise<PublishResult[]> => {
  const outcomes = entries.map((entry) => validateEntry(system, entry));
  const accepted = outcomes.flatMap(({ publication }) => publication ?? []);
  const stored = await persistHistory(
    system,
    SERVER_PUBLISHER,
    accepted.map((one) => ({ own: one.message, publications: [one] })),
  );
  const publications = stored.flatMap((each) => each.publications);
  await fanOut(system, await numberPublications(system, await gather(system, publications)));
  const persisted = new Map(accepted.map((one, at) => [one, stored[at]]));
  return outcomes.map(({ result, publication }): PublishResult => {
    const { refused: code, position } = (publication && persisted.get(publication)) ?? {};
    return code ? refused(result.uuid, code).result : { ...result, ...(position && { position }) };
  });
};

const validateEntry = ({ settings, newUuid }: ServerPublishDependencies, entry: PublishEntry | EntryFault): Outcome => {
  if ("fault" in entry) return refused(entry.uuid, "bad_frame", entry.fault);
  const { limits } = settings;
  const uuid = entry.uuid ?? newUuid();
  const message: Message = { channel: "userId" in entry ? Meta.user : entry.channel, uuid, data: entry.data };
  const fault = "userId" in entry ? undefined : publicationError(entry.channel, { limits });
  if (fault) return refused(entry.uuid, fault);
  if (!fitsChannel(message, settings)) return refused(entry.uuid, "too_large");
  const to = "userId" in entry ? { to: userChannel(entry.userId) } : {};
  const except = entry.excludeConnectionId === undefined ? {} : { except: entry.excludeConnectionId };
  return { result: { uuid, accepted: true }, publication: { message, ...to, ...except } };
};

const refused = (uuid: string | undefined, code: Code, error = DEFAULT_MESSAGES[code]): Outcome => ({
  result: { ...(uuid === undefined ? {} : { uuid }), accepted: false, code, error },
});
