import { channelSettings } from "../../protocol/channel-settings.js";
import type { Dependencies } from "../dependencies.js";
import { deliverSegment, fanOut } from "../delivery/fan-out.js";
import { numberPublications } from "../publish/latest.js";
import { type Entry, type FlushTask, idAt, leaseMs, randomToken } from "./linger.js";
import { uuidsOf } from "../delivery/recipients.js";

/** What a flusher needs. */
export type LingerFlusherDependencies = Pick<
  Dependencies,
  "lingering" | "latest" | "store" | "guards" | "connections" | "segments" | "settings" | "clock" | "log"
>;

/**
 * How old a message may be when it is delivered, in milliseconds. A flusher that dies is run again by Lambda after one
 * minute, and after two more; what has waited longer is not delivered any more.
 */
export const LATEST_DELIVERY_MS = 5 * 60_000;

/**
 * Delivers what gathers on a channel, window after window, until nothing comes any more or its time is over. Each
 * subscriber gets the messages of a window in as few frames as possible, in the order of the log. Where the first
 * message stayed alone in its window, no other is waited for: the next one has a flusher of its own, which costs less
 * than a window in vain.
 *
 * It may die anywhere. Messages are taken off the log after they were delivered, and the lease is deleted after the log
 * was seen to be empty when nobody trusted in the lease any more: so wherever something waits, a lease is there, and
 * when that is over, the next publication, Lambda's retry or the sweep has another flusher run.
 * @param remainingMs how long this run may still take
 */
export const flush = async (
  system: LingerFlusherDependencies,
  task: FlushTask,
  remainingMs: () => number,
): Promise<void> => {
  const { lingering, settings, clock } = system;
  const { channel, since = 0 } = task;
  // Lambda may run the same task twice: the lease goes to one run of it.
  const owner = randomToken(clock);
  let previous = task.owner;
  const { lingerMs = 0 } = channelSettings(settings.channels, channel);
  const lease = leaseMs(settings, channel);
  // For this window, and for what comes while it lets go.
  const enough = (): boolean => remainingMs() > 2 * lease;
  /** When this window is over, in epoch milliseconds. */
  let over = since + lingerMs;
  /** Whether this is the first window. */
  let opening = true;
  try {
    while (await lingering.acquireLease({ channel, owner, until: clock.now() + lease }, previous)) {
      previous = owner;
      await clock.sleep(Math.max(0, over - clock.now()));
      const begun = clock.now();
      const { entries, more } = await lingering.waiting(channel);
      await bring(system, task, entries);
      const alone = opening && entries.length === 1;
      opening = false;
      over = more ? begun : begun + lingerMs;
      if (entries.length > 0 && !alone && enough()) continue;
      // Who appends from here on sees that nobody flushes, and elects another; what came before is read once more.
      await lingering.releaseLease(channel, owner);
      const left = await lingering.waiting(channel);
      if (left.entries.length > 0 && enough()) continue;
      await bring(system, task, left.entries);
      if (!left.more) await lingering.deleteLease(channel, owner);
      return;
    }
  } catch (error) {
    // Lambda runs it again in a minute; the next publication need not wait for that.
    await lingering.releaseLease(channel, owner).catch(() => undefined);
    throw error;
  }
};

/** Delivers entries of the log, then takes them off. */
const bring = async (
  system: LingerFlusherDependencies,
  { channel, since = 0, first }: FlushTask,
  entries: readonly Entry[],
): Promise<void> => {
  if (entries.length === 0) return;
  const oldest = idAt(system.clock.now() - LATEST_DELIVERY_MS);
  const due = entries.filter(({ id }) => id >= oldest);
  const late = entries.filter(({ id }) => id < oldest);
  // Where nobody had a lease, what was too late even then is of a publisher that died between storing it and electing.
  const promised = first ? late.filter(({ id }) => id >= idAt(since - LATEST_DELIVERY_MS)) : late;
  if (promised.length < late.length)
    system.log.warn("not_promised", { channel, messages: late.length - promised.length, ...uuidsOf(late) });
  if (promised.length > 0) {
    system.log.error("not_delivered", { channel, messages: promised.length, ...uuidsOf(promised) });
    // All who would have got them are closed: they have missed something, and so they know it.
    await deliverSegment(system, { publications: promised, recipients: { after: "" }, until: 0 });
  }
  if (due.length > 0) await fanOut(system, await numberPublications(system, due));
  await system.lingering.remove(entries);
};
