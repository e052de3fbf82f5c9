import { type Reply, MAX_CHANNELS_PER_PING, Meta } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { failure } from "../requests/replies.js";
import { withPresence } from "../../protocol/channel-settings.js";
import { limiter } from "../util/limiter.js";
import type { Liveness } from "./liveness.js";
import { isPresent, type Members, type PresenceIdentity } from "./members.js";
import type { Clock } from "../ports.js";
import { isObject, type Parsed, readFrame, uuidOf } from "../requests/frame-parser.js";

/** The ports that renewing presence uses. */
export interface PresenceRenewalDependencies {
  members: Pick<Members, "ofConnection" | "oldOfConnection" | "move">;
  liveness: Pick<Liveness, "begin" | "renew">;
  settings: Pick<Settings, "channels">;
  clock: Pick<Clock, "now">;
}

/** How many entries are moved at once. */
const WRITES_IN_FLIGHT = 16;

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
 * Renews an agent's presence: one write for all channels. Channels without presence are skipped.
 * @returns the channels on which it is absent: it has to subscribe again
 */
export const renewPresence = async (
  system: PresenceRenewalDependencies,
  agent: PresenceIdentity,
  channels: readonly string[],
): Promise<string[]> => {
  const { members, liveness, settings, clock } = system;
  const listed = [...new Set(withPresence(settings.channels, channels))];
  if (listed.length === 0) return [];
  const now = clock.now();
  const [isAlive, entries] = await Promise.all([
    liveness.renew(agent.connectionId, now),
    members.ofConnection(agent, listed),
  ]);
  const absent = listed.filter(
    (channel) => !isAlive || entries.get(channel)?.leftAt !== undefined || !entries.has(channel),
  );
  // A silent connection has entries that are about to leave. It is absent until it subscribes again.
  const unknown = absent.filter((channel) => !entries.has(channel));
  const moved = unknown.length === 0 ? new Set<string>() : await moveOld(system, agent, unknown, isAlive);
  return absent.filter((channel) => !moved.has(channel));
};

/**
 * Replaces the agent's entries of version 0.2.0. Its clients renew them by their pings.
 * @returns the channels of these entries
 */
const moveOld = async (
  { members, liveness, clock }: PresenceRenewalDependencies,
  agent: PresenceIdentity,
  channels: readonly string[],
  isAlive: boolean,
): Promise<Set<string>> => {
  const now = clock.now();
  const found = await members.oldOfConnection(agent.connectionId, channels);
  const old = [...found].filter(([, entry]) => !entry.moved && isPresent(entry, now));
  if (old.length === 0) return new Set();
  if (!isAlive) await liveness.begin(agent, now);
  const limited = limiter(WRITES_IN_FLIGHT);
  await Promise.all(old.map(([channel, entry]) => limited(() => members.move(agent, channel, entry, now))));
  return new Set(old.map(([channel]) => channel));
};
