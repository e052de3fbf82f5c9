import type { ConnectionInfo, Message, SubscribeResult } from "../../../protocol/frames.js";
import { Meta } from "../../../protocol/frames.js";
import type { PresenceEventData, PresencePage } from "../../../protocol/presence.js";
import type { Json } from "../../../protocol/json.js";
import { BoundedMap } from "../bounded-map.js";
import type { Client } from "../client.js";
import type { PushItError } from "../errors.js";
import type { Extension, PingPart } from "../extension.js";
import { requestData } from "../requests/request-queue.js";
import type { PresenceEvent, PresenceSet } from "../types.js";
import { OwnStates } from "./own-states.js";

/** For how many members to remember when they last joined or left. */
const MAX_REMEMBERED = 1_000;

/** Longest pause before a further page is requested again, in milliseconds. The server sends 5 pages a second. */
const MAX_PAUSE_MS = 2_000;

/** How often a further page is requested before its error is reported. */
const MAX_ATTEMPTS = 10;

/** Keeps this agent present on channels that have presence, and emits the events of members. */
export class Presence implements Extension {
  readonly pingPart: PingPart = {
    key: "presentChannels",
    intervalMs: () => this.#intervalMs,
    includes: (channel) => this.#channels.has(channel),
    encode: (channels) => channels,
  };
  readonly #client: Client;
  /** The subscribed channels that have presence. */
  readonly #channels = new Set<string>();
  /** When a member last joined or left, by channel and agent. */
  readonly #latest = new BoundedMap<string, number>(MAX_REMEMBERED);
  /** The last change of a member's state, by channel and agent. */
  readonly #changes = new BoundedMap<string, { at: number; event: PresenceEvent }>(MAX_REMEMBERED);
  readonly #states: OwnStates;
  #intervalMs = Infinity;

  constructor(client: Client) {
    this.#client = client;
    this.#states = new OwnStates(client, (channel) => this.#isMember(channel));
  }

  /** Whether a channel is known to have presence. */
  hasPresence(channel: string): boolean {
    return this.#channels.has(channel);
  }

  /** Sets this client's state on a channel. Rejects with a `PushItError`. */
  setState(channel: string, state: Json): Promise<void> {
    return this.#states.set(channel, state);
  }

  /** Reads the members of a channel, page by page. */
  async read(channel: string): Promise<PresenceSet> {
    const members: PresenceSet["members"] = [];
    let after: string | undefined;
    do {
      const page: PresencePage = await (after === undefined
        ? this.#readPage(channel, after)
        : this.#readPageWithRetry(channel, after));
      members.push(...page.members);
      after = page.more;
    } while (after !== undefined);
    return { count: members.length, members };
  }

  onSubscribed({ channel, presenceIntervalMs }: SubscribeResult): void {
    // The channel has no presence, or this client only observes it.
    if (presenceIntervalMs === undefined) this.#channels.delete(channel);
    else {
      this.#channels.add(channel);
      this.#intervalMs = Math.min(this.#intervalMs, presenceIntervalMs);
    }
    this.#states.onSubscribed(channel);
  }

  onUnsubscribed(channel: string): void {
    this.#channels.delete(channel);
    this.#states.onUnsubscribed(channel);
  }

  onInfo({ absentChannels = [] }: ConnectionInfo): void {
    for (const channel of absentChannels) this.#client.subscriptions.subscribeAgain(channel);
  }

  /** The older version may want to be pinged more often. Its reply to a subscription has the interval. */
  onRolledBack(): void {
    for (const channel of this.#channels) this.#client.subscriptions.subscribeAgain(channel);
  }

  onMessage(message: Message): boolean {
    if (message.channel !== Meta.presence) return false;
    const { channel, joined, left, changed, at } = message.data as unknown as PresenceEventData;
    const member = joined ?? left ?? changed;
    if (!member) return true;
    const { agent, userId, connections } = member;
    const keys = [`${channel} ${agent}`];
    // If a user is one member, it may leave and join with another agent. An older server has a member for each agent.
    const user = `${channel} user ${userId}`;
    if (userId !== undefined && (connections || this.#latest.has(user))) keys.push(user);
    const own = keys[0]!;
    const change = this.#changes.get(own);
    if (keys.some((key) => at <= (this.#latest.get(key) ?? -Infinity))) return true;
    const event: PresenceEvent = { ...member, channel };
    if (changed) {
      // It does not outdate a leave that came before it.
      if (change && at <= change.at) return true;
      this.#changes.set(own, { at, event });
    } else for (const key of keys) this.#latest.set(key, at);
    this.#client.emitter.emit(joined ? "join" : left ? "leave" : "change", event);
    // A member that joins has no state yet. This one's has arrived before.
    if (joined && change && change.at > at) this.#client.emitter.emit("change", change.event);
    return true;
  }

  onReset(): void {
    this.#channels.clear();
    this.#latest.clear();
    this.#changes.clear();
    this.#states.onReset();
  }

  /** Whether the server has confirmed that this client is a member of a channel, on the transport in use. */
  #isMember(channel: string): boolean {
    const { transport } = this.#client.connection;
    return this.#channels.has(channel) && transport?.subscriptions.get(channel) === "member";
  }

  /** Reads a further page. A large channel has more pages than the rate limit allows: then it waits and retries. */
  async #readPageWithRetry(channel: string, after: string): Promise<PresencePage> {
    const { timers, options } = this.#client;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#readPage(channel, after);
      } catch (error) {
        if ((error as PushItError).code !== "rate_limited" || attempt === MAX_ATTEMPTS) throw error;
        await new Promise<void>((resolve) =>
          timers.after(timers.random(Math.min(options.retryCap, MAX_PAUSE_MS)), resolve),
        );
      }
    }
  }

  #readPage(channel: string, after: string | undefined): Promise<PresencePage> {
    return requestData(this.#client.queue, "presence", { channel, after });
  }
}
