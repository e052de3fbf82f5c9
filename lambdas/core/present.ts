import { CHANNELS_PER_PING } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { withPresence } from "./channel-options.js";
import { limiter } from "./limiter.js";
import type { Members } from "./members.js";
import type { Clock } from "./ports.js";

/** What renewing an agent's presence needs. */
export interface Renewing {
  members: Pick<Members, "renew">;
  settings: Pick<Settings, "channels" | "presenceLeaseMs">;
  clock: Pick<Clock, "now">;
}

/** How many channels are renewed at once. */
const WRITES_IN_FLIGHT = 16;

/** What is wrong with a ping's `present`; `undefined` where nothing is, or where it has none. */
export const presentFault = (present: unknown): string | undefined => {
  if (present === undefined) return undefined;
  const listed = Array.isArray(present) && present.length <= CHANNELS_PER_PING && present.every((channel) => typeof channel === "string");
  return listed ? undefined : `data.present must be a list of at most ${CHANNELS_PER_PING} channels.`;
};

/**
 * Notes that an agent says it is present on channels. Those without presence are left out.
 * @returns those on which it is not: it has to subscribe again
 */
export const renewPresence = async (
  { members, settings, clock }: Renewing,
  connectionId: string,
  channels: readonly string[],
): Promise<string[]> => {
  const limited = limiter(WRITES_IN_FLIGHT);
  const until = clock.now() + settings.presenceLeaseMs;
  const present = withPresence(settings.channels, channels);
  const renewed = await Promise.all(present.map((channel) => limited(() => members.renew(connectionId, channel, until))));
  return present.filter((_, at) => !renewed[at]);
};
