import { type DeletedMessage, type Deletion, type Json, Meta, type Position } from "../../protocol/index.js";
import { channelSettings, someChannel } from "../../protocol/channel-settings.js";
import type { Dependencies } from "../dependencies.js";
import { fanOut } from "../delivery/fan-out.js";
import { newEpoch, PENDING_MS } from "../history/history.js";
import { keepsLatest } from "../publish/latest.js";
import type { Publication } from "../delivery/recipients.js";
import type { ChannelPosition } from "./erasure.js";
import { disconnect } from "./revoke.js";

/** The ports that deletions use. */
export type ErasureDependencies = Pick<
  Dependencies,
  "store" | "guards" | "connections" | "segments" | "erasure" | "lingering" | "newUuid" | "settings" | "clock" | "log"
>;

/** Maximum number of messages in one notice: it has to fit a frame, and each message takes some 150 bytes. */
const MESSAGES_PER_NOTICE = 100;

/** Maximum wait of one request for publications that started earlier, in milliseconds. */
const WAIT_MS = 1_000;

/** Deletes one message, and notifies the channel's subscribers. Returns false if there is no such message. */
export const deleteMessage = async (
  system: ErasureDependencies,
  channel: string,
  position: Position,
): Promise<boolean> => {
  const uuid = await system.erasure.deleteMessage({ channel, ...position });
  if (uuid === undefined) return false;
  await deleteWaiting(system, channel, (entry) => entry.epoch === position.epoch && entry.offset === position.offset);
  // Also if it was deleted before: that request may have crashed before it notified.
  await notify(system, [{ channel, messages: [{ ...position, uuid }] }]);
  return true;
};

/**
 * Deletes all stored messages of a channel, step by step. The first request starts a new history, so that the old one
 * is no longer read, and notifies the subscribers. The next requests delete the old rows.
 * @param isContinued whether this is one of the requests after the first
 */
export const deleteHistory = async (
  system: ErasureDependencies,
  channel: string,
  isContinued: boolean,
): Promise<{ deletedMessages: number; more?: true }> => {
  const { erasure, clock, settings } = system;
  const options = channelSettings(settings.channels, channel);
  if (!isContinued) {
    if (keepsLatest(options)) await erasure.deleteLatest(channel);
    if (options.history) await erasure.restart(channel, newEpoch(clock), options.history);
    await deleteWaiting(system, channel, () => true);
    await notify(system, [{ channel }]);
    return { deletedMessages: 0, ...(options.history && { more: true }) };
  }
  const until = clock.now() + settings.fanOutMs / 2;
  const { epochs, since } = await erasure.leftovers(channel);
  // A publication that reserved its offset before the restart may be stored until then.
  const early = since + PENDING_MS - clock.now();
  if (early > 0) await clock.sleep(Math.min(early, WAIT_MS));
  if (early > WAIT_MS) return { deletedMessages: 0, more: true };
  let deletedMessages = 0;
  for (const epoch of epochs) {
    const { deleted, isWhole } = await erasure.deleteRows(channel, epoch, () => clock.now() < until);
    deletedMessages += deleted;
    if (!isWhole) return { deletedMessages, more: true };
  }
  return { deletedMessages };
};

/**
 * Disconnects a user's agents, and deletes their messages from all histories and latest values, step by step. The first request
 * disconnects, the next ones scan the table. Subscribers are notified of each deleted message.
 * @param after `more` of the last response; left out: this is the first request
 */
export const forgetUser = async (
  system: ErasureDependencies,
  userId: string,
  after: string | undefined,
): Promise<{ disconnected: number; deletedMessages: number; more?: string }> => {
  const { erasure, clock, settings } = system;
  if (after === undefined) {
    const disconnected = await disconnect(system, { userId }, undefined);
    const keepsMessages = someChannel(settings.channels, ({ history, latest, from }) => history ?? (latest && from));
    return { disconnected, deletedMessages: 0, ...(keepsMessages && { more: "" }) };
  }
  const until = clock.now() + settings.fanOutMs / 2;
  const deleted = new Map<string, DeletedMessage[]>();
  const latest: string[] = [];
  let deletedMessages = 0;
  let more: string | undefined = after;
  do {
    const page: { found: ChannelPosition[]; latest: string[]; after?: string } = await erasure.publishedBy(
      userId,
      more === "" ? undefined : more,
    );
    for (const { channel, epoch, offset } of page.found) {
      const uuid = await erasure.deleteMessage({ channel, epoch, offset });
      if (uuid === undefined) continue;
      deleted.set(channel, [...(deleted.get(channel) ?? []), { epoch, offset, uuid }]);
      deletedMessages += 1;
    }
    latest.push(...page.latest);
    more = page.after;
  } while (more !== undefined && clock.now() < until);
  await notify(system, [
    ...[...deleted].map(([channel, messages]) => ({ channel, messages })),
    ...latest.map((channel) => ({ channel })),
  ]);
  // Last: after a crash before this, the next request finds the messages again, and notifies.
  for (const [channel, messages] of deleted)
    for (const { epoch, offset } of messages) await erasure.disown({ channel, epoch, offset });
  for (const channel of latest) await erasure.deleteLatest(channel, userId);
  return { disconnected: 0, deletedMessages: deletedMessages + latest.length, ...(more !== undefined && { more }) };
};

/** Deletes messages that wait for a delivery together with others. */
const deleteWaiting = async (
  { lingering, settings }: ErasureDependencies,
  channel: string,
  isDeleted: (entry: Pick<Publication, "epoch" | "offset">) => boolean,
): Promise<void> => {
  if (channelSettings(settings.channels, channel).lingerMs === undefined) return;
  const { entries } = await lingering.waiting(channel);
  const deleted = entries.filter(isDeleted);
  if (deleted.length > 0) await lingering.remove(deleted);
};

/** Notifies the channels' subscribers of deletions. */
const notify = async (system: ErasureDependencies, deletions: readonly Deletion[]): Promise<void> => {
  const publications = deletions.flatMap(noticesOf).map((notice): Publication => {
    // The compiler does not accept an interface as `Json`, because a declaration could add a field to it.
    const message = { channel: Meta.history, uuid: system.newUuid(), data: notice as unknown as Json };
    return { message, to: notice.channel };
  });
  if (publications.length > 0) await fanOut(system, publications);
};

const noticesOf = ({ channel, messages }: Deletion): Deletion[] => {
  if (!messages) return [{ channel }];
  const count = Math.ceil(messages.length / MESSAGES_PER_NOTICE);
  return Array.from({ length: count }, (_, at) => ({
    channel,
    messages: messages.slice(at * MESSAGES_PER_NOTICE, (at + 1) * MESSAGES_PER_NOTICE),
  }));
};
