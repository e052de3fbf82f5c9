import type { Clock } from "../clock.js";
import type { Deployment, MemberEvent, MemberView, ServerObserver } from "./types.js";

/** How long a member may be without a connection before its leave is announced, in milliseconds. */
const GRACE_MS = 5_000;

/** A connection that is present. */
export interface Connection {
  agent: string;
  session: string;
  userId?: string;
  /** The number of its link, if it is the client's. */
  link?: number;
}

/** One connection of a member. */
interface Entry extends Connection {
  /** Until when it counts as present without a further heartbeat. */
  until: number;
  state?: unknown;
  /** When it last set its state; larger is later. */
  stateOrder: number;
}

/** A member of a channel: a user or a session; on a server of 0.2.0 a connection. */
interface Member {
  /** The id under which it was announced. */
  as: string;
  userId?: string;
  entries: Map<string, Entry>;
  /** The state that was last announced, as JSON. */
  announcedState: string | undefined;
}

/** The members of channels with presence, by docs/PROTOCOL.md, "Presence". */
export class Members {
  readonly #channels = new Map<string, Map<string, Member>>();
  /** The `at` of the last event by channel and user or agent. */
  readonly #eventTimes = new Map<string, number>();
  #stateOrder = 0;
  #events = 0;

  constructor(
    readonly clock: Clock,
    readonly deployment: Deployment,
    readonly observer: ServerObserver,
    readonly isOld: () => boolean,
    readonly post: (channel: string, data: object, uuid: string) => void,
  ) {}

  /** A connection joins, or says again that it is there. */
  join(channel: string, connection: Connection): void {
    const members = this.#of(channel);
    const { size } = members;
    const member = this.#memberOf(members, connection);
    const entry = member.entries.get(connection.agent) ?? { ...connection, until: 0, stateOrder: 0 };
    member.entries.set(connection.agent, entry);
    this.#renew(channel, entry);
    if (members.size > size) this.#announce(channel, "joined", member);
  }

  /** A connection leaves. */
  leave(channel: string, agent: string): void {
    const found = this.#find(channel, agent);
    if (!found) return;
    const [key, member] = found;
    member.entries.delete(agent);
    if (member.entries.size > 0) return this.#announceState(channel, member);
    this.clock.later(this.isOld() ? 0 : GRACE_MS, () => {
      if (member.entries.size > 0 || this.#of(channel).get(key) !== member) return;
      this.#of(channel).delete(key);
      this.#announce(channel, "left", member);
    });
  }

  /** A connection sets its state, or removes it. Returns whether it is a member. */
  setState(channel: string, agent: string, state: unknown): boolean {
    const [, member] = this.#find(channel, agent) ?? [];
    if (!member) return false;
    const entry = member.entries.get(agent)!;
    this.#stateOrder += 1;
    entry.stateOrder = this.#stateOrder;
    if (state === null) delete entry.state;
    else entry.state = state;
    this.#announceState(channel, member);
    return true;
  }

  /**
   * A connection says on which channels it is present. Returns the channels on which it is not. On the newest version,
   * one such frame counts for all its channels.
   */
  renew(agent: string, channels: readonly string[]): string[] {
    const renewed = this.isOld() || channels.length === 0 ? channels : [...this.#channels.keys()];
    for (const channel of renewed) {
      const entry = this.#find(channel, agent)?.[1].entries.get(agent);
      if (entry) this.#renew(channel, entry);
    }
    return channels.filter((channel) => !this.#find(channel, agent));
  }

  /** Whether a connection is present. */
  isPresent(channel: string, agent: string): boolean {
    return this.#find(channel, agent) !== undefined;
  }

  /** The state that a connection has set; `null`: none. */
  stateOf(channel: string, agent: string): unknown {
    return this.#find(channel, agent)?.[1].entries.get(agent)?.state ?? null;
  }

  /** The members of a channel, as a reply lists them. */
  list(channel: string): MemberView[] {
    return [...this.#of(channel).values()].map((member) => this.#view(member));
  }

  /** Other functions serve the deployment from now on. They know the connections, and count members in their own way. */
  releaseChanged(): void {
    for (const members of this.#channels.values()) {
      const entries = [...members.values()].flatMap((member) => [...member.entries.values()]);
      members.clear();
      for (const entry of entries) {
        delete entry.state;
        this.#memberOf(members, entry).entries.set(entry.agent, entry);
      }
    }
  }

  #of(channel: string): Map<string, Member> {
    const members = this.#channels.get(channel) ?? new Map<string, Member>();
    this.#channels.set(channel, members);
    return members;
  }

  /** The member that a connection is of: a user or a session, or itself on a server of 0.2.0. */
  #memberOf(members: Map<string, Member>, { agent, session, userId }: Connection): Member {
    const isOld = this.isOld();
    const key = isOld ? agent : (userId ?? session);
    const member = members.get(key) ?? {
      as: agent,
      ...(userId !== undefined && !isOld && { userId }),
      entries: new Map<string, Entry>(),
      announcedState: undefined,
    };
    members.set(key, member);
    return member;
  }

  #find(channel: string, agent: string): [key: string, member: Member] | undefined {
    return [...this.#of(channel)].find(([, { entries }]) => entries.has(agent));
  }

  #renew(channel: string, entry: Entry): void {
    const { clock } = this;
    // Others are there until they leave.
    if (entry.link === undefined) return;
    entry.until = clock.now + this.deployment.presenceLease[this.isOld() ? "old" : "new"];
    clock.at(entry.until, "server", () => {
      if (entry.until > clock.now || this.#find(channel, entry.agent)?.[1].entries.get(entry.agent) !== entry) return;
      this.observer.lapsed(channel, entry.link!);
      this.leave(channel, entry.agent);
    });
  }

  #announceState(channel: string, member: Member): void {
    const { state } = this.#view(member);
    const json = state === undefined ? undefined : JSON.stringify(state);
    if (this.isOld() || json === member.announcedState) return;
    member.announcedState = json;
    this.#announce(channel, "changed", member);
  }

  #announce(channel: string, kind: MemberEvent["kind"], member: Member): void {
    const { as, userId } = member;
    const key = `${channel} ${userId ?? as}`;
    const at = Math.max(this.clock.now, (this.#eventTimes.get(key) ?? 0) + 1);
    this.#eventTimes.set(key, at);
    this.#events += 1;
    const { state, connections, ...identity } = this.#view(member);
    const view = {
      ...identity,
      info: { n: this.#events },
      ...(kind !== "left" && connections && { connections }),
      ...(kind === "changed" && state !== undefined && { state }),
    };
    this.observer.announced(channel, { kind, member: view, at });
    this.post(channel, { channel, [kind]: view, at }, `presence${this.#events}`);
  }

  #view({ as, userId, entries }: Member): MemberView {
    if (this.isOld()) return { agent: as };
    const [latest] = [...entries.values()].sort((one, other) => other.stateOrder - one.stateOrder);
    return {
      agent: as,
      ...(userId !== undefined && { userId }),
      ...(latest?.state !== undefined && { state: latest.state }),
      connections: [...entries.keys()],
    };
  }
}
