import { channelSettings } from "../../protocol/channel-settings.js";
import type { Dependencies } from "../dependencies.js";
import { deliverSegment, fanOut } from "../delivery/fan-out.js";
import { numberPublications } from "../publish/latest.js";
import { type Entry, type FlushTask, idAt, leaseMs, randomToken } from "./linger.js";
import { uuidsOf } from "../delivery/recipients.js";

/** The ports that a flusher uses. */
export type LingerFlusherDependencies = Pick<
  Dependencies,
  "lingering" | "latest" | "store" | "guards" | "connections" | "segments" | "settings" | "clock" | "log"
>;

/**
 * Maximum age of a message at its delivery, in milliseconds. Lambda retries a crashed flusher after one minute, and
 * after two more. Older messages are not delivered.
 */
export const LATEST_DELIVERY_MS = 5 * 60_000;

/**
 * Delivers the messages that a channel gathers, window after window, until no more come or time runs out. Each
 * subscriber gets the messages of a window in as few frames as possible, in the order of the log. If the first window
 * had a single message, the flusher stops: the next message starts its own flusher, which costs less than an empty
 * window.
 *
 * A flusher may crash at any point. Messages are removed from the log after their delivery. The lease is deleted after
 * its release, and only if the log is empty then. So a channel with waiting messages always has a lease. When that
 * expires, the next publication, Lambda's retry or the sweep starts another flusher.
 * @param remainingMs how long this run may still take
 */
export const flush = async (
  system: LingerFlusherDependencies,
  task: FlushTask,
  remainingMs: () => number,
): Promise<void> => {
  const { lingering, settings, clock } = system;
  const { channel, since = 0 } = task;
  // Lambda may run the same task twice: only one of the runs gets the lease.
  const owner = randomToken(clock);
  let previous = task.owner;
  const { lingerMs = 0 } = channelSettings(settings.channels, channel);
  const lease = leaseMs(settings, channel);
  // Time for this window, and for the messages that come during the release.
  const hasTime = (): boolean => remainingMs() > 2 * lease;
  /** When this window ends, in epoch milliseconds. */
  let windowEnd = since + lingerMs;
  /** Whether this is the first window. */
  let isFirstWindow = true;
  try {
    while (await lingering.acquireLease({ channel, owner, until: clock.now() + lease }, previous)) {
      previous = owner;
      await clock.sleep(Math.max(0, windowEnd - clock.now()));
      const begun = clock.now();
      const { entries, more } = await lingering.waiting(channel);
      await deliverEntries(system, task, entries);
      const isSingle = isFirstWindow && entries.length === 1;
      isFirstWindow = false;
      windowEnd = more ? begun : begun + lingerMs;
      if (entries.length > 0 && !isSingle && hasTime()) continue;
      // A publisher that appends from here on sees the released lease, and starts another flusher. Earlier messages are
      // read once more.
      await lingering.releaseLease(channel, owner);
      const left = await lingering.waiting(channel);
      if (left.entries.length > 0 && hasTime()) continue;
      await deliverEntries(system, task, left.entries);
      if (!left.more) await lingering.deleteLease(channel, owner);
      return;
    }
  } catch (error) {
    // Lambda retries in a minute; the next publication need not wait for that.
    await lingering.releaseLease(channel, owner).catch(() => undefined);
    throw error;
  }
};

/** Delivers entries of the log, then removes them. */
const deliverEntries = async (
  system: LingerFlusherDependencies,
  { channel, since = 0, first }: FlushTask,
  entries: readonly Entry[],
): Promise<void> => {
  if (entries.length === 0) return;
  const oldest = idAt(system.clock.now() - LATEST_DELIVERY_MS);
  const due = entries.filter(({ id }) => id >= oldest);
  const late = entries.filter(({ id }) => id < oldest);
  // Without an earlier lease, messages that were too old even then have a publisher that crashed before it got a lease.
  const acknowledged = first ? late.filter(({ id }) => id >= idAt(since - LATEST_DELIVERY_MS)) : late;
  if (acknowledged.length < late.length)
    system.log.warn("not_promised", { channel, messages: late.length - acknowledged.length, ...uuidsOf(late) });
  if (acknowledged.length > 0) {
    system.log.error("not_delivered", { channel, messages: acknowledged.length, ...uuidsOf(acknowledged) });
    // Close the connections of all their subscribers, so that they notice the loss.
    await deliverSegment(system, { publications: acknowledged, recipients: { after: "" }, until: 0 });
  }
  if (due.length > 0) await fanOut(system, await numberPublications(system, due));
  await system.lingering.remove(entries);
};
