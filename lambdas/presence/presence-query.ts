import {
  type Reply,
  type PresencePage,
  MAX_FRAME_BYTES,
  type Json,
  type Member,
  Meta,
  type PresenceQuery,
} from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import type { Agent } from "../connection/agent.js";
import { forChannel, failure, success } from "../requests/replies.js";
import { channelSettings } from "../../protocol/channel-settings.js";
import { isPresent, memberOf, memberPlace, type Members } from "./members.js";
import type { Occupancy } from "./occupancy.js";
import type { Clock } from "../ports.js";
import { type QueryGuardDependencies, authorizeQuery } from "../requests/channel-query-guard.js";

/** What telling who is there needs. */
export interface PresenceQueryDependencies extends QueryGuardDependencies {
  members: Pick<Members, "page">;
  occupancy: Pick<Occupancy, "read">;
  settings: QueryGuardDependencies["settings"] & Pick<Settings, "channels">;
  clock: Pick<Clock, "now">;
}

/** Room that is left in the frame of the answer, in bytes: one that asks the agent to renew may follow. */
const ROOM_BYTES = 256;

/** How large an answer about presence may become, and what it may cost. */
export interface ReplyBudget {
  /** Room for members, as JSON. */
  bytes: number;
  /** How many rows are read for it at most. */
  rows: number;
}

/** What a member usually has at least, in bytes of JSON: as many are read at once as there may be room for. */
const MEMBER_BYTES = 100;

/** How many members are read at once at least. */
const ROWS_AT_ONCE = 50;

/** Some of those who are present on a channel. */
interface Part {
  members: Member[];
  /** Behind which place the others are; left out: there are none. */
  more?: string;
}

/** Those behind a place, as far as there is room. */
const partOf = async (
  { members, clock }: Pick<PresenceQueryDependencies, "members" | "clock">,
  { channel, after }: PresenceQuery,
  size: ReplyBudget,
): Promise<Part> => {
  const told: Member[] = [];
  let { bytes, rows } = size;
  let place = after === "" ? undefined : after;
  while (rows > 0) {
    const limit = Math.min(rows, Math.max(ROWS_AT_ONCE, Math.ceil(bytes / MEMBER_BYTES)));
    const { attendants, more } = await members.page(channel, place, limit);
    const now = clock.now();
    for (const each of attendants) {
      if (isPresent(each, now)) {
        const member = memberOf(each);
        bytes -= Buffer.byteLength(JSON.stringify(member)) + 1;
        if (bytes < 0) return { members: told, ...(place !== undefined && { more: place }) };
        told.push(member);
      }
      place = memberPlace(each.connectionId);
    }
    if (!more) return { members: told };
    rows -= attendants.length;
  }
  return { members: told, ...(place !== undefined && { more: place }) };
};

/**
 * Who is present on a channel, as far as there is room, and how many there are: counted where one answer tells all, else as
 * many as the last run found that told who comes and goes. So what a question reads does not grow with the channel.
 */
export const readPresencePage = async (
  system: Pick<PresenceQueryDependencies, "members" | "occupancy" | "clock">,
  query: PresenceQuery,
  size: ReplyBudget,
): Promise<PresencePage> => {
  const { channel, after } = query;
  const part = await partOf(system, query, size);
  const told = part.members.length;
  if (!after && part.more === undefined) return { channel, count: told, ...part };
  const found = await system.occupancy.read(channel);
  return { channel, count: Math.max(told, found?.count ?? 0), ...part };
};

/** How many members one answer to an agent reads at most: as many as a frame holds of those of whom least is told. */
export const ROWS_PER_FRAME = 1_000;

/** What an answer has besides its members, in bytes: the longest uuid, channel and id, and a count. */
const ENVELOPE_BYTES = 512;

/**
 * Tells an agent who is on a channel, if its guard would let the agent subscribe to that very channel, and the agent does
 * not ask too often.
 */
export const answerPresenceQuery = async (
  system: PresenceQueryDependencies,
  agent: Agent,
  { uuid, ...query }: { uuid: string } & PresenceQuery,
): Promise<Reply> => {
  const { channel } = query;
  const { presence } = channelSettings(system.settings.channels, channel);
  const refusal = await authorizeQuery(system, agent, channel, presence ? undefined : "no_presence");
  if (refusal) return forChannel(channel, failure(Meta.presence, uuid, ...refusal));
  const told = await readPresencePage(system, query, {
    bytes: MAX_FRAME_BYTES - ENVELOPE_BYTES - ROOM_BYTES,
    rows: ROWS_PER_FRAME,
  });
  return success(Meta.presence, uuid, told as unknown as Json);
};
