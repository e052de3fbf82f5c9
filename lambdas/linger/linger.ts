import { MAX_MESSAGES_PER_FRAME, MAX_PUBLICATIONS_PER_GUARD_CALL } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { channelSettings, someChannel } from "../../protocol/channel-settings.js";
import type { Clock, Log } from "../ports.js";
import type { Publication } from "../delivery/recipients.js";

/** A publication that waits in its channel's log to be delivered with others. */
export interface Entry extends Pick<Publication, "message" | "except" | "offset" | "epoch"> {
  /** Where it is in the log: sorts by time, then by its place in the frame. */
  id: string;
}

/** That somebody, its owner, delivers what waits on a channel. */
export interface Lease {
  channel: string;
  owner: string;
  /** Epoch milliseconds; who has not renewed it by then is taken for dead. */
  until: number;
}

/** The log of each channel whose messages gather, and who delivers it. Every read is strongly consistent. */
export interface LingerLog {
  append(entries: readonly Entry[]): Promise<void>;
  /** What waits on a channel, oldest first; `more`: there is more than was read. */
  waiting(channel: string): Promise<{ entries: Entry[]; more: boolean }>;
  /** Takes entries off the log. Taking off what is not there is harmless. */
  remove(entries: readonly Entry[]): Promise<void>;
  /**
   * Until when the channel's lease is held, in epoch milliseconds; 0: it was let go of.
   * @returns `undefined`: there is none, so that nothing waits that anybody was promised
   */
  heldUntil(channel: string): Promise<number | undefined>;
  /**
   * Takes or renews a lease.
   * @param previous whose it may have been: the owner's itself, where nothing else is said
   * @returns whether it is the owner's now: it was that one's before, or nobody's, or it was over
   */
  acquireLease(lease: Lease, previous?: string): Promise<boolean>;
  /** Lets a lease be over, if it still is the owner's. It stays, so that the sweep finds it. */
  releaseLease(channel: string, owner: string): Promise<void>;
  /** Deletes a lease that its owner has released, if nobody has taken it since. */
  deleteLease(channel: string, owner: string): Promise<void>;
  /** The channels whose lease is over: their owner has died, or is just leaving. */
  expiredLeases(): AsyncIterable<string>;
}

/** What the flusher is asked to do. */
export interface FlushTask {
  channel: string;
  /** Whose the lease is until the flusher has it. */
  owner: string;
  /** When the first message came, in epoch milliseconds; left out: long ago. */
  since?: number;
  /** There was no lease then: what had waited for long was never promised, its publisher died before. */
  first?: true;
}

/** What leaving messages to a flusher needs. */
export interface GatherDependencies {
  lingering: Pick<LingerLog, "append" | "remove" | "heldUntil" | "acquireLease" | "releaseLease">;
  /** Has the flusher run. Rejects where that cannot be said for sure. */
  invokeFlush: (task: FlushTask) => Promise<void>;
  settings: Pick<Settings, "channels" | "fanOutMs" | "timeouts">;
  clock: Clock;
}

/**
 * What a flusher may take besides its window, its fan-out and `onDisconnect`, in milliseconds: to start, to read and
 * write its rows with the SDK's retries, and to close connections at the end of a fan-out.
 */
const LEASE_MARGIN_MS = 10_000;

/** How long a flusher that lives may take from one renewal of its lease to the next, in milliseconds. */
export const leaseMs = ({ channels, fanOutMs, timeouts }: GatherDependencies["settings"], channel: string): number =>
  (channelSettings(channels, channel).lingerMs ?? 0) + fanOutMs + timeouts.onDisconnect + LEASE_MARGIN_MS;

/** What the ids of messages begin with that came at a time, in epoch milliseconds. */
export const idAt = (time: number): string => String(time).padStart(13, "0");

/** As many digits as places in the largest frame have, whose messages each have a guard that publishes as much as it may. */
const PLACE_DIGITS = String(MAX_MESSAGES_PER_FRAME * MAX_PUBLICATIONS_PER_GUARD_CALL - 1).length;

/** A text that nobody else has: 50 random bits. */
export const randomToken = (clock: Pick<Clock, "random">): string => clock.random().toString(36).slice(2, 12);

/**
 * Leaves the messages of channels that linger in those channels' logs, and sees to it that somebody delivers them. When
 * it returns, they are stored and a flusher holds the lease: one that had it when they were stored looks again before it
 * lets go of it.
 * @param onFlusherStarted called with each channel for which a flusher starts
 * @returns all other publications, in the same order
 * @throws where that cannot be promised: then they may be delivered or not
 */
export const gather = async (
  system: GatherDependencies,
  publications: readonly Publication[],
  onFlusherStarted?: (channel: string) => void,
): Promise<readonly Publication[]> => {
  const { lingering, settings, clock } = system;
  const lingers = ({ message }: Publication): boolean =>
    channelSettings(settings.channels, message.channel).lingerMs !== undefined;
  if (!someChannel(settings.channels, ({ lingerMs }) => lingerMs) || !publications.some(lingers)) return publications;
  const now = clock.now();
  const unique = randomToken(clock);
  const entries = publications.filter(lingers).map(({ message, except, offset, epoch }, at): Entry => {
    const id = `${idAt(now)}#${String(at).padStart(PLACE_DIGITS, "0")}#${unique}`;
    return { id, message, ...(except !== undefined && { except }), ...(epoch !== undefined && { offset, epoch }) };
  });
  try {
    await lingering.append(entries);
    const channels = new Set(entries.map(({ message }) => message.channel));
    await Promise.all([...channels].map((channel) => ensureFlusher(system, channel, now, onFlusherStarted)));
  } catch (error) {
    // Who publishes is told that it failed: so better it is not delivered. Where it is all the same, its uuid tells.
    await lingering.remove(entries).catch(() => undefined);
    throw error;
  }
  return publications.filter((publication) => !lingers(publication));
};

/** Makes sure that the channel has a flusher. */
const ensureFlusher = async (
  { lingering, invokeFlush, settings, clock }: GatherDependencies,
  channel: string,
  since: number,
  onFlusherStarted?: (channel: string) => void,
): Promise<void> => {
  const heldUntil = await lingering.heldUntil(channel);
  if (heldUntil !== undefined && heldUntil > clock.now()) return;
  const owner = randomToken(clock);
  // Whoever was faster has the lease, and makes the flusher run.
  if (!(await lingering.acquireLease({ channel, owner, until: clock.now() + leaseMs(settings, channel) }))) return;
  onFlusherStarted?.(channel);
  try {
    await invokeFlush({ channel, owner, since, ...(heldUntil === undefined && { first: true }) });
  } catch (error) {
    // So that the next publication elects another at once.
    await lingering.releaseLease(channel, owner).catch(() => undefined);
    throw error;
  }
};

/** What looking after flushers needs. */
export interface RestartDependencies extends Pick<GatherDependencies, "invokeFlush"> {
  lingering: Pick<LingerLog, "expiredLeases">;
  settings: Pick<Settings, "channels">;
  clock: Pick<Clock, "random">;
  log: Pick<Log, "error">;
}

/** Has a flusher run wherever a lease is over: its owner has died, and nobody has published since. */
export const restartFlushers = async ({
  lingering,
  invokeFlush,
  settings,
  clock,
  log,
}: RestartDependencies): Promise<number> => {
  if (!someChannel(settings.channels, ({ lingerMs }) => lingerMs)) return 0;
  let revived = 0;
  for await (const channel of lingering.expiredLeases()) {
    try {
      await invokeFlush({ channel, owner: randomToken(clock) });
      revived += 1;
    } catch (error) {
      log.error("flush_not_invoked", { channel, error: String(error) });
    }
  }
  return revived;
};
