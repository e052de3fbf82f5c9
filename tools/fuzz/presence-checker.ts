import { type JsonObject, asJsonObject } from "../lib/json.js";
import type { Json, Message, PresenceEventData } from "../../protocol/index.js";
import { dataFor, type DeliveryModel, type Member } from "./delivery-model.js";
import { hasPresence, hasState, infoOf, isTransformed, userOf } from "./policy.js";
import type { PresenceModel } from "./presence-model.js";
import type { TableChecker } from "./table-checker.js";

const keysOf = (value: unknown): string => Object.keys(asJsonObject(value)).sort().join();

/** The kinds of presence events. */
const KINDS = ["joined", "left", "changed"] as const;

/** Checks members, in lists and in events. */
export class PresenceChecker {
  /** @param connected the agents of the episode that are connected and stay so */
  constructor(
    private readonly deliveries: DeliveryModel,
    private readonly presence: PresenceModel,
    private readonly audit: Pick<TableChecker, "agentById">,
    private readonly connected: () => readonly (Member & { agent: string })[],
  ) {}

  /** The error in a presence event; `undefined`: none. */
  checkEvent(reader: Member, { data }: Message): string | undefined {
    const { channel, at, ...event } = asJsonObject(data) as Partial<PresenceEventData> & JsonObject;
    if (typeof channel !== "string" || !hasPresence(channel) || typeof at !== "number")
      return "a presence event of a channel without presence";
    const kind = KINDS.find((each) => keysOf(event) === each);
    if (!kind) return "a presence event without a join, a leave or a change";
    if (!this.deliveries.everReceived(reader, channel))
      return "a presence event of a channel that it was never subscribed to";
    const member = event[kind]!;
    if (kind === "left")
      return member.connections ? "connections of a member that left" : this.#checkMember(channel, member, false);
    if (kind === "joined") return this.#checkMember(channel, member);
    if (!hasState(channel)) return "a changed state on a channel without states";
    const { state, ...others } = member;
    return this.#checkMember(channel, others) ?? this.#checkChange(reader, channel, member.agent, state);
  }

  /** The error in a list of members; `undefined`: none. */
  checkPage(
    reader: Member,
    { channel, after }: { channel: string; after: string },
    data: JsonObject,
  ): string | undefined {
    const { count, members } = data;
    if (keysOf(data) !== "channel,count,members" || data["channel"] !== channel || !Array.isArray(members))
      return "an invalid list of members";
    const listed = members.map(asJsonObject);
    const ids = listed.map(({ agent }) => String(agent));
    if (new Set(ids).size < ids.length) return "a member twice";
    if (typeof count !== "number" || count < ids.length || (after === "" && count !== ids.length))
      return "another count";
    const connections = new Set(listed.flatMap((each) => (each["connections"] ?? []) as string[]));
    for (const each of this.connected()) {
      const isMember = this.presence.isMember(each, channel);
      if (isMember === false && connections.has(each.agent)) return `a member "${each.name}" that is not present`;
      if (isMember && after === "" && !connections.has(each.agent)) return `no member "${each.name}"`;
    }
    return listed
      .map(
        ({ state, ...member }) =>
          this.#checkMember(channel, member) ?? this.#checkState(reader, channel, member, state),
      )
      .find((fault) => fault !== undefined);
  }

  /** The error in the channels of a pong on which the agent is absent; `undefined`: none. */
  checkAbsent(member: Member, present: readonly string[], absent: readonly string[]): string | undefined {
    const asked = new Set(present.filter(hasPresence));
    if (absent.some((channel) => !asked.has(channel) || this.presence.isMember(member, channel)))
      return "an absent channel on which it is present";
    const wrong = [...asked].find(
      (channel) => this.presence.isMember(member, channel) === false && !absent.includes(channel),
    );
    return wrong === undefined ? undefined : `that it is present on ${wrong}`;
  }

  #checkMember(channel: string, value: unknown, isPresent = true): string | undefined {
    const { agent, info, userId, connections } = asJsonObject(value);
    const known = this.audit.agentById(String(agent));
    const its = known && userOf(known.name);
    const keys = ["agent", ...(isPresent ? ["connections"] : []), "info", ...(its === undefined ? [] : ["userId"])];
    if (userId !== its || keysOf(value) !== keys.join()) return "an invalid member";
    if (!known || !this.presence.wasMember(known, channel)) return "a member that was never present";
    if (isPresent && !Array.isArray(connections)) return "a member without a list of connections";
    const others = ((connections ?? []) as unknown[]).map((each) => this.audit.agentById(String(each)));
    if (others.some((each) => !each || userOf(each.name) !== its || !this.presence.wasMember(each, channel)))
      return "a connection of another user, or that was never present";
    return info === infoOf(known.name) ? undefined : "another info than the agent's";
  }

  /** The error in the state of an event. It may be late. */
  #checkChange(reader: Member, channel: string, agent: string, state: Json | undefined): string | undefined {
    const member = this.audit.agentById(agent)!;
    const set = state === undefined ? undefined : setState(reader, channel, state);
    if (state !== undefined && set === undefined) return "a state that its delivery guard withholds";
    return this.presence.everSet(member, channel, set) ? undefined : "a state that was not set, or that a guard denied";
  }

  /** The error in the state of a listed member. */
  #checkState(reader: Member, channel: string, member: JsonObject, state: unknown): string | undefined {
    const possible = this.presence.statesOfMember(this.audit.agentById(String(member["agent"]))!, channel);
    // A delivery guard that makes a state longer withholds it.
    if (state === undefined)
      return possible.has("null") || isTransformed(channel) ? undefined : `a member without its state`;
    const set = setState(reader, channel, state as Json);
    return set !== undefined && possible.has(JSON.stringify(set)) ? undefined : "a state that the member does not have";
  }
}

/** The state that was set, if the reader's delivery guard makes this of it; `undefined`: it does not. */
const setState = (reader: Member, channel: string, state: Json): Json | undefined => {
  if (!isTransformed(channel)) return state;
  const set = asJsonObject(state)["received"] as Json | undefined;
  const given = set === undefined ? undefined : dataFor({ channel, data: set }, reader);
  return given !== undefined && JSON.stringify(given) === JSON.stringify(state) ? set : undefined;
};
