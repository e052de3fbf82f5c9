import type { Json, Member } from "../../protocol/index.js";
import { shortHash } from "../util/short-hash.js";
import { infoDigest, type PresenceEntry, type StateAnnouncement } from "./members.js";

/** The newest of some entries by a time. */
const newestBy = (
  entries: readonly PresenceEntry[],
  timeOf: (entry: PresenceEntry) => number | undefined,
): PresenceEntry | undefined =>
  entries
    .filter((each) => timeOf(each) !== undefined)
    .sort((one, other) => timeOf(other)! - timeOf(one)! || (one.place < other.place ? -1 : 1))[0];

/** The entry of the connection that last set or removed the state of a member. */
const settingEntry = (present: readonly PresenceEntry[]): PresenceEntry | undefined =>
  newestBy(present, ({ stateAt }) => stateAt);

/**
 * The state of a member: its present connections set this last.
 * @returns an empty object if it has none
 */
export const stateOf = (present: readonly PresenceEntry[]): Pick<Member, "state"> => {
  const state: Json | undefined = settingEntry(present)?.state;
  return state === undefined ? {} : { state };
};

/** The uuid under which a delivery guard decides about a state in a list of members. */
export const stateUuid = (channel: string, agent: string, state: Json): string =>
  shortHash(JSON.stringify([channel, agent, state]));

/** The newest state that the subscribers know, if only entries have it that have left and are about to be deleted. */
export const lastKnownState = (
  present: readonly PresenceEntry[],
  gone: readonly PresenceEntry[],
): StateAnnouncement | undefined => {
  const [kept, lost] = [knownState(present), knownState(gone)];
  return lost && lost.at > (kept?.at ?? -Infinity) ? lost : undefined;
};

const knownState = (entries: readonly PresenceEntry[]): StateAnnouncement | undefined =>
  newestBy(entries, ({ stateAnnounced }) => stateAnnounced?.at)?.stateAnnounced;

/**
 * The notification of a member's state that is due.
 * @param present the entries of its present connections
 * @param entries all its entries
 * @param joined the `at` of its last `joined`, and whether that is new
 * @returns `undefined` if the subscribers know the state
 */
export const dueState = (
  present: readonly PresenceEntry[],
  entries: readonly PresenceEntry[],
  joined: { at: number; isNew: boolean },
): StateAnnouncement | undefined => {
  const digest = infoDigest(stateOf(present).state);
  const known = knownState(entries);
  // Clients that have just received `joined` know no state.
  const isDue = joined.isNew ? digest !== "" : digest !== (known?.digest ?? "");
  if (!isDue) return undefined;
  // Two runs at once compute the same time, so that clients drop the duplicate.
  const at = Math.max(settingEntry(present)?.stateAt ?? 0, (known?.at ?? -1) + 1, joined.at + 1);
  return { at, digest };
};
