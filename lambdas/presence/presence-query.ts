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
import { announcedAs, groupEntries, groupState, isMember, memberOf } from "./member-groups.js";
import { behindMember, type Members, type PresenceEntry } from "./members.js";
import { stateOf, stateUuid } from "./member-state.js";
import type { Occupancy } from "./occupancy.js";
import type { Clock, GuardPort } from "../ports.js";
import { limiter } from "../util/limiter.js";
import { type QueryGuardDependencies, authorizeQuery } from "../requests/channel-query-guard.js";

/** The ports that presence queries use. */
export interface PresenceQueryDependencies extends QueryGuardDependencies {
  guards: QueryGuardDependencies["guards"] & Pick<GuardPort, "guardsDelivery" | "delivery">;
  members: Pick<Members, "page">;
  occupancy: Pick<Occupancy, "read">;
  settings: QueryGuardDependencies["settings"] & Pick<Settings, "channels" | "presenceGraceMs" | "timeouts">;
  clock: Pick<Clock, "now">;
}

/** Bytes of the reply's frame that stay free: a reply that asks the agent to renew may follow. */
const RESERVED_BYTES = 256;

/** Maximum size and cost of a presence reply. */
export interface ReplyBudget {
  /** Bytes for members, as JSON. */
  bytes: number;
  /** Maximum number of rows to read. */
  rows: number;
}

/** Typical minimum size of a member, in bytes of JSON. It decides how many rows are read at once. */
const MEMBER_BYTES = 100;

/** Minimum number of rows to read at once. */
const ROWS_AT_ONCE = 50;

/** Some of the members of a channel. */
interface MemberPage {
  members: Member[];
  /** The place after which the others are; left out: there are no others. */
  more?: string;
}

type PageDependencies = Pick<PresenceQueryDependencies, "members" | "clock"> & {
  settings: Pick<Settings, "presenceGraceMs" | "channels">;
};

/** The members after a place, as many as fit. */
const memberPage = async (
  { members, clock, settings }: PageDependencies,
  { channel, after }: PresenceQuery,
  size: ReplyBudget,
): Promise<MemberPage> => {
  const listed: Member[] = [];
  const hasStates = channelSettings(settings.channels, channel).presenceState;
  let { bytes, rows } = size;
  let place = after ? behindMember(after) : undefined;
  let last = after ? after : undefined;
  /** The entries of a member that the next page may continue. */
  let rest: PresenceEntry[] = [];
  while (rows > 0) {
    const limit = Math.min(rows, Math.max(ROWS_AT_ONCE, Math.ceil(bytes / MEMBER_BYTES)));
    const { entries, more } = await members.page(channel, place, limit);
    const now = clock.now();
    const groups = groupEntries([...rest, ...entries]);
    place = entries.at(-1)?.place ?? place;
    rows -= entries.length;
    // The page may have ended within a member, unless no budget is left to read on.
    const open = more && rows > 0 ? groups.pop() : undefined;
    rest = [...(open?.entries ?? [])];
    for (const group of groups) {
      const state = groupState(group, now, settings.presenceGraceMs);
      if (isMember(state)) {
        const identity = memberOf(group, state, announcedAs(group, state));
        const member = hasStates ? { ...identity, ...stateOf(state.present) } : identity;
        bytes -= Buffer.byteLength(JSON.stringify(member)) + 1;
        if (bytes < 0) return { members: listed, ...(last !== undefined && { more: last }) };
        listed.push(member);
      }
      last = group.place;
    }
    if (!more) return { members: listed };
  }
  return { members: listed, ...(last !== undefined && { more: last }) };
};

/**
 * Members of a channel, as many as fit, and their number. If one reply has all members, they are counted. Otherwise the last
 * notifier run has recorded the number. So the cost of a query does not grow with the channel.
 */
export const readPresencePage = async (
  system: PageDependencies & Pick<PresenceQueryDependencies, "occupancy">,
  query: PresenceQuery,
  size: ReplyBudget,
): Promise<PresencePage> => {
  const { channel, after } = query;
  const part = await memberPage(system, query, size);
  const listed = part.members.length;
  if (!after && part.more === undefined) return { channel, count: listed, ...part };
  const found = await system.occupancy.read(channel);
  return { channel, count: Math.max(listed, found?.count ?? 0), ...part };
};

/** How many delivery guards may wait for their start at once. */
const WAITING_GUARDS = 32;

/**
 * Members with the states that the reader's delivery guard permits, as about messages on the channel. A state without a
 * verdict in time is left out, and so is a state that the guard made longer.
 */
const withPermittedStates = async (
  { guards, settings, clock }: Pick<PresenceQueryDependencies, "guards" | "settings" | "clock">,
  agent: Agent,
  channel: string,
  members: readonly Member[],
): Promise<Member[]> => {
  if (members.every(({ state }) => state === undefined)) return [...members];
  if (!(await guards.guardsDelivery(channel))) return [...members];
  const { onMessageReceived: timeoutMs } = settings.timeouts;
  const until = clock.now() + timeoutMs;
  const limited = limiter(WAITING_GUARDS);
  const ask = async ({ state, ...member }: Member): Promise<Member> => {
    if (state === undefined || clock.now() >= until) return member;
    const message = { channel, uuid: stateUuid(channel, member.agent, state), data: state };
    const permitted = await guards.delivery(agent, message, timeoutMs);
    if (!permitted || permitted === "late" || sizeOf(permitted.data) > sizeOf(state)) return member;
    return { ...member, state: permitted.data };
  };
  return Promise.all(members.map((member) => limited(() => ask(member))));
};

const sizeOf = (data: Json): number => Buffer.byteLength(JSON.stringify(data));

/** Maximum number of rows for one reply to an agent: as many of the smallest members as a frame holds. */
export const ROWS_PER_FRAME = 1_000;

/** Bytes of a reply without its members: the longest uuid, channel and id, and a count. */
const ENVELOPE_BYTES = 512;

/**
 * Answers an agent's presence query, if its guard permits a subscription to this channel and the rate limit allows it.
 */
export const answerPresenceQuery = async (
  system: PresenceQueryDependencies,
  agent: Agent,
  { uuid, ...query }: { uuid: string } & PresenceQuery,
): Promise<Reply> => {
  const { channel } = query;
  const { presence } = channelSettings(system.settings.channels, channel);
  const refusal = await authorizeQuery(system, agent, query, presence ? undefined : "no_presence");
  if (refusal) return forChannel(channel, failure(Meta.presence, uuid, ...refusal));
  const bytes = MAX_FRAME_BYTES - ENVELOPE_BYTES - RESERVED_BYTES;
  const listed = await readPresencePage(system, query, { bytes, rows: ROWS_PER_FRAME });
  const members = await withPermittedStates(system, agent, channel, listed.members);
  return success(Meta.presence, uuid, { ...listed, members } as unknown as Json);
};
