import { type Code, type Message, Meta, type PublishEntry, type PublishResult } from "../../protocol/index.js";
import { TEXT } from "./answers.js";
import { type ChannelRules, publicationFault } from "./channels.js";
import { fanOut, type FanOut } from "./fan-out.js";
import { userChannel } from "./keys.js";
import { asDelivered, stamp, type Stamping } from "./latest.js";
import { setAside, type SettingAside } from "./linger.js";
import { fits, pack } from "./pack.js";
import type { Publication } from "./recipients.js";
import type { EntryFault } from "./server-requests.js";

/** What publishing for the back end needs. */
export interface ServerPublishing extends FanOut, Stamping, SettingAside {
  settings: FanOut["settings"] & Stamping["settings"] & SettingAside["settings"] & Pick<ChannelRules, "limits">;
  /** A new uuid for an entry that has none. */
  newUuid: () => string;
}

/** One entry's result, and its message if it was accepted. */
interface Outcome {
  result: PublishResult;
  publication?: Publication;
}

/**
 * Publishes for the back end. No publication guard runs: there is no agent to decide about. Limits hold, and delivery
 * guards decide as ever, because they are the recipients'. Entries are decided independently, and those that are
 * accepted are delivered in order.
 * @returns one result for each entry, in the same order
 */
export const serverPublish = async (
  system: ServerPublishing,
  entries: readonly (PublishEntry | EntryFault)[],
): Promise<PublishResult[]> => {
  const outcomes = entries.map((entry) => judge(system, entry));
  const publications = outcomes.flatMap(({ publication }) => publication ?? []);
  await fanOut(system, await stamp(system, await setAside(system, publications)));
  return outcomes.map(({ result }) => result);
};

const judge = ({ settings, newUuid }: ServerPublishing, entry: PublishEntry | EntryFault): Outcome => {
  if ("fault" in entry) return refused(entry.uuid, "bad_frame", entry.fault);
  const { limits } = settings;
  const uuid = entry.uuid ?? newUuid();
  const message: Message = { channel: "userId" in entry ? Meta.user : entry.channel, uuid, data: entry.data };
  const fault = "userId" in entry ? undefined : publicationFault(entry.channel, { limits });
  if (fault) return refused(entry.uuid, fault);
  if (!fits(pack(asDelivered(message, settings)), limits)) return refused(entry.uuid, "too_large");
  const to = "userId" in entry ? { to: userChannel(entry.userId) } : {};
  const except = entry.except === undefined ? {} : { except: entry.except };
  return { result: { uuid, accepted: true }, publication: { message, ...to, ...except } };
};

const refused = (uuid: string | undefined, code: Code, error = TEXT[code]): Outcome => ({
  result: { ...(uuid === undefined ? {} : { uuid }), accepted: false, code, error },
});
