import {
  type Code,
  type Limits,
  type Message,
  Meta,
  type PublishEntry,
  type PublishResult,
} from "../../protocol/index.js";
import { TEXT } from "./answers.js";
import { type ChannelRules, publicationFault } from "./channels.js";
import { fanOut, type FanOut } from "./fan-out.js";
import { userChannel } from "./keys.js";
import { stamp, type Stamping } from "./latest.js";
import { setAside, type SettingAside } from "./linger.js";
import { fitsChannel } from "./measure.js";
import type { Publication } from "./recipients.js";
import { record } from "./record.js";
import type { EntryFault } from "./server-requests.js";
import { BACK_END } from "./session.js";
import type { Recording } from "./settle.js";

/** What publishing for the back end needs. */
export interface ServerPublishing extends FanOut, Stamping, SettingAside, Recording {
  settings: FanOut["settings"] &
    Stamping["settings"] &
    SettingAside["settings"] &
    Recording["settings"] & { limits: ChannelRules["limits"] & Pick<Limits, "messageBytes"> };
  clock: FanOut["clock"] & Recording["clock"];
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
  const accepted = outcomes.flatMap(({ publication }) => publication ?? []);
  const recorded = await record(
    system,
    BACK_END,
    accepted.map((one) => ({ own: one.message, publications: [one] })),
  );
  const publications = recorded.flatMap((each) => each.publications);
  await fanOut(system, await stamp(system, await setAside(system, publications)));
  const became = new Map(accepted.map((one, at) => [one, recorded[at]]));
  return outcomes.map(({ result, publication }): PublishResult => {
    const { refused: code, position } = (publication && became.get(publication)) ?? {};
    return code ? refused(result.uuid, code).result : { ...result, ...(position && { position }) };
  });
};

const judge = ({ settings, newUuid }: ServerPublishing, entry: PublishEntry | EntryFault): Outcome => {
  if ("fault" in entry) return refused(entry.uuid, "bad_frame", entry.fault);
  const { limits } = settings;
  const uuid = entry.uuid ?? newUuid();
  const message: Message = { channel: "userId" in entry ? Meta.user : entry.channel, uuid, data: entry.data };
  const fault = "userId" in entry ? undefined : publicationFault(entry.channel, { limits });
  if (fault) return refused(entry.uuid, fault);
  if (!fitsChannel(message, settings)) return refused(entry.uuid, "too_large");
  const to = "userId" in entry ? { to: userChannel(entry.userId) } : {};
  const except = entry.excludeConnectionId === undefined ? {} : { except: entry.excludeConnectionId };
  return { result: { uuid, accepted: true }, publication: { message, ...to, ...except } };
};

const refused = (uuid: string | undefined, code: Code, error = TEXT[code]): Outcome => ({
  result: { ...(uuid === undefined ? {} : { uuid }), accepted: false, code, error },
});
