import type { Json } from "../../../../protocol/json.js";
import type { Member, PresenceEventData } from "../../../../protocol/presence.js";
import type { Clock } from "../clock.js";
import { memberKeyOf, type Peer } from "./agent.js";

/** One connection of a member. */
interface Entry {
  agent: string;
  info?: Json | undefined;
  state?: Json;
  /** When it last set its state; larger is later. */
  stateOrder: number;
}

/** A member of a channel: a user, or a session without a user. */
interface Group {
  /** The agent id under which it is announced. */
  as: string;
  userId?: string | undefined;
  /** The `info` of the connection that joined or was renewed last. */
  info?: Json | undefined;
  entries: Map<string, Entry>;
  /** The state and info that subscribers know, as JSON. */
  announcedState?: string | undefined;
  announcedInfo?: string | undefined;
  cancelLeave?: (() => void) | undefined;
}

/** The members of channels with presence. */
export class Members {
  readonly #clock: Clock;
  readonly #graceMs: number;
  /** Notifies the subscribers of a channel. */
  readonly #notify: (channel: string, data: PresenceEventData) => void;
  readonly #channels = new Map<string, Map<string, Group>>();
  #order = 0;
  #lastAt = 0;

  constructor(clock: Clock, graceMs: number, notify: (channel: string, data: PresenceEventData) => void) {
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.#notify = notify;
  }

  /** A connection joins, or has another `info`. */
  join(channel: string, peer: Peer): void {
    const { uuid, userId, info } = peer.agent!;
    const groups = this.#of(channel);
    const key = memberKeyOf(peer);
    const known = groups.get(key);
    const group: Group = known ?? { as: uuid, userId, entries: new Map() };
    group.cancelLeave?.();
    group.cancelLeave = undefined;
    group.info = info;
    groups.set(key, group);
    if (!group.entries.has(uuid)) group.entries.set(uuid, { agent: uuid, stateOrder: 0 });
    const announced = JSON.stringify(info);
    if (known && known.announcedInfo === announced) return;
    group.announcedInfo = announced;
    this.#announce(channel, "joined", group);
    if (!known) return;
    group.announcedState = undefined;
    this.#announceState(channel, group);
  }

  /** A connection leaves. Its member has left when the grace is over, if no connection has come back. */
  leave(channel: string, peer: Peer, agent: string): void {
    const groups = this.#of(channel);
    const key = memberKeyOf(peer);
    const group = groups.get(key);
    if (!group?.entries.delete(agent)) return;
    if (group.entries.size > 0) return this.#announceState(channel, group);
    group.cancelLeave = this.#clock.after(this.#graceMs, () => {
      groups.delete(key);
      this.#announce(channel, "left", group);
    });
  }

  /** Sets or removes (`null`) the state of a connection. Returns whether it is a member. */
  setState(channel: string, { agent }: Peer, state: Json): boolean {
    const group = [...this.#of(channel).values()].find(({ entries }) => entries.has(agent!.uuid));
    const entry = group?.entries.get(agent!.uuid);
    if (!group || !entry) return false;
    entry.stateOrder = this.#order += 1;
    if (state === null) delete entry.state;
    else entry.state = state;
    this.#announceState(channel, group);
    return true;
  }

  /** Whether a connection is present. */
  isPresent(channel: string, agent: string): boolean {
    return [...this.#of(channel).values()].some(({ entries }) => entries.has(agent));
  }

  /** The members of a channel, in the order in which they joined. */
  list(channel: string): Member[] {
    return [...this.#of(channel).values()].map((group) => ({
      ...identityOf(group),
      ...stateOf(group),
      connections: [...group.entries.keys()],
    }));
  }

  #of(channel: string): Map<string, Group> {
    const groups = this.#channels.get(channel) ?? new Map<string, Group>();
    this.#channels.set(channel, groups);
    return groups;
  }

  #announceState(channel: string, group: Group): void {
    const { state } = stateOf(group);
    const announced = state === undefined ? undefined : JSON.stringify(state);
    if (group.announcedState === announced) return;
    group.announcedState = announced;
    this.#announce(channel, "changed", group);
  }

  #announce(channel: string, kind: "joined" | "left" | "changed", group: Group): void {
    // Of two events about one member, the one with the later time counts.
    this.#lastAt = Math.max(this.#clock.now(), this.#lastAt + 1);
    const member: Member = {
      ...identityOf(group),
      ...(kind !== "left" && { connections: [...group.entries.keys()] }),
      ...(kind === "changed" && stateOf(group)),
    };
    this.#notify(channel, { channel, [kind]: member, at: this.#lastAt });
  }
}

const identityOf = ({ as, userId, info }: Group): Member => ({
  agent: as,
  ...(userId !== undefined && { userId }),
  ...(info !== undefined && { info }),
});

/** The state that the member's connections set last. */
const stateOf = ({ entries }: Group): Pick<Member, "state"> => {
  const [latest] = [...entries.values()].sort((one, other) => other.stateOrder - one.stateOrder);
  return latest?.state === undefined ? {} : { state: latest.state };
};
