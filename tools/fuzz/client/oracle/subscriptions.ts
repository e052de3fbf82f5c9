import type { Position, StateChange } from "../adapter.js";
import { GUARD_CHANNEL, hasHistory } from "../channels.js";
import type { Clock } from "../clock.js";
import type { Span } from "../publication.js";
import type { Fail } from "./fail.js";
import type { PositionAnswer, Traffic } from "./traffic.js";

/** What the application has been told of a channel with history: from where on it gets everything, in order. */
export interface Chain {
  epoch: string | undefined;
  /** Everything behind this offset is promised; `undefined`: everything that is published from `since` on. */
  from: number | undefined;
  since: number;
  /** Messages up to here may come in any order: a wildcard may bring them. */
  floor: number;
  /** The last message that was told in the channel's order. */
  last: number;
  /** The answer by which it began. */
  answer: number;
}

/** What the application wants of a channel, and what it was told. */
export interface Status {
  channel: string;
  /** Who holds the channel: handles, and the client itself. */
  holders: Set<string>;
  /** Handles that have subscribed at some time: they unsubscribe for themselves only. */
  known: Set<string>;
  /** What the application was told, for the connection in use. */
  reported: "yes" | "no" | "unknown";
  /** What that was when the last holder left. */
  before?: "yes" | "no" | "unknown";
  /** The promise of the subscription itself, on channels without history. */
  span?: Span | undefined;
  /** The same on channels with history: it outlives connections. */
  chain?: Chain | undefined;
}

/** The holder that stands for the callbacks and the option `channels`. */
const OWN = "client";

/** Judges what the application is told of its subscriptions. */
export class Subscriptions {
  readonly #statuses = new Map<string, Status>();
  /** The promise of what the connection guard subscribed to. */
  guard: Span | undefined;
  /** The connection may be dead; a ping decides. */
  doubtful = false;
  connected = false;

  constructor(
    readonly clock: Clock,
    readonly traffic: Traffic,
    readonly fail: Fail,
    /** The largest offset that was told on a channel. */
    readonly highest: (channel: string) => number,
    /** An event has said that messages of the channel may have been missed. */
    readonly excuse: (channel: string) => void,
  ) {}

  /** All channels that the application has had to do with. */
  get all(): Iterable<Status> {
    return this.#statuses.values();
  }

  /** What is known of a channel. */
  of(channel: string): Status {
    let status = this.#statuses.get(channel);
    if (!status)
      this.#statuses.set(channel, (status = { channel, holders: new Set(), known: new Set([OWN]), reported: "no" }));
    return status;
  }

  /** Whether the application wants a channel. */
  wants(channel: string): boolean {
    return this.of(channel).holders.size > 0;
  }

  /** The open promises, except those of histories. */
  *spans(): Iterable<Span> {
    for (const { span } of this.#statuses.values()) if (span) yield span;
    if (this.guard) yield this.guard;
  }

  /** The application calls `subscribe`. */
  subscribes(channel: string, holder: string): void {
    const { holders, known } = this.of(channel);
    holders.add(holder);
    known.add(holder);
  }

  /** The application calls `unsubscribe`. A handle that has never subscribed does so for the client itself. */
  unsubscribes(channel: string, holder: string): void {
    const status = this.of(channel);
    if (!status.holders.delete(this.holderOf(channel, holder)) || status.holders.size > 0) return;
    if (status.reported !== "unknown") status.before = status.reported;
    this.#leaves(status, status.reported === "no" ? "no" : "unknown");
  }

  /** Who holds a channel for a caller. */
  holderOf(channel: string, caller: string): string {
    return this.of(channel).known.has(caller) ? caller : OWN;
  }

  /** A `subscribe` has succeeded that no later `unsubscribe` of the same holder has overtaken. */
  subscribed(channel: string): void {
    const status = this.of(channel);
    status.reported = "yes";
    if (status.holders.size > 0) this.#begins(status);
  }

  /** An `unsubscribe` has succeeded. */
  unsubscribed(channel: string): void {
    const status = this.of(channel);
    if (status.holders.size === 0) this.#leaves(status, "no");
  }

  /** An `unsubscribe` has failed: it is tried again, or, if the server refuses it for good, the channel stays. */
  notUnsubscribed(channel: string, holder: string, retryable: boolean): void {
    const status = this.of(channel);
    if (status.holders.size > 0) return;
    // Who was never told to be subscribed does not hold it because the server refuses to end it.
    if (retryable || status.before !== "yes") status.reported = "unknown";
    else {
      this.subscribes(channel, this.holderOf(channel, holder));
      this.subscribed(channel);
    }
  }

  /** Nobody can subscribe to a channel of that name. */
  refused(channel: string): void {
    this.of(channel).holders.clear();
  }

  /** The event `subscribed`. */
  onSubscribed(channel: string, recovered: boolean | undefined, code: string | undefined): void {
    const status = this.of(channel);
    const { chain } = status;
    status.reported = "yes";
    // A bad position alone misses nothing.
    if (recovered === false && code !== "bad_position") this.excuse(channel);
    if (status.holders.size === 0) return void (status.before = "yes");
    if (!hasHistory(channel)) status.span = this.#reopened(status.span, channel);
    else if (!chain) this.#begins(status);
    else if (recovered === false && code !== "bad_position") this.#restarts(status, code);
    else if (recovered === undefined && chain.answer !== (this.traffic.positions.get(channel)?.order ?? 0))
      this.fail("recovery", `${channel} is subscribed again without recovery, though its position was known`);
  }

  /** The event `unsubscribed`. */
  onUnsubscribed(channel: string, error: boolean): void {
    const status = this.of(channel);
    if (error) status.holders.clear();
    if (status.holders.size === 0) this.#leaves(status, "no");
    else status.reported = "no";
  }

  /** The event `state`. */
  onState({ state, code }: StateChange): void {
    if (this.connected && state === "connecting" && ["frozen", "offline"].includes(code)) {
      this.doubtful = true;
      this.connected = false;
    } else if (this.doubtful && state === "connected" && (code as string) === "verified") {
      this.doubtful = false;
      this.connected = true;
    } else {
      this.doubtful = false;
      this.connected = state === "connected";
      this.#loses();
    }
  }

  /** The first answer on a connection: what its guard subscribed to is promised from now on. */
  answers(): void {
    if (this.connected) this.guard ??= { subscribed: GUARD_CHANNEL, open: true };
  }

  /** The application has called `reset`: nothing is wanted or promised any more. */
  forget(): void {
    for (const status of this.#statuses.values()) {
      status.holders.clear();
      this.#leaves(status, "no");
    }
  }

  #loses(): void {
    if (this.guard) this.guard.open = false;
    this.guard = undefined;
    for (const status of this.#statuses.values()) {
      this.#ends(status);
      if (status.reported === "yes") status.reported = "unknown";
      status.before = "unknown";
    }
  }

  #ends(status: Status): void {
    if (status.span) status.span.open = false;
    status.span = undefined;
  }

  #leaves(status: Status, told: Status["reported"]): void {
    this.#ends(status);
    status.chain = undefined;
    status.reported = told;
    if (told === "no") status.before = "no";
  }

  #reopened(span: Span | undefined, subscribed: string): Span {
    if (span) span.open = false;
    return { subscribed, open: true };
  }

  #begins(status: Status): void {
    const { channel } = status;
    if (!hasHistory(channel)) status.span ??= { subscribed: channel, open: true };
    else status.chain ??= this.#chain(channel);
  }

  /** A history that is followed from now on: from the answer's position, or from what the client said. */
  #chain(channel: string): Chain {
    const told = this.traffic.positions.get(channel);
    const floor = Math.max(this.highest(channel), this.#floors.get(channel) ?? 0);
    const used = told === undefined || told.order <= (this.#used.get(channel) ?? 0);
    if (told) this.#used.set(channel, told.order);
    // Without a new answer, the next message says which history it is.
    if (used)
      return { epoch: undefined, from: undefined, since: this.clock.now, floor, last: floor, answer: told?.order ?? 0 };
    const start = startOf(told);
    this.#floors.set(channel, start.offset);
    return {
      epoch: told.position.epoch,
      from: start.offset,
      since: this.clock.now,
      floor: start.offset,
      last: start.offset,
      answer: told.order,
    };
  }
  readonly #used = new Map<string, number>();
  /** The position with which a channel was last begun: up to there a wildcard brings messages in any order, also later. */
  readonly #floors = new Map<string, number>();

  /** Something of a history is missed, and the application knows: it goes on from the answer's position. */
  #restarts(status: Status, code: string | undefined): void {
    // What was no position was not sent: the channel is followed from the answer's position, as without one.
    if (code === "bad_position") return this.#begins(status);
    const told = this.traffic.positions.get(status.channel);
    if (told && told.code === code && told.recovered === false) {
      this.#used.set(status.channel, told.order);
      const { epoch, offset } = told.position;
      // What came by a wildcard before stays told.
      status.chain = { epoch, from: offset, since: this.clock.now, floor: offset, last: offset, answer: told.order };
      return;
    }
    // Which history it goes on in, the next message says.
    status.chain = { ...status.chain!, epoch: undefined, from: undefined, since: this.clock.now, floor: 0, last: 0 };
  }
}

const startOf = ({ position, since, recovered }: PositionAnswer): Position =>
  recovered === true && since ? since : position;
