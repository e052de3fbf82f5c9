import { MAX_MESSAGES_PER_FRAME, MAX_PUBLICATIONS_PER_GUARD_CALL } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { channelSettings, someChannel } from "../../protocol/channel-settings.js";
import type { Clock, Log } from "../ports.js";
import type { Publication } from "../delivery/recipients.js";

/** A publication that waits in its channel's log for a delivery together with others. */
export interface Entry extends Pick<Publication, "message" | "except" | "ephemeral" | "offset" | "epoch"> {
  /** Its key in the log: sorts by time, then by its place in the frame. */
  id: string;
}

/** The right of one flusher, its owner, to deliver the waiting messages of a channel. */
export interface Lease {
  channel: string;
  owner: string;
  /** When the lease expires unless it is renewed, in epoch milliseconds. */
  until: number;
}

/** The log of each channel that lingers, and its lease. Every read is strongly consistent. */
export interface LingerLog {
  append(entries: readonly Entry[]): Promise<void>;
  /** The waiting entries of a channel, oldest first; `more`: there are more than were read. */
  waiting(channel: string): Promise<{ entries: Entry[]; more: boolean }>;
  /** Removes entries from the log. Removing a missing one is harmless. */
  remove(entries: readonly Entry[]): Promise<void>;
  /**
   * When the channel's lease expires, in epoch milliseconds; 0: it was released.
   * @returns `undefined`: there is no lease, so that no acknowledged message waits
   */
  heldUntil(channel: string): Promise<number | undefined>;
  /**
   * Takes or renews a lease.
   * @param previous the previous owner; left out: the owner itself
   * @returns whether the owner has it now: there was none, it belonged to `previous`, or it had expired
   */
  acquireLease(lease: Lease, previous?: string): Promise<boolean>;
  /** Releases a lease, if the owner still has it. The row stays, so that the sweep finds it. */
  releaseLease(channel: string, owner: string): Promise<void>;
  /** Deletes a lease that its owner has released, unless another owner has taken it since. */
  deleteLease(channel: string, owner: string): Promise<void>;
  /** The channels with an expired lease: its owner has crashed, or is about to delete it. */
  expiredLeases(): AsyncIterable<string>;
}

/** The task of one flusher run. */
export interface FlushTask {
  channel: string;
  /** The owner of the lease until the flusher takes it. */
  owner: string;
  /** When the first message came, in epoch milliseconds; left out: long ago. */
  since?: number;
  /** There was no lease then: older messages were never acknowledged, because their publisher crashed before. */
  first?: true;
}

/** The ports that leaving messages to a flusher uses. */
export interface GatherDependencies {
  lingering: Pick<LingerLog, "append" | "remove" | "heldUntil" | "acquireLease" | "releaseLease">;
  /** Starts the flusher. Rejects if it is uncertain whether it starts. */
  invokeFlush: (task: FlushTask) => Promise<void>;
  settings: Pick<Settings, "channels" | "fanOutMs" | "timeouts">;
  clock: Clock;
}

/**
 * How long a flusher may take in addition to its window, its fan-out and `onDisconnect`, in milliseconds. It has to
 * start, to read and write with the SDK's retries, and to close connections at the end of a fan-out.
 */
const LEASE_MARGIN_MS = 10_000;

/** Maximum time between two renewals of a running flusher's lease, in milliseconds. */
export const leaseMs = ({ channels, fanOutMs, timeouts }: GatherDependencies["settings"], channel: string): number =>
  (channelSettings(channels, channel).lingerMs ?? 0) + fanOutMs + timeouts.onDisconnect + LEASE_MARGIN_MS;

/** The beginning of the ids of messages that came at a time, in epoch milliseconds. */
export const idAt = (time: number): string => String(time).padStart(13, "0");

/** Digits for the largest number of publications of one frame: each message's guard publishes as many as it may. */
const PLACE_DIGITS = String(MAX_MESSAGES_PER_FRAME * MAX_PUBLICATIONS_PER_GUARD_CALL - 1).length;

/** A random token of 50 bits. */
export const randomToken = (clock: Pick<Clock, "random">): string => clock.random().toString(36).slice(2, 12);

/**
 * Appends the messages of channels that linger to those channels' logs, and makes sure that a flusher delivers them.
 * When it returns, they are stored and a flusher holds the lease: a flusher reads the log once more after it releases
 * the lease.
 * @param onFlusherStarted called with each channel for which a flusher starts
 * @returns all other publications, in the same order
 * @throws if the result is uncertain: the messages may be delivered or not
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
  const token = randomToken(clock);
  const entries = publications.filter(lingers).map(({ message, except, ephemeral, offset, epoch }, at): Entry => {
    const id = `${idAt(now)}#${String(at).padStart(PLACE_DIGITS, "0")}#${token}`;
    return {
      id,
      message,
      ...(except !== undefined && { except }),
      ...(ephemeral && { ephemeral }),
      ...(epoch !== undefined && { offset, epoch }),
    };
  });
  try {
    await lingering.append(entries);
    const channels = new Set(entries.map(({ message }) => message.channel));
    await Promise.all([...channels].map((channel) => ensureFlusher(system, channel, now, onFlusherStarted)));
  } catch (error) {
    // The publisher gets an error, so try to prevent the delivery. If it happens all the same, clients recognise a
    // retry by its uuid.
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
  // Another publisher was faster, and starts the flusher.
  if (!(await lingering.acquireLease({ channel, owner, until: clock.now() + leaseMs(settings, channel) }))) return;
  onFlusherStarted?.(channel);
  try {
    await invokeFlush({ channel, owner, since, ...(heldUntil === undefined && { first: true }) });
  } catch (error) {
    // The next publication can start another flusher at once.
    await lingering.releaseLease(channel, owner).catch(() => undefined);
    throw error;
  }
};

/** The ports that restarting flushers uses. */
export interface RestartDependencies extends Pick<GatherDependencies, "invokeFlush"> {
  lingering: Pick<LingerLog, "expiredLeases">;
  settings: Pick<Settings, "channels">;
  clock: Pick<Clock, "random">;
  log: Pick<Log, "error">;
}

/** Starts a flusher for each expired lease: its owner has crashed, and no publication has come since. */
export const restartFlushers = async ({
  lingering,
  invokeFlush,
  settings,
  clock,
  log,
}: RestartDependencies): Promise<number> => {
  if (!someChannel(settings.channels, ({ lingerMs }) => lingerMs)) return 0;
  let restarted = 0;
  for await (const channel of lingering.expiredLeases()) {
    try {
      await invokeFlush({ channel, owner: randomToken(clock) });
      restarted += 1;
    } catch (error) {
      log.error("flush_not_invoked", { channel, error: String(error) });
    }
  }
  return restarted;
};
