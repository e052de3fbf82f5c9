import { type Answer, CHANNELS_PER_PING, Meta } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { failure } from "./answers.js";
import { withPresence } from "./channel-options.js";
import { limiter } from "./limiter.js";
import type { Members } from "./members.js";
import type { Clock } from "./ports.js";
import { isObject, type Parsed, readFrame, uuidOf } from "./requests.js";

/** What renewing an agent's presence needs. */
export interface Renewing {
  members: Pick<Members, "renew">;
  settings: Pick<Settings, "channels" | "presenceLeaseMs">;
  clock: Pick<Clock, "now">;
}

/** How many channels are renewed at once. */
const WRITES_IN_FLIGHT = 16;

/** Reads the channels on which a `ping` says that the agent is present. */
export const readPresent = (body: string | null | undefined): Parsed<string[]> => {
  const fields = readFrame(body);
  const { data = {} } = fields ?? {};
  const bad = (error: string): { faults: Answer[] } => ({ faults: [failure(Meta.ping, uuidOf(fields), "bad_frame", error)] });
  if (!isObject(data)) return bad("data must be an object, or left out.");
  const { present = [] } = data;
  const listed = Array.isArray(present) && present.length <= CHANNELS_PER_PING && present.every((channel) => typeof channel === "string");
  return listed ? { request: present } : bad(`data.present must be a list of at most ${CHANNELS_PER_PING} channels.`);
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
