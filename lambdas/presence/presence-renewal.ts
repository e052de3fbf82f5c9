import { type Reply, MAX_CHANNELS_PER_PING, Meta } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { failure } from "../requests/replies.js";
import { withPresence } from "../../protocol/channel-settings.js";
import { limiter } from "../util/limiter.js";
import type { Members } from "./members.js";
import type { Clock } from "../ports.js";
import { isObject, type Parsed, readFrame, uuidOf } from "../requests/frame-parser.js";

/** What renewing an agent's presence needs. */
export interface PresenceRenewalDependencies {
  members: Pick<Members, "renew" | "untilOf">;
  settings: Pick<Settings, "channels" | "presenceLeaseMs">;
  clock: Pick<Clock, "now">;
}

/** How many channels are renewed at once. */
const WRITES_IN_FLIGHT = 16;

/**
 * Which part of a lease must be over before it is renewed. Agents say twice a lease that they are there; what comes sooner
 * than this costs no write, however often it comes.
 */
const RENEWAL_SHARE = 1 / 4;

/** Reads the channels on which a `ping` says that the agent is present. */
export const readPresent = (body: string | null | undefined): Parsed<string[]> => {
  const fields = readFrame(body);
  const { data = {} } = fields ?? {};
  const bad = (error: string): { faults: Reply[] } => ({
    faults: [failure(Meta.ping, uuidOf(fields), "bad_frame", error)],
  });
  if (!isObject(data)) return bad("data must be an object, or left out.");
  const { presentChannels = [] } = data;
  const listed =
    Array.isArray(presentChannels) &&
    presentChannels.length <= MAX_CHANNELS_PER_PING &&
    presentChannels.every((channel) => typeof channel === "string");
  return listed
    ? { request: presentChannels }
    : bad(`data.presentChannels must be a list of at most ${MAX_CHANNELS_PER_PING} channels.`);
};

/**
 * Notes that an agent says it is present on channels. Those without presence are left out; where it is not, and where it
 * has just said so, nothing is written.
 * @returns those on which it is not: it has to subscribe again
 */
export const renewPresence = async (
  { members, settings, clock }: PresenceRenewalDependencies,
  connectionId: string,
  channels: readonly string[],
): Promise<string[]> => {
  const present = withPresence(settings.channels, channels);
  if (present.length === 0) return [];
  const limited = limiter(WRITES_IN_FLIGHT);
  const found = await members.untilOf(connectionId, present);
  const now = clock.now();
  const until = now + settings.presenceLeaseMs;
  const late = until - settings.presenceLeaseMs * RENEWAL_SHARE;
  const isThere = async (channel: string): Promise<boolean> => {
    const its = found.get(channel);
    return its !== undefined && (its > late || limited(() => members.renew(connectionId, channel, now, until)));
  };
  const there = await Promise.all(present.map(isThere));
  return present.filter((_, at) => !there[at]);
};
