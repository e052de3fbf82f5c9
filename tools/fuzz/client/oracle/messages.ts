import { DRAIN_MS } from "../adapter.js";
import { GUARD_CHANNEL, hasHistory, matchesSubscription, isLatestOnly } from "../channels.js";
import type { Clock } from "../clock.js";
import type { Link } from "../link.js";
import type { Publication } from "../publication.js";
import type { Fail } from "./fail.js";
import type { Chain, Subscriptions } from "./subscriptions.js";

/** How long a rotation's notice of missed messages covers later messages, in milliseconds. */
const ROTATION_MS = 180_000;

/** A message that the application receives. */
export interface ReceivedMessage {
  channel: string;
  uuid: string;
  data: unknown;
  offset?: number;
  epoch?: string;
}

/** Checks received messages: each promised message arrives once and in order, or an event reports it as missed. */
export class Messages {
  /** All publications by number. */
  readonly all: Publication[] = [];
  readonly #byChannel = new Map<string, Publication[]>();
  /** The largest offset that the application received, by channel. */
  readonly #highest = new Map<string, { epoch: string | undefined; offset: number }>();
  /** The largest offset that the client received, on channels with a latest value. */
  readonly #newest = new Map<string, number>();
  /** Messages that must be delivered in this step. */
  #expected: Publication[] = [];
  /** Skipped messages of a channel, unless an event reports them in the same step. */
  #skipped: { publication: Publication; chain: Chain; by: Publication }[] = [];
  /** Messages of another epoch, which an event must report. */
  readonly #foreign: { publication: Publication; chain: Chain }[] = [];
  /** When a rotation last reported possible misses on a channel. */
  readonly #rotated = new Map<string, number>();

  constructor(
    readonly clock: Clock,
    readonly subscriptions: Subscriptions,
    readonly fail: Fail,
    /** When a channel was subscribed on a newer connection. */
    readonly movedAt: (channel: string, link: number) => number,
    /** Whether a request about the channel is in flight. */
    readonly isAsking: (channel: string) => boolean,
  ) {}

  /** Records the start of a publication. All open promises cover it. */
  started(
    base: Pick<Publication, "channel" | "own" | "echo" | "session"> & { uuid?: string; withheld?: boolean },
  ): Publication {
    const n = this.all.length;
    const publication: Publication = {
      ...{ uuid: `m${n}`, withheld: false, ...base },
      ...{
        n,
        startedAt: this.clock.now,
        executed: 0,
        complete: true,
        lost: false,
        missed: [],
        received: 0,
        excused: false,
      },
      covers: [],
    };
    this.covered(publication);
    this.all.push(publication);
    let list = this.#byChannel.get(base.channel);
    if (!list) this.#byChannel.set(base.channel, (list = []));
    list.push(publication);
    return publication;
  }

  /** A publish frame is sent now: the open promises cover it. */
  covered(publication: Publication): void {
    publication.startedAt = this.clock.now;
    publication.covers = [...this.subscriptions.spans()].filter(({ subscribed }) =>
      matchesSubscription(subscribed, publication.channel),
    );
  }

  /** The largest offset that the application received on a channel. */
  highest(channel: string): number {
    return this.#highest.get(channel)?.offset ?? 0;
  }

  /** An event reported that the application must reload a channel. */
  excuse(channel: string): void {
    for (const publication of this.#byChannel.get(channel) ?? []) publication.excused = true;
  }

  /** The event `rotated`. */
  rotated(channels: readonly string[]): void {
    for (const channel of channels) this.#rotated.set(channel, this.clock.now);
  }

  /** The application called `reset`, so all earlier misses are excused. */
  forget(): void {
    for (const publication of this.all) publication.excused = true;
  }

  /** The client is about to receive a frame: messages without a reason to wait must be delivered at once. */
  delivered(objects: ReceivedMessage[]): void {
    for (const { data, uuid, channel } of objects) {
      const publication = this.#find(data);
      if (!publication || publication.uuid !== uuid || publication.channel !== channel) continue;
      if (isLatestOnly(channel)) {
        const newest = Math.max(this.#newest.get(channel) ?? 0, this.highest(channel));
        if (publication.offset! <= newest) continue;
        this.#newest.set(channel, publication.offset!);
      }
      if (this.#mustReceive(publication) && !publication.received && this.#atOnce(publication))
        this.#expected.push(publication);
    }
  }

  /** The client is about to receive a channel's latest value: older values need not be delivered. */
  latest(channel: string, offset: number): void {
    this.#newest.set(channel, Math.max(this.#newest.get(channel) ?? 0, offset));
  }

  /** A frame arrived on a connection that the client has closed. */
  unread(link: Link, objects: ReceivedMessage[]): void {
    for (const { data } of objects) this.#find(data)?.missed.push({ link: link.id, at: this.clock.now, broken: false });
  }

  /** The application received a message. */
  onMessage(given: ReceivedMessage): void {
    const publication = this.#find(given.data);
    const { channel, uuid, offset, epoch } = given;
    if (
      !publication ||
      publication.channel !== channel ||
      publication.uuid !== uuid ||
      publication.offset !== offset ||
      (epoch ?? publication.epoch) !== publication.epoch
    )
      return this.fail("truth", `the application received a message that was not published: ${JSON.stringify(given)}`);
    publication.received += 1;
    if (publication.received > 1 && !publication.excused)
      this.fail("once", `${nameOf(publication)} is delivered twice`);
    if (publication.own && !publication.echo && !publication.excused)
      this.fail("echo", `${nameOf(publication)} is delivered, though this client published it with echo: false`);
    if (isLatestOnly(channel) && offset! < this.highest(channel))
      this.fail("order", `${nameOf(publication)} is delivered after a newer value`);
    if (hasHistory(channel)) this.#inOrder(publication);
    const highest = this.#highest.get(channel);
    if (offset !== undefined && (!highest || epoch !== highest.epoch || offset > highest.offset))
      this.#highest.set(channel, { epoch, offset });
  }

  /** Checks the expectations at the end of a step. */
  step(): void {
    for (const publication of this.#expected) {
      if (!publication.received && this.#mustReceive(publication))
        this.fail(
          "delivery",
          `${nameOf(publication)} reached the client under an acknowledged subscription and is not delivered`,
        );
    }
    this.#expected = [];
    for (const { publication, chain, by } of this.#skipped)
      if (!publication.received && this.#chainOf(publication) === chain)
        this.fail("order", `${nameOf(publication)} is skipped: ${nameOf(by)} is delivered before it`);
    this.#skipped = [];
  }

  /** Checks at the end that all promised messages have arrived. */
  finish(): void {
    this.step();
    for (const { publication, chain } of this.#foreign)
      if (this.#chainOf(publication) === chain && chain.epoch !== publication.epoch)
        this.fail("order", `${nameOf(publication)} of another epoch is delivered, and no event reports it`);
    for (const publication of this.all) {
      if (publication.received || !publication.executed || !this.#mustReceive(publication)) continue;
      const chain = this.#chainOf(publication);
      if (chain && isPromised(chain, publication))
        this.fail("history", `${nameOf(publication)} is never delivered, though the subscription was acknowledged`);
      else if (!publication.excused && this.#isCovered(publication))
        this.fail(
          "delivery",
          `${nameOf(publication)} is never delivered, though ${openNames(publication)} was acknowledged and no event reports it`,
        );
    }
  }

  #find(data: unknown): Publication | undefined {
    return this.all[(data as { n?: number } | undefined)?.n ?? -1];
  }

  #chainOf({ channel }: Publication): Chain | undefined {
    return hasHistory(channel) ? this.subscriptions.of(channel).chain : undefined;
  }

  /** Whether the application must receive the message at all. */
  #mustReceive({ withheld, own, echo }: Publication): boolean {
    return !withheld && (echo || !own);
  }

  /** Whether the client must not hold back the message: it has no order, or the channel itself was never requested. */
  #atOnce(publication: Publication): boolean {
    const { channel } = publication;
    if (!publication.covers.some(({ open }) => open)) return false;
    const { reported, chain, holders } = this.subscriptions.of(channel);
    return !hasHistory(channel) || (reported === "no" && !chain && holders.size === 0 && !this.isAsking(channel));
  }

  #isCovered(publication: Publication): boolean {
    const { channel, complete, lost, covers, missed, offset, startedAt } = publication;
    if (!complete || lost || !covers.some(({ open }) => open)) return false;
    // The application passed a position that includes the message.
    const since = this.subscriptions.traffic.positions.get(channel)?.since;
    if (since && since.epoch === publication.epoch && offset! <= since.offset) return false;
    if (isLatestOnly(channel) && offset! < this.highest(channel)) return false;
    // The old connection broke or a worker was very late, and the rotation reported it.
    const names = covers.filter(({ open }) => open).map(({ subscribed }) => subscribed);
    const late = missed.some(
      ({ link, at, broken }) => broken || names.every((name) => at >= this.movedAt(name, link) + DRAIN_MS),
    );
    return !(
      late &&
      names.some((name) => (this.#rotated.get(name) ?? -Infinity) > startedAt - ROTATION_MS || name === GUARD_CHANNEL)
    );
  }

  #inOrder(publication: Publication): void {
    const chain = this.#chainOf(publication);
    if (!chain) return;
    if (chain.epoch === undefined) chain.epoch = publication.epoch;
    if (publication.epoch !== chain.epoch) {
      // An old message may come late, for example by a wildcard.
      if (publication.startedAt >= chain.since) this.#foreign.push({ publication, chain });
      return;
    }
    if (publication.offset! <= chain.floor) return;
    if (publication.offset! <= chain.last)
      return this.fail("order", `${nameOf(publication)} is delivered after offset ${chain.last}`);
    for (const other of this.#byChannel.get(publication.channel)!)
      if (
        other.epoch === chain.epoch &&
        other.offset! > chain.last &&
        other.offset! < publication.offset! &&
        !other.received &&
        this.#mustReceive(other) &&
        isPromised(chain, other)
      )
        this.#skipped.push({ publication: other, chain, by: publication });
    chain.last = publication.offset!;
  }
}

const isPromised = (chain: Chain, { epoch, offset, startedAt }: Publication): boolean =>
  (epoch === chain.epoch || chain.epoch === undefined) &&
  (chain.from === undefined ? startedAt >= chain.since : offset! > chain.from);

const openNames = ({ covers }: Publication): string =>
  covers
    .filter(({ open }) => open)
    .map(({ subscribed }) => subscribed)
    .join(" and ");

/** The name of a publication in a report. */
export const nameOf = ({ n, channel, offset, epoch, own }: Publication): string =>
  `message ${n} on ${channel}${offset === undefined ? "" : ` (${epoch ?? ""} ${offset})`}${own ? ", published by this client," : ""}`;
