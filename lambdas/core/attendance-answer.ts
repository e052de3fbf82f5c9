import { type Answer, type Attendance, FRAME_BYTES, type Json, Meta, type PresenceQuery } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import type { Agent } from "./agent.js";
import { about, failure, success } from "./answers.js";
import { optionsOf } from "./channel-options.js";
import { subscriptionFault } from "./channels.js";
import { isPresent, memberOf, type Members } from "./members.js";
import type { Clock, Guards } from "./ports.js";
import type { Rate } from "./rate.js";

/** What telling who is there needs. */
export interface TellingPresence {
  members: Pick<Members, "all">;
  guards: Pick<Guards, "subscription">;
  settings: Pick<Settings, "channels" | "wildcards" | "limits">;
  clock: Pick<Clock, "now">;
  rate: Pick<Rate, "take">;
}

/** Room that is left in the frame of the answer, in bytes: one that asks the agent to renew may follow. */
const ROOM_BYTES = 256;

/**
 * Who is present on a channel, in the order of their ids, as far as there is room.
 * @param bytes room for members, as JSON
 */
export const attendanceOf = async (
  { members, clock }: Pick<TellingPresence, "members" | "clock">,
  { channel, after = "" }: PresenceQuery,
  bytes: number,
): Promise<Attendance> => {
  const all = await members.all(channel);
  const now = clock.now();
  const present = all.filter((each) => isPresent(each, now)).map(memberOf);
  const asked = present.sort((a, b) => (a.agent < b.agent ? -1 : 1)).filter(({ agent }) => agent > after);
  let room = bytes;
  // Once one has no room, those behind it have none either: `room` only falls.
  const told = asked.filter((member) => (room -= Buffer.byteLength(JSON.stringify(member)) + 1) >= 0);
  const last = told.at(-1);
  return { channel, count: present.length, members: told, ...(last && told.length < asked.length && { more: last.agent }) };
};

/** What an answer has besides its members, in bytes: the longest uuid, channel and id, and a count. */
const ENVELOPE_BYTES = 512;

/**
 * Tells an agent who is on a channel, if its guard would let the agent subscribe to that very channel, and the agent does
 * not ask too often.
 */
export const tellPresence = async (
  system: TellingPresence,
  agent: Agent,
  { uuid, ...query }: { uuid: string } & PresenceQuery,
): Promise<Answer> => {
  const { guards, settings, rate } = system;
  const { channel } = query;
  const no = (...why: [code: NonNullable<Answer["code"]>, reason?: string]): Answer => about(channel, failure(Meta.presence, uuid, ...why));
  const fault = subscriptionFault(channel, settings);
  if (fault) return no(fault);
  if (!optionsOf(settings.channels, channel).presence) return no("no_presence");
  if (rate.take(agent.connectionId, 1) < 1) return no("rate_limited");
  const verdict = await guards.subscription(agent, channel);
  if (!verdict.permitted) return no(verdict.code, verdict.reason);
  // A guard may permit an agent something else instead: that is no permission to know who is here.
  if (!verdict.subscribe.includes(channel)) return no("denied");
  const told = await attendanceOf(system, query, FRAME_BYTES - ENVELOPE_BYTES - ROOM_BYTES);
  return success(Meta.presence, uuid, told as unknown as Json);
};
