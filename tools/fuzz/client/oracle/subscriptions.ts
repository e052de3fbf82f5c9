import type { Position, StateChange } from "../adapter.js";
import { GUARD_CHANNEL, hasHistory } from "../channels.js";
import type { Clock } from "../clock.js";
import type { Span } from "../publication.js";
import type { Fail } from "./fail.js";
import type { PositionAnswer, Traffic } from "./traffic.js";

/** The promise for a channel with history: from which message on everything arrives in order. */
export interface Chain {
  epoch: string | undefined;
  /** All messages after this offset are promised; `undefined`: all that are published after `since`. */
  from: number | undefined;
  since: number;
  /** Messages up to this offset may arrive in any order, because a wildcard may deliver them. */
  floor: number;
  /** The offset of the last message that arrived in order. */
  last: number;
  /** The answer that began it. */
  answer: number;
}

/** The requested and the reported state of a channel. */
export interface Status {
  channel: string;
  /** The holders: handles, and the client itself. */
  holders: Set<string>;
  /** Handles that have ever subscribed. They unsubscribe only for themselves. */
  known: Set<string>;
  /** The reported state on the current connection. */
  reported: "yes" | "no" | "unknown";
  /** The reported state when the last holder left. */
  before?: "yes" | "no" | "unknown";
  /** The promise of the subscription, on channels without history. */
  span?: Span | undefined;
  /** The promise on channels with history, which outlives connections. */
  chain?: Chain | undefined;
}

/** The holder for the callback API and the option `channels`. */
const OWN = "client";

/** Checks the reported states of subscriptions. */
export class Subscriptions {
  readonly #statuses = new Map<string, Status>();
  /** The promise for the guard's channel. */
  guard: Span | undefined;
  /** The connection may be dead, and a ping decides. */
  doubtful = false;
  connected = false;

  constructor(
    readonly clock: Clock,
    readonly traffic: Traffic,
    readonly fail: Fail,
    /** The largest offset that the application received on a channel. */
    readonly highest: (channel: string) => number,
    /** An event reported possible misses on the channel. */
    readonly excuse: (channel: string) => void,
  ) {}

  /** All channels that the application has used. */
  get all(): Iterable<Status> {
    return this.#statuses.values();
  }

  /** The status of a channel. */
  of(channel: string): Status {
    let status = this.#statuses.get(channel);
    if (!status)
      this.#statuses.set(channel, (status = { channel, holders: new Set(), known: new Set([OWN]), reported: "no" }));
    return status;
  }

  /** Whether the application requests a channel. */
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

  /** The holder of a channel for a caller. */
  holderOf(channel: string, caller: string): string {
    return this.of(channel).known.has(caller) ? caller : OWN;
  }

  /** A `subscribe` succeeded, and no later `unsubscribe` of the holder overtook it. */
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

  /** An `unsubscribe` failed: the client retries it, or the channel stays if the server rejects it for good. */
  notUnsubscribed(channel: string, holder: string, retryable: boolean): void {
    const status = this.of(channel);
    if (status.holders.size > 0) return;
    // A holder without a reported subscription does not hold the channel after the server rejects its end.
    if (retryable || status.before !== "yes") status.reported = "unknown";
    else {
      this.subscribes(channel, this.holderOf(channel, holder));
      this.subscribed(channel);
    }
  }

  /** The name cannot be subscribed. */
  refused(channel: string): void {
    this.of(channel).holders.clear();
  }

  /** The event `subscribed`. */
  onSubscribed(channel: string, recovered: boolean | undefined, code: string | undefined): void {
    const status = this.of(channel);
    const { chain } = status;
    status.reported = "yes";
    // An invalid position alone does not cause misses.
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

  /** The first answer on a connection: the guard's channel is promised from now on. */
  answers(): void {
    if (this.connected) this.guard ??= { subscribed: GUARD_CHANNEL, open: true };
  }

  /** The application called `reset`: nothing is requested or promised any more. */
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

  /** The promise for a history: from the answer's position, or from the client's `since`. */
  #chain(channel: string): Chain {
    const told = this.traffic.positions.get(channel);
    const floor = Math.max(this.highest(channel), this.#floors.get(channel) ?? 0);
    const used = told === undefined || told.order <= (this.#used.get(channel) ?? 0);
    if (told) this.#used.set(channel, told.order);
    // Without a new answer, the next message determines the epoch.
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
  /** The position at which a channel last began: up to it, a wildcard delivers messages in any order, even later. */
  readonly #floors = new Map<string, number>();

  /** Messages were missed, and the application knows: continues at the answer's position. */
  #restarts(status: Status, code: string | undefined): void {
    // An invalid position was not sent: the channel continues at the answer's position.
    if (code === "bad_position") return this.#begins(status);
    const told = this.traffic.positions.get(status.channel);
    if (told && told.code === code && told.recovered === false) {
      this.#used.set(status.channel, told.order);
      const { epoch, offset } = told.position;
      // Messages that a wildcard delivered earlier still count as delivered.
      status.chain = { epoch, from: offset, since: this.clock.now, floor: offset, last: offset, answer: told.order };
      return;
    }
    // The next message determines the epoch.
    status.chain = { ...status.chain!, epoch: undefined, from: undefined, since: this.clock.now, floor: 0, last: 0 };
  }
}

const startOf = ({ position, since, recovered }: PositionAnswer): Position =>
  recovered === true && since ? since : position;
