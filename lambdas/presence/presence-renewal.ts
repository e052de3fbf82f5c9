import { type Reply, MAX_CHANNELS_PER_PING, Meta } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { failure } from "../requests/replies.js";
import { withPresence } from "../../protocol/channel-settings.js";
import { limiter } from "../util/limiter.js";
import type { Members } from "./members.js";
import type { Clock } from "../ports.js";
import { isObject, type Parsed, readFrame, uuidOf } from "../requests/frame-parser.js";

/** The ports that renewing presence uses. */
export interface PresenceRenewalDependencies {
  members: Pick<Members, "renew" | "leaseExpiries">;
  settings: Pick<Settings, "channels" | "presenceLeaseMs">;
  clock: Pick<Clock, "now">;
}

/** How many channels are renewed at once. */
const WRITES_IN_FLIGHT = 16;

/**
 * The part of a lease that must have passed before a renewal is written. Agents renew twice a lease; more frequent
 * renewals cost no writes.
 */
const RENEWAL_SHARE = 1 / 4;

/** Reads the channels on which a `ping` renews the agent's presence. */
export const readPresent = (body: string | null | undefined): Parsed<string[]> => {
  const fields = readFrame(body);
  const { data = {} } = fields ?? {};
  const bad = (error: string): { faults: Reply[] } => ({
    faults: [failure(Meta.ping, uuidOf(fields), "bad_frame", error)],
  });
  if (!isObject(data)) return bad('"data" must be an object, or left out.');
  const { presentChannels = [] } = data;
  const listed =
    Array.isArray(presentChannels) &&
    presentChannels.length <= MAX_CHANNELS_PER_PING &&
    presentChannels.every((channel) => typeof channel === "string");
  return listed
    ? { request: presentChannels }
    : bad(`"data.presentChannels" must be a list of at most ${MAX_CHANNELS_PER_PING} channels.`);
};

/**
 * Renews an agent's presence. Channels without presence are skipped. Nothing is written if the agent is absent, or was
 * renewed just before.
 * @returns the channels on which it is absent: it has to subscribe again
 */
export const renewPresence = async (
  { members, settings, clock }: PresenceRenewalDependencies,
  connectionId: string,
  channels: readonly string[],
): Promise<string[]> => {
  const present = withPresence(settings.channels, channels);
  if (present.length === 0) return [];
  const limited = limiter(WRITES_IN_FLIGHT);
  const found = await members.leaseExpiries(connectionId, present);
  const now = clock.now();
  const until = now + settings.presenceLeaseMs;
  const renewedRecently = until - settings.presenceLeaseMs * RENEWAL_SHARE;
  const isStillPresent = async (channel: string): Promise<boolean> => {
    const leaseEnd = found.get(channel);
    return (
      leaseEnd !== undefined &&
      (leaseEnd > renewedRecently || limited(() => members.renew(connectionId, channel, now, until)))
    );
  };
  const renewed = await Promise.all(present.map(isStillPresent));
  return present.filter((_, at) => !renewed[at]);
};
