import type { Json, Message } from "../../protocol/index.js";
import { MAX_FRAME_BYTES, matchesSubscription } from "./protocol-rules.js";
import type { Publication } from "./prediction.js";
import { MUTED_AGENT, hasHistory, isTransformed } from "./policy.js";

/** What `receive` says of a message that has come before. */
export const DELIVERED_TWICE = "a message more often than it was published";

/** One socket's agent, as far as deliveries are concerned. */
export interface Member {
  /** Unlike any other's. */
  readonly key: number;
  /** What its credentials call it. */
  readonly name: string;
}

/** When a subscription may have existed, in ticks; both ends count. */
interface Span {
  from: number;
  until: number;
}

/** A publication that guards permitted. */
interface Entry extends Publication {
  from: Member;
  sent: number;
  /** Until when it may still find new subscribers. */
  until: number;
  reached: Set<number>;
  /** Who must receive it and has not. */
  missing: Set<Member>;
}

interface Subscriptions {
  member: Member;
  /** Channels that it is subscribed to beyond doubt. */
  sure: Set<string>;
  /** Channels of which frames that overtook each other left it open. */
  unsure: Set<string>;
  spans: Map<string, Span[]>;
}

/** What one burst of frames asks of a member's subscriptions. */
export interface Changes {
  subscribe: Set<string>;
  unsubscribe: Set<string>;
}

/**
 * Who may, and who must, receive what. Time is counted in ticks: frames that are sent together have the same tick, and
 * whatever was settled before they were sent has an earlier one.
 */
export class DeliveryModel {
  #tick = 0;
  readonly #members = new Map<number, Subscriptions>();
  readonly #entries = new Map<string, Entry[]>();
  /** Those on channels with history, on which a recipient is told of what it does not get. */
  readonly #withHistory = new Map<string, Entry[]>();
  /** Those that somebody must receive and has not. */
  readonly #incomplete = new Set<Entry>();

  /** Where time stands. */
  get now(): number {
    return this.#tick;
  }

  /**
   * A new agent, with the subscriptions that its connection guard made.
   * @param from when its handshake began
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

  /** An agent's socket is closed: nothing is owed to it any more. */
  leave(member: Member): void {
    const state = this.#of(member);
    state.sure.clear();
    for (const entry of this.#incomplete) this.#delivered(entry, member);
  }

  /** Frames are about to be sent that may subscribe a member. */
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
   * A member's publication is about to be sent.
   * @param among those of whom it is known what they are subscribed to, with what is being changed meanwhile; none, where
   * nobody has to get it
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
    if (hasHistory(entry.channel))
      this.#withHistory.set(entry.channel, [...(this.#withHistory.get(entry.channel) ?? []), entry]);
    return entry;
  }

  /** A publication was answered: whoever subscribes from now on does not get it. */
  finish(entry: Entry): void {
    entry.until = this.#tick;
  }

  /** All frames of a tick were answered: a member's subscriptions are certain again where they can be. */
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
   * A member received a message.
   * @returns what is wrong with that; `undefined`: a guard permitted it, and it came once
   */
  receive(member: Member, message: Message): string | undefined {
    const entries = this.#entries.get(keyOf(message)) ?? [];
    const data = JSON.stringify(message.data);
    const same = entries.filter((entry) => JSON.stringify(dataFor(entry, member)) === data);
    if (same.length === 0) return "a message that nobody published so, or that a guard denied";
    const permitted = same.filter((entry) => this.#mayReceive(entry, member));
    if (permitted.length === 0)
      return "a message on a channel that it was not subscribed to, or that it asked not to hear";
    // Those that are owed first: of equal messages nobody can tell which one came.
    const entry = permitted
      .sort((a, b) => Number(b.missing.has(member)) - Number(a.missing.has(member)))
      .find(({ reached }) => !reached.has(member.key));
    if (!entry) return DELIVERED_TWICE;
    entry.reached.add(member.key);
    this.#delivered(entry, member);
    return undefined;
  }

  /**
   * A member was told that there is a message which it does not get.
   * @returns what is wrong with that; `undefined`: there is one that it must not get
   */
  receiveSkip(member: Member, channel: string): string | undefined {
    const withheld = (this.#withHistory.get(channel) ?? []).filter(
      (entry) =>
        !entry.reached.has(member.key) && !this.#gets(entry.from, entry, member) && this.#isSubscribed(entry, member),
    );
    const entry = withheld.find(({ missing }) => missing.has(member)) ?? withheld[0];
    if (!entry) return "that there is a message which it does not get, and there is none";
    entry.reached.add(member.key);
    this.#delivered(entry, member);
    return undefined;
  }

  /** Whether such a message was published, as a member gets it; it may come again when a history is told. */
  wasPublished(member: Member, message: Message): boolean {
    const data = JSON.stringify(message.data);
    return (this.#entries.get(keyOf(message)) ?? []).some((entry) => JSON.stringify(dataFor(entry, member)) === data);
  }

  /** Whether such a message was published by anybody, as it is stored. */
  isStored({ channel, uuid, data }: Message): boolean {
    return (this.#entries.get(keyOf({ channel, uuid })) ?? []).some(
      (entry) => JSON.stringify(entry.data) === JSON.stringify(data),
    );
  }

  /** Whether a member may ever have heard what is published on a channel. */
  everReceived(member: Member, channel: string): boolean {
    return [...this.#of(member).spans.keys()].some((each) => matchesSubscription(each, channel));
  }

  /** Whether guards ever permitted this subscription. */
  everSubscribed(member: Member, channel: string): boolean {
    return this.#of(member).spans.has(channel);
  }

  /** What a member is subscribed to: beyond doubt, and perhaps. */
  subscriptionsOf(member: Member): { sure: ReadonlySet<string>; unsure: ReadonlySet<string> } {
    return this.#of(member);
  }

  #delivered(entry: Entry, member: Member): void {
    entry.missing.delete(member);
    if (entry.missing.size === 0) this.#incomplete.delete(entry);
  }

  #of(member: Member): Subscriptions {
    const found = this.#members.get(member.key);
    if (!found) throw new Error(`no member ${member.key}`);
    return found;
  }

  #mustReach(from: Member, publication: Publication, member: Member, { unsubscribe }: Changes): boolean {
    // Where messages are counted, who does not get one is told so.
    if (!hasHistory(publication.channel) && !this.#gets(from, publication, member)) return false;
    return [...this.#of(member).sure].some(
      (each) => matchesSubscription(each, publication.channel) && !unsubscribe.has(each),
    );
  }

  /** Whether a member gets a publication, and not only knows of it. */
  #gets(from: Member, publication: Publication, member: Member): boolean {
    if (member === from && !publication.echo) return false;
    const { channel, uuid } = publication;
    const data = dataFor(publication, member);
    const numbered = hasHistory(channel) ? { offset: 0, epoch: "x".repeat(20) } : {};
    return (
      data !== undefined && Buffer.byteLength(JSON.stringify({ channel, uuid, data, ...numbered })) <= MAX_FRAME_BYTES
    );
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

/** A publication on its way, as `publish` of a ledger made it. */
export type Sent = ReturnType<DeliveryModel["publish"]>;

const keyOf = ({ channel, uuid }: Pick<Message, "channel" | "uuid">): string => `${uuid} ${channel}`;

/** What a member gets of a publication, the delivery guard asked; `undefined`: nothing. */
export const dataFor = (
  { channel, data }: Pick<Publication, "channel" | "data">,
  { name }: Member,
): Json | undefined => {
  if (!isTransformed(channel)) return data;
  return name === MUTED_AGENT ? undefined : { to: name, heard: data };
};
