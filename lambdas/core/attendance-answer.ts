import { type Answer, type Attendance, FRAME_BYTES, type Json, type Member, Meta } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import type { Agent } from "./agent.js";
import { about, failure, success } from "./answers.js";
import { optionsOf } from "./channel-options.js";
import { subscriptionFault } from "./channels.js";
import { isPresent, memberOf, type Members } from "./members.js";
import type { Clock, Guards } from "./ports.js";

/** What telling who is there needs. */
export interface TellingPresence {
  members: Pick<Members, "all">;
  guards: Pick<Guards, "subscription">;
  settings: Pick<Settings, "channels" | "wildcards" | "limits">;
  clock: Pick<Clock, "now">;
}

/** Room that is left in the frame of the answer, in bytes: one that asks the agent to renew may follow. */
const ROOM_BYTES = 256;

/** Who is present on a channel, in the order of their ids. */
export const presentOn = async ({ members, clock }: Pick<TellingPresence, "members" | "clock">, channel: string): Promise<Member[]> => {
  const all = await members.all(channel);
  const now = clock.now();
  const present = all.filter((each) => isPresent(each, now)).map(memberOf);
  return present.sort((a, b) => (a.agent < b.agent ? -1 : 1));
};

/** Tells an agent who is on a channel, if its guard would let the agent subscribe to that very channel. */
export const tellPresence = async (
  system: TellingPresence,
  agent: Agent,
  { uuid, channel, after = "" }: { uuid: string; channel: string; after?: string | undefined },
): Promise<Answer> => {
  const { guards, settings } = system;
  const no = (...why: [code: NonNullable<Answer["code"]>, reason?: string]): Answer => about(channel, failure(Meta.presence, uuid, ...why));
  const fault = subscriptionFault(channel, settings);
  if (fault) return no(fault);
  if (!optionsOf(settings.channels, channel).presence) return no("no_presence");
  const verdict = await guards.subscription(agent, channel);
  if (!verdict.permitted) return no(verdict.code, verdict.reason);
  // A guard may permit an agent something else instead: that is no permission to know who is here.
  if (!verdict.subscribe.includes(channel)) return no("denied");
  const present = await presentOn(system, channel);
  const told: Attendance = { channel, count: present.length, members: [] };
  const asked = present.filter((member) => member.agent > after);
  let room = FRAME_BYTES - ROOM_BYTES - Buffer.byteLength(JSON.stringify(success(Meta.presence, uuid, { ...told, more: agent.uuid } as unknown as Json)));
  for (const member of asked) {
    room -= Buffer.byteLength(JSON.stringify(member)) + 1;
    if (room < 0) break;
    told.members.push(member);
  }
  const last = told.members.at(-1);
  if (last && told.members.length < asked.length) told.more = last.agent;
  return success(Meta.presence, uuid, told as unknown as Json);
};
