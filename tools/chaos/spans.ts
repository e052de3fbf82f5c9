import type { Entry, EntryOf, Moment, Position } from "./journal.js";

/** Why a span ended. */
export type EndReason =
  /** The application unsubscribed. */
  | "released"
  /** The connection was lost, which ends spans without recovery. */
  | "lost"
  /** A rotation closed the old connection, and the SDK reported that messages may be missed. */
  | "rotated"
  /** The SDK reported a new subscription with missed messages. */
  | "missed"
  /** The SDK reported that the subscription ended. */
  | "refused"
  /** The application left the page. */
  | "left";

/** A time range in which an application was subscribed to a name, according to the SDK. */
export interface Span {
  name: string;
  /** When the subscription was acknowledged. */
  from: Moment;
  /** When and why it ended; absent: it lasts to the end of the run. */
  to?: Moment & { why: EndReason };
  /** All messages after this position are due, whenever they were published. */
  since?: Position;
  /** When the application requested the subscription. */
  asked: number;
  /** When the span last began, or its connection was last lost or restored. */
  lastDisturbed: Moment;
}

/** A time range in which an application requested a name, until its unsubscription was answered. */
export interface DesiredSpan {
  name: string;
  from: number;
  /** Infinity: no answer has ended it. */
  to: number;
}

/** The subscription state of one name on a page. */
export interface NameReading {
  name: string;
  spans: Span[];
  desiredSpans: DesiredSpan[];
  /** Descriptions of wrong events. */
  wrong: string[];
  /** Whether a component requests the name. */
  isDesired: boolean;
  /** Whether the SDK reports a subscription on the current connection. */
  isSubscribed: boolean;
  /** Number of unanswered calls. */
  unanswered: number;
}

/** Codes of states in which the connection is unverified but not lost. */
const UNVERIFIED_CODES: ReadonlySet<string> = new Set(["frozen", "offline"]);

/** Whether a state change means that the connection is lost. */
const isLoss = ({ state, code }: EntryOf<"state">): boolean => state !== "connected" && !UNVERIFIED_CODES.has(code);

interface Holder {
  call: number;
  acknowledged: boolean;
}

/** Reads the entries of a page about one name, in order. */
class NameReader {
  readonly spans: Span[] = [];
  readonly desiredSpans: DesiredSpan[] = [];
  readonly wrong: string[] = [];
  readonly #holders = new Map<number, Holder>();
  readonly #calls = new Map<number, { holder: number; wants: boolean }>();
  #open: Span | undefined;
  #desiredSpan: DesiredSpan | undefined;
  /** The start of the next span: the page's position, until an unsubscription drops it. */
  #since: Position | undefined;
  #asked = 0;
  /** The turn in which the last holder left, and the span that this ended. */
  #released: { turn: number; span: Span } | undefined;
  /** The span that continues, because the application subscribed again in the turn of its unsubscription. */
  #resumes: Span | undefined;
  /** The unsubscription whose answer ends the requested span. */
  #leaving: number | undefined;
  /** The span that began with the last rotation. */
  #rotated: Span | undefined;
  /** Whether the connection was lost and the name has not been subscribed again. */
  #isDisconnected = false;

  constructor(
    private readonly name: string,
    private readonly recovers: boolean,
    since: Position | undefined,
  ) {
    this.#since = recovers ? since : undefined;
  }

  read(entries: Iterable<Entry>): NameReading {
    for (const entry of entries) this.#take(entry);
    const { name, spans, desiredSpans, wrong } = this;
    const stands = this.#open !== undefined && !this.#isDisconnected;
    return {
      name,
      spans,
      desiredSpans,
      wrong,
      isDesired: this.#holders.size > 0,
      isSubscribed: stands,
      unanswered: this.#calls.size,
    };
  }

  #take(entry: Entry): void {
    if ("name" in entry && entry.name !== this.name) return;
    switch (entry.is) {
      case "subscribe":
        return this.#subscribes(entry);
      case "unsubscribe":
        return this.#unsubscribes(entry);
      case "fulfilled":
        return this.#fulfilled(entry);
      case "rejected":
        return this.#rejected(entry);
      case "subscribed":
        return this.#subscribed(entry);
      case "unsubscribed":
        return this.#unsubscribed(entry);
      case "state":
        return this.#changed(entry);
      case "rotated":
        if (this.recovers || !this.#open || !entry.names.includes(this.name)) return;
        this.#restart(entry, "rotated");
        this.#rotated = this.#open;
        return;
      case "left":
        return this.#left(entry);
      case "message":
      case "listened":
      case "listenedLast":
      case "setState":
      case "member":
      case "asked":
      case "members":
        return;
    }
  }

  #subscribes({ at, holder, call, turn }: EntryOf<"subscribe">): void {
    if (this.#holders.size === 0) {
      this.#asked = at;
      this.#resumes = this.recovers && this.#released?.turn === turn ? this.#released.span : undefined;
      if (!this.#desiredSpan || this.#desiredSpan.to <= at)
        this.desiredSpans.push((this.#desiredSpan = { name: this.name, from: at, to: Infinity }));
      this.#desiredSpan.to = Infinity;
    }
    this.#holders.set(holder, { call, acknowledged: false });
    this.#calls.set(call, { holder, wants: true });
  }

  #unsubscribes({ at, ms, holder, call, turn }: EntryOf<"unsubscribe">): void {
    this.#calls.set(call, { holder, wants: false });
    this.#holders.delete(holder);
    this.#leaving = call;
    const span = this.#open;
    if (span && !this.#isHeld()) this.#end({ at, ms }, "released");
    if (this.#holders.size > 0) return;
    if (span) this.#released = { turn, span };
    else if (this.#released?.turn !== turn) this.#released = undefined;
    // An unsubscription drops the position. A subscription in the same turn continues the last span.
    this.#resumes = undefined;
    this.#since = undefined;
  }

  #fulfilled({ at, ms, call }: EntryOf<"fulfilled">): void {
    const known = this.#calls.get(call);
    if (!known) return;
    this.#calls.delete(call);
    if (!known.wants) {
      if (call === this.#leaving) this.#endDesiredSpan(at);
      return;
    }
    const holder = this.#holders.get(known.holder);
    if (holder?.call !== call) return;
    holder.acknowledged = true;
    this.#isDisconnected = false;
    this.#begin({ at, ms });
  }

  #rejected({ at, ms, call, code, retryable }: EntryOf<"rejected">): void {
    const known = this.#calls.get(call);
    if (!known) return;
    this.#calls.delete(call);
    const holder = this.#holders.get(known.holder);
    if (!known.wants || holder?.call !== call || retryable || code === "superseded") return;
    this.#holders.delete(known.holder);
    if (!this.#isHeld()) this.#end({ at, ms }, "refused");
    this.#endDesiredSpan(at);
  }

  #subscribed({ at, ms, recovered }: EntryOf<"subscribed">): void {
    if (this.#holders.size === 0) return;
    for (const holder of this.#holders.values()) holder.acknowledged = true;
    this.#isDisconnected = false;
    if (recovered === false) {
      this.#since = undefined;
      this.#resumes = undefined;
      this.#restart({ at, ms }, "missed");
    } else if (this.#open && !this.recovers) {
      // The rotation left the name behind: it was not subscribed until now.
      if (this.#open === this.#rotated) this.spans.pop();
      this.#restart({ at, ms }, "missed");
    } else this.#begin({ at, ms });
    if (this.#open) this.#open.lastDisturbed = { at, ms };
  }

  #unsubscribed({ at, ms, code }: EntryOf<"unsubscribed">): void {
    if (code === undefined && this.#isHeld())
      this.wrong.push(`got the event unsubscribed for ${this.name} without an unsubscription`);
    if (code !== undefined) this.#holders.clear();
    this.#end({ at, ms }, "refused");
    this.#endDesiredSpan(at);
  }

  #changed(entry: EntryOf<"state">): void {
    const { at, ms } = entry;
    if (isLoss(entry)) this.#isDisconnected = true;
    if (!this.recovers && isLoss(entry)) this.#end({ at, ms }, "lost");
    if (this.#open) this.#open.lastDisturbed = { at, ms };
  }

  #left({ at, ms, positions }: EntryOf<"left">): void {
    if (this.recovers && this.#open && !positions[this.name]) {
      this.wrong.push(`has no position on ${this.name}, and is subscribed to it`);
    }
    this.#end({ at, ms }, "left");
    this.#holders.clear();
    this.#calls.clear();
    this.#endDesiredSpan(at);
  }

  /** Later publications must not arrive, unless another holder requests the name. */
  #endDesiredSpan(at: number): void {
    if (this.#desiredSpan && this.#holders.size === 0) this.#desiredSpan.to = Math.min(this.#desiredSpan.to, at);
  }

  #isHeld(): boolean {
    return [...this.#holders.values()].some(({ acknowledged }) => acknowledged);
  }

  #begin(from: Moment): void {
    if (this.#open) return;
    if (this.#resumes) {
      this.#open = this.#resumes;
      delete this.#open.to;
      this.#resumes = undefined;
      return;
    }
    this.#open = {
      name: this.name,
      from,
      asked: this.#asked,
      lastDisturbed: from,
      ...(this.#since && { since: this.#since }),
    };
    this.#since = undefined;
    this.spans.push(this.#open);
  }

  #end(to: Moment, why: EndReason): void {
    if (this.#open) {
      this.#open.to = { ...to, why };
      if (this.#isDisconnected) this.#open.lastDisturbed = to;
    }
    this.#open = undefined;
  }

  #restart(moment: Moment, why: EndReason): void {
    this.#end(moment, why);
    this.#begin(moment);
  }
}

/**
 * Reads the subscription state of a name.
 * @param entries the page's entries, with or without messages
 * @param recovers whether the name is a channel with history
 * @param since the initial position of the page
 */
export const readName = (name: string, entries: Iterable<Entry>, recovers: boolean, since?: Position): NameReading =>
  new NameReader(name, recovers, since).read(entries);
