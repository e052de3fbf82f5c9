import type { Json, Message } from "../../protocol/index.js";
import { asJsonObject } from "../lib/json.js";
import { MAX_FRAME_BYTES, matchesSubscription } from "./protocol-rules.js";
import type { Publication } from "./prediction.js";
import { MUTED_AGENT, fromOf, hasFrom, hasHistory, hidesFrom, isTransformed } from "./policy.js";

/** The error of `receive` for a message that has arrived before. */
export const DELIVERED_TWICE = "a message more often than it was published";

/** One socket's agent, as the delivery model sees it. */
export interface Member {
  /** A unique number. */
  readonly key: number;
  /** The name in its credentials. */
  readonly name: string;
  /** The id of its agent. */
  readonly agent?: string;
}

/** When a subscription may have existed, in ticks, both ends included. */
interface Span {
  from: number;
  until: number;
}

/** A permitted publication. */
interface Entry extends Publication {
  from: Member;
  sent: number;
  /** The last tick in which it may reach new subscribers. */
  until: number;
  reached: Set<number>;
  /** The members that must receive it and have not. */
  missing: Set<Member>;
}

interface Subscriptions {
  member: Member;
  /** Channels that it is certainly subscribed to. */
  sure: Set<string>;
  /** Channels whose state is unknown, because frames overtook each other. */
  unsure: Set<string>;
  spans: Map<string, Span[]>;
}

/** The subscription changes of one burst. */
export interface Changes {
  subscribe: Set<string>;
  unsubscribe: Set<string>;
}

/**
 * Models which members may and must receive each message. Time is counted in ticks. Frames that are sent together have
 * the same tick. Everything that was settled before has an earlier one.
 */
export class DeliveryModel {
  #tick = 0;
  readonly #members = new Map<number, Subscriptions>();
  readonly #entries = new Map<string, Entry[]>();
  /** Publications on channels with history, where recipients are notified of withheld messages. */
  readonly #withHistory = new Map<string, Entry[]>();
  /** Publications that a member must receive and has not. */
  readonly #incomplete = new Set<Entry>();

  /** The current tick. */
  get now(): number {
    return this.#tick;
  }

  /**
   * Adds an agent with the subscriptions of its connection guard.
   * @param from the tick in which its handshake began
   */
  join(member: Member, subscribed: readonly string[], from: number): void {
    const span = (): Span[] => [{ from, until: Infinity }];
    this.#members.set(member.key, {
      member,
      sure: new Set(subscribed),
      unsure: new Set(),
      spans: new Map(subscribed.map((channel) => [channel, span()])),
    });
  }

  /** Removes the expectations of an agent whose socket is closed. */
  leave(member: Member): void {
    const state = this.#of(member);
    state.sure.clear();
    for (const entry of this.#incomplete) this.#delivered(entry, member);
  }

  /** Starts a tick: frames are about to be sent. */
  open(): void {
    this.#tick += 1;
  }

  /** A member may be subscribed to these channels from now on. */
  mayBeSubscribed(member: Member, channels: Iterable<string>): void {
    const { spans } = this.#of(member);
    for (const channel of channels) {
      const all = spans.get(channel) ?? [];
      if (all.at(-1)?.until !== Infinity) all.push({ from: this.#tick, until: Infinity });
      spans.set(channel, all);
    }
  }

  /**
   * Records a member's publication before it is sent.
   * @param among the members whose subscriptions are known, with the changes in flight; empty if no member must receive
   * it
   */
  publish(from: Member, publication: Publication, among: ReadonlyMap<Member, Changes>): Entry {
    const owed = [...among].filter(([member, changes]) => this.#mustReach(from, publication, member, changes));
    const entry: Entry = {
      ...publication,
      from,
      sent: this.#tick,
      until: Infinity,
      reached: new Set(),
      missing: new Set(owed.map(([member]) => member)),
    };
    if (entry.missing.size > 0) this.#incomplete.add(entry);
    const key = keyOf(publication);
    const known = this.#entries.get(key);
    if (known) known.push(entry);
    else this.#entries.set(key, [entry]);
    if (isKept(entry)) this.#withHistory.set(entry.channel, [...(this.#withHistory.get(entry.channel) ?? []), entry]);
    return entry;
  }

  /** A publication was answered: later subscribers do not receive it. */
  finish(entry: Entry): void {
    entry.until = this.#tick;
  }

  /** All frames of a tick were answered: a member's subscriptions are certain again where possible. */
  settle(member: Member, { subscribe, unsubscribe }: Changes): void {
    const { sure, unsure, spans } = this.#of(member);
    for (const channel of new Set([...subscribe, ...unsubscribe])) {
      sure.delete(channel);
      unsure.delete(channel);
      if (subscribe.has(channel) && unsubscribe.has(channel)) unsure.add(channel);
      else if (subscribe.has(channel)) sure.add(channel);
      else for (const span of spans.get(channel) ?? []) span.until = Math.min(span.until, this.#tick);
    }
  }

  /**
   * Checks a received message.
   * @returns the error; `undefined`: a guard permitted it, and it arrived once
   */
  receive(member: Member, message: Message): string | undefined {
    const entries = this.#entries.get(keyOf(message)) ?? [];
    const data = JSON.stringify(message.data);
    const same = entries.filter(
      (entry) => JSON.stringify(dataFor(entry, member)) === data && isKept(entry) === (message.offset !== undefined),
    );
    if (same.length === 0) return "a message that was not published in this form, or that a guard denied";
    const attributed = same.filter((entry) => isFrom(entry, member, message));
    if (attributed.length === 0) return "a message from another publisher, or from none";
    const permitted = attributed.filter((entry) => this.#mayReceive(entry, member));
    if (permitted.length === 0) return "a message on a channel that it was not subscribed to, or its own without echo";
    // Expected ones first: equal messages cannot be distinguished.
    const entry = permitted
      .sort((a, b) => Number(b.missing.has(member)) - Number(a.missing.has(member)))
      .find(({ reached }) => !reached.has(member.key));
    if (!entry) return DELIVERED_TWICE;
    entry.reached.add(member.key);
    this.#delivered(entry, member);
    return undefined;
  }

  /**
   * Checks the notice of a withheld message.
   * @returns the error; `undefined`: there is such a message
   */
  receiveSkip(member: Member, channel: string): string | undefined {
    const withheld = (this.#withHistory.get(channel) ?? []).filter(
      (entry) =>
        !entry.reached.has(member.key) && !this.#gets(entry.from, entry, member) && this.#isSubscribed(entry, member),
    );
    const entry = withheld.find(({ missing }) => missing.has(member)) ?? withheld[0];
    if (!entry) return "the notice of a withheld message that does not exist";
    entry.reached.add(member.key);
    this.#delivered(entry, member);
    return undefined;
  }

  /** Whether the message was published in the form that the member gets. A replay may repeat it. */
  wasPublished(member: Member, message: Message): boolean {
    const data = JSON.stringify(message.data);
    return (this.#entries.get(keyOf(message)) ?? []).some(
      (entry) => isKept(entry) && JSON.stringify(dataFor(entry, member)) === data && isFrom(entry, member, message),
    );
  }

  /** Whether the message was published in the form that is stored. */
  isStored({ channel, uuid, data, from }: Message): boolean {
    return (this.#entries.get(keyOf({ channel, uuid })) ?? []).some(
      (entry) =>
        isKept(entry) && JSON.stringify(entry.data) === JSON.stringify(data) && isFrom(entry, undefined, { from }),
    );
  }

  /** Whether the member was ever subscribed to a name that matches the channel. */
  everReceived(member: Member, channel: string): boolean {
    return [...this.#of(member).spans.keys()].some((each) => matchesSubscription(each, channel));
  }

  /** Whether guards ever permitted the subscription. */
  everSubscribed(member: Member, channel: string): boolean {
    return this.#of(member).spans.has(channel);
  }

  /** The certain and the possible subscriptions of a member. */
  subscriptionsOf(member: Member): { sure: ReadonlySet<string>; unsure: ReadonlySet<string> } {
    return this.#of(member);
  }

  #delivered(entry: Entry, member: Member): void {
    entry.missing.delete(member);
    if (entry.missing.size === 0) this.#incomplete.delete(entry);
  }

  #of(member: Member): Subscriptions {
    const found = this.#members.get(member.key);
    if (!found) throw new Error(`member ${member.key} has not joined`);
    return found;
  }

  #mustReach(from: Member, publication: Publication, member: Member, { unsubscribe }: Changes): boolean {
    // On channels with history, members are notified of withheld messages.
    if (!isKept(publication) && !this.#gets(from, publication, member)) return false;
    return [...this.#of(member).sure].some(
      (each) => matchesSubscription(each, publication.channel) && !unsubscribe.has(each),
    );
  }

  /** Whether a member gets the message itself. */
  #gets(from: Member, publication: Publication, member: Member): boolean {
    if (member === from && !publication.echo) return false;
    const { channel, uuid } = publication;
    const data = dataFor(publication, member);
    const numbered = isKept(publication) ? { offset: 0, epoch: "x".repeat(20) } : {};
    const attributed = hasFrom(channel) && !hidesFrom(channel, member.name) ? { from: fromOf(from) } : {};
    const delivered = { channel, uuid, data, at: Date.now(), ...attributed, ...numbered };
    return data !== undefined && Buffer.byteLength(JSON.stringify(delivered)) <= MAX_FRAME_BYTES;
  }

  #mayReceive(entry: Entry, member: Member): boolean {
    return !(member === entry.from && !entry.echo) && this.#isSubscribed(entry, member);
  }

  #isSubscribed(entry: Entry, member: Member): boolean {
    return [...this.#of(member).spans].some(
      ([channel, spans]) =>
        matchesSubscription(channel, entry.channel) &&
        spans.some(({ from, until }) => from <= entry.until && until >= entry.sent),
    );
  }
}

/** A recorded publication. */
export type Sent = ReturnType<DeliveryModel["publish"]>;

const keyOf = ({ channel, uuid }: Pick<Message, "channel" | "uuid">): string => `${uuid} ${channel}`;

/** Whether a publication is in a history. */
const isKept = ({ channel, ephemeral }: Pick<Publication, "channel" | "ephemeral">): boolean =>
  hasHistory(channel) && !ephemeral;

/**
 * Whether a message says who published it, if its channel's messages do.
 * @param reader its recipient; `undefined`: as it is stored
 */
const isFrom = (
  { channel, from: publisher }: Pick<Entry, "channel" | "from">,
  reader: Member | undefined,
  { from }: Pick<Message, "from">,
): boolean => {
  if (!hasFrom(channel) || (reader && hidesFrom(channel, reader.name))) return from === undefined;
  const sorted = (value: unknown): string => JSON.stringify(Object.entries(asJsonObject(value)).sort());
  return sorted(from) === sorted(fromOf(publisher));
};

/** The data that a member gets after its delivery guard; `undefined`: nothing. */
export const dataFor = (
  { channel, data }: Pick<Publication, "channel" | "data">,
  { name }: Member,
): Json | undefined => {
  if (!isTransformed(channel)) return data;
  return name === MUTED_AGENT ? undefined : { to: name, received: data };
};
