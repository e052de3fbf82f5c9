import { DRAIN_MS } from "../adapter.js";
import { GUARD_CHANNEL, hasHistory, matchesSubscription, isLatestOnly } from "../channels.js";
import type { Clock } from "../clock.js";
import type { Link } from "../link.js";
import type { Publication } from "../publication.js";
import type { Fail } from "./fail.js";
import type { Chain, Subscriptions } from "./subscriptions.js";

/** How long before a message a rotation may have told that such may be missed, in milliseconds. */
const ROTATION_MS = 180_000;

/** What the application is given as a message. */
export interface ReceivedMessage {
  channel: string;
  uuid: string;
  data: unknown;
  offset?: number;
  epoch?: string;
}

/** Judges what the application is told on channels: each promised message once, in order, or an event. */
export class Messages {
  /** All that was published, by number. */
  readonly all: Publication[] = [];
  readonly #byChannel = new Map<string, Publication[]>();
  /** The largest offset that the application was told, by channel. */
  readonly #highest = new Map<string, { epoch: string | undefined; offset: number }>();
  /** The largest offset that the client was given on channels with a latest value. */
  readonly #newest = new Map<string, number>();
  /** What has to be told before this step is over. */
  #expected: Publication[] = [];
  /** What was left out in a channel's order, unless an event says so in the same step. */
  #skipped: { publication: Publication; chain: Chain; by: Publication }[] = [];
  /** What was told of another history than the channel's: an event has to follow that says so. */
  readonly #foreign: { publication: Publication; chain: Chain }[] = [];
  /** When a rotation last told of a channel that late messages may be missed. */
  readonly #rotated = new Map<string, number>();

  constructor(
    readonly clock: Clock,
    readonly subscriptions: Subscriptions,
    readonly fail: Fail,
    /** When a channel was last subscribed on a connection, and until then not on another one in use. */
    readonly movedAt: (channel: string, link: number) => number,
    /** Whether the client waits for an answer about a channel. */
    readonly isAsking: (channel: string) => boolean,
  ) {}

  /** Somebody publishes: whatever is promised now covers it. */
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

  /** A publish frame is sent from now on: what is promised now covers it. */
  covered(publication: Publication): void {
    publication.startedAt = this.clock.now;
    publication.covers = [...this.subscriptions.spans()].filter(({ subscribed }) =>
      matchesSubscription(subscribed, publication.channel),
    );
  }

  /** The largest offset that was told on a channel. */
  highest(channel: string): number {
    return this.#highest.get(channel)?.offset ?? 0;
  }

  /** An event says that the application has to load a channel anew. */
  excuse(channel: string): void {
    for (const publication of this.#byChannel.get(channel) ?? []) publication.excused = true;
  }

  /** The event `rotated`. */
  rotated(channels: readonly string[]): void {
    for (const channel of channels) this.#rotated.set(channel, this.clock.now);
  }

  /** Everything that the client may have missed before is forgiven: the application has called `reset`. */
  forget(): void {
    for (const publication of this.all) publication.excused = true;
  }

  /** The client is about to be given a frame: what nothing holds back is told at once. */
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

  /** The client is about to be given a channel's latest value, in an answer: what is older need not be told. */
  latest(channel: string, offset: number): void {
    this.#newest.set(channel, Math.max(this.#newest.get(channel) ?? 0, offset));
  }

  /** A frame arrives on a connection that the client has closed. */
  unread(link: Link, objects: ReceivedMessage[]): void {
    for (const { data } of objects) this.#find(data)?.missed.push({ link: link.id, at: this.clock.now, broken: false });
  }

  /** The application is told a message. */
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
      return this.fail("truth", `the application is told what nobody published: ${JSON.stringify(given)}`);
    publication.received += 1;
    if (publication.received > 1 && !publication.excused) this.fail("once", `${nameOf(publication)} is told twice`);
    if (publication.own && !publication.echo && !publication.excused)
      this.fail("echo", `${nameOf(publication)} is told, though this client published it with echo: false`);
    if (isLatestOnly(channel) && offset! < this.highest(channel))
      this.fail("order", `${nameOf(publication)} is told after a newer value`);
    if (hasHistory(channel)) this.#inOrder(publication);
    const highest = this.#highest.get(channel);
    if (offset !== undefined && (!highest || epoch !== highest.epoch || offset > highest.offset))
      this.#highest.set(channel, { epoch, offset });
  }

  /** The step is over: judges what had to happen in it. */
  step(): void {
    for (const publication of this.#expected) {
      if (!publication.received && this.#mustReceive(publication))
        this.fail(
          "delivery",
          `${nameOf(publication)} reached the client under an acknowledged subscription and is not told`,
        );
    }
    this.#expected = [];
    for (const { publication, chain, by } of this.#skipped)
      if (!publication.received && this.#chainOf(publication) === chain)
        this.fail("order", `${nameOf(publication)} is left out: ${nameOf(by)} is told before it`);
    this.#skipped = [];
  }

  /** Everything has had its time: all that is promised must have been told. */
  finish(): void {
    this.step();
    for (const { publication, chain } of this.#foreign)
      if (this.#chainOf(publication) === chain && chain.epoch !== publication.epoch)
        this.fail("order", `${nameOf(publication)} of another history is told, and no event says so`);
    for (const publication of this.all) {
      if (publication.received || !publication.executed || !this.#mustReceive(publication)) continue;
      const chain = this.#chainOf(publication);
      if (chain && isPromised(chain, publication))
        this.fail("history", `${nameOf(publication)} is never told, though the subscription was acknowledged`);
      else if (!publication.excused && this.#isCovered(publication))
        this.fail(
          "delivery",
          `${nameOf(publication)} is never told, though ${openNames(publication)} was acknowledged and no event says so`,
        );
    }
  }

  #find(data: unknown): Publication | undefined {
    return this.all[(data as { n?: number } | undefined)?.n ?? -1];
  }

  #chainOf({ channel }: Publication): Chain | undefined {
    return hasHistory(channel) ? this.subscriptions.of(channel).chain : undefined;
  }

  /** Whether the client is to be told this at all. */
  #mustReceive({ withheld, own, echo }: Publication): boolean {
    return !withheld && (echo || !own);
  }

  /** Whether nothing may hold this back: it has no order, or the channel itself was never asked for. */
  #atOnce(publication: Publication): boolean {
    const { channel } = publication;
    if (!publication.covers.some(({ open }) => open)) return false;
    const { reported, chain, holders } = this.subscriptions.of(channel);
    return !hasHistory(channel) || (reported === "no" && !chain && holders.size === 0 && !this.isAsking(channel));
  }

  #isCovered(publication: Publication): boolean {
    const { channel, complete, lost, covers, missed, offset, startedAt } = publication;
    if (!complete || lost || !covers.some(({ open }) => open)) return false;
    // The application has said that it knows everything up to a position.
    const since = this.subscriptions.traffic.positions.get(channel)?.since;
    if (since && since.epoch === publication.epoch && offset! <= since.offset) return false;
    if (isLatestOnly(channel) && offset! < this.highest(channel)) return false;
    // The old connection had broken, or a worker was so late that it was closed; and the rotation has told so.
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
      // An old one may come late, by a wildcard for example.
      if (publication.startedAt >= chain.since) this.#foreign.push({ publication, chain });
      return;
    }
    if (publication.offset! <= chain.floor) return;
    if (publication.offset! <= chain.last)
      return this.fail("order", `${nameOf(publication)} is told after offset ${chain.last}`);
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

/** How a publication is named in a report. */
export const nameOf = ({ n, channel, offset, epoch, own }: Publication): string =>
  `message ${n} on ${channel}${offset === undefined ? "" : ` (${epoch ?? ""} ${offset})`}${own ? ", published by this client," : ""}`;
