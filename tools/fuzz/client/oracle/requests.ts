import type { PushItError } from "../adapter.js";
import type { Clock } from "../clock.js";
import { hasHistory } from "../channels.js";
import type { Publication } from "../publication.js";
import { nameOf } from "./messages.js";
import type { Fail } from "./fail.js";
import type { Subscriptions } from "./subscriptions.js";
import type { Traffic } from "./traffic.js";

/** A request of the application. */
export interface AppRequest {
  kind: "subscribe" | "unsubscribe" | "publish" | "history" | "presence" | "refresh" | "state";
  channel: string;
  /** The caller: a handle, or the client itself. */
  holder: string;
  publication?: Publication;
  /** How many of the newest messages it subscribes with. */
  last?: number;
  /** The state that it sets, as JSON. */
  state?: string;
  calledAt: number;
  /** How often it has ended. */
  ends: number;
  /** When it succeeded after a later call. */
  endedAt?: number;
  /** The number of this call among the holder's calls about the channel. */
  call: number;
}

/** A failed publication. It is checked at the end of the step, because the reason may arrive later in it. */
interface FailedPublication {
  publication: Publication;
  code: string;
  at: number;
  /** Whether the server's acknowledgement had arrived. */
  answered: boolean;
  /** Whether the client knows that the channel has history. */
  known: boolean;
}

/** How long a publication on a channel with history is retried, in milliseconds. */
const RETRY_WINDOW_MS = 300_000;

/** Codes after which a publication on a channel with history is retried. */
const RETRIED_CODES = [
  "timeout",
  "closed",
  "internal",
  "throttled",
  "unavailable",
  "channel_busy",
  "rate_limited",
  "expired",
  "unknown_agent",
];

/** Codes after which the message was certainly not published. */
const REJECTED_CODES = [
  "denied",
  "guard_timeout",
  "guard_failed",
  "rate_limited",
  "channel_busy",
  "uuid_reused",
  "too_many",
  "bad_channel",
  "wildcard",
];

/** Checks that each request ends once, with the right result. */
export class Requests {
  readonly #asks = new Set<AppRequest>();
  readonly #failures: FailedPublication[] = [];
  /** Subscriptions by callbacks that succeeded after a later call: checked at the end of the step. */
  #overtaken: AppRequest[] = [];
  readonly #calls = new Map<string, number>();
  /** When the application or the server last ended the session, which also ends publications. */
  stoppedAt = -Infinity;

  constructor(
    readonly clock: Clock,
    readonly subscriptions: Subscriptions,
    readonly traffic: Traffic,
    readonly fail: Fail,
  ) {}

  /** Number of open requests. */
  get open(): number {
    return this.#asks.size;
  }

  /** When the first of the calls that wait to subscribe to a channel was made. */
  subscribingSince(channel: string): number {
    const waiting = [...this.#asks].filter((ask) => ask.kind === "subscribe" && ask.channel === channel);
    return Math.min(...waiting.map(({ calledAt }) => calledAt));
  }

  /** Records a request of the application. */
  begin(kind: AppRequest["kind"], channel: string, holder: string, publication?: Publication): AppRequest {
    if (kind === "subscribe") this.subscriptions.subscribes(channel, holder);
    const key = `${channel} ${this.subscriptions.holderOf(channel, holder)}`;
    const isOrdered = kind === "subscribe" || kind === "unsubscribe";
    const call = (this.#calls.get(key) ?? 0) + (isOrdered ? 1 : 0);
    this.#calls.set(key, call);
    const ask: AppRequest = {
      kind,
      channel,
      holder,
      ...(publication && { publication }),
      calledAt: this.clock.now,
      ends: 0,
      call,
    };
    this.#asks.add(ask);
    if (kind === "unsubscribe") this.subscriptions.unsubscribes(channel, holder);
    return ask;
  }

  /** Removes a request whose call threw. */
  withdraw(ask: AppRequest): void {
    this.#asks.delete(ask);
  }

  /** Records the end of a request. */
  end(ask: AppRequest, error: PushItError | undefined): void {
    ask.ends += 1;
    this.#asks.delete(ask);
    if (ask.ends > 1) return this.fail("requests", `${this.#name(ask)} ends a second time`);
    if (error) return this.#failed(ask, error);
    const { kind, channel, publication } = ask;
    const overtaken = !this.#isNewest(ask);
    if (kind === "subscribe" && !overtaken) this.subscriptions.subscribed(channel);
    if (kind === "unsubscribe") this.subscriptions.unsubscribed(channel);
    if (publication && !publication.executed)
      this.fail("requests", `${nameOf(publication)} is reported as published, and is not`);
    // A revocation later in this step, or a denial, does not count as overtaking.
    if (kind === "subscribe" && ask.holder === "client" && overtaken && !this.subscriptions.wants(channel))
      this.#overtaken.push(Object.assign(ask, { endedAt: this.clock.now }));
  }

  /** The event `subscribed`: calls that have just succeeded are right, because the server denied to unsubscribe. */
  confirmed(channel: string): void {
    this.#overtaken = this.#overtaken.filter((ask) => ask.channel !== channel || ask.endedAt !== this.clock.now);
  }

  /** Checks the publications that failed in this step. */
  step(): void {
    for (const failed of this.#failures.splice(0)) this.#unpublished(failed);
    // Callbacks report success only if it still holds. A handle's promise is just fulfilled.
    for (const ask of this.#overtaken.splice(0))
      if (!this.subscriptions.wants(ask.channel) && this.subscriptions.of(ask.channel).reported !== "yes")
        this.fail("requests", `${this.#name(ask)} succeeds, though a later unsubscribe() overtook it`);
  }

  /** Checks at the end that no request is open. */
  finish(): void {
    this.step();
    for (const ask of this.#asks) this.fail("requests", `${this.#name(ask)} never ends`);
  }

  #failed(ask: AppRequest, { code, retryable }: PushItError): void {
    const { kind, channel, publication } = ask;
    if (kind === "unsubscribe" && code !== "superseded")
      this.subscriptions.notUnsubscribed(channel, ask.holder, retryable);
    // An invalid name is never subscribed.
    if (kind === "subscribe" && code === "bad_channel") this.subscriptions.refused(channel);
    // Without its newest messages, an object has not subscribed. A client that is stopped keeps its objects.
    if (kind === "subscribe" && !retryable && ask.last && this.#isNewest(ask) && this.stoppedAt !== this.clock.now)
      this.subscriptions.unsubscribes(channel, ask.holder);
    if (code === "too_many") this.fail("requests", `${this.#name(ask)} ends with too_many, though it is one alone`);
    if (publication) {
      this.#failures.push({
        ...{ publication, code, at: this.clock.now, answered: this.traffic.answered.has(publication.n) },
        known: hasHistory(channel) && this.subscriptions.of(channel).chain !== undefined,
      });
      return;
    }
    if (kind !== "subscribe" && kind !== "unsubscribe") return;
    const asked = this.traffic.asked.get(channel);
    if (code === "timeout" && asked?.action === kind && asked.answered && asked.at >= ask.calledAt)
      this.fail("requests", `${this.#name(ask)} ends with timeout, though the answer came`);
  }

  #unpublished({ publication, code, at, known, answered }: FailedPublication): void {
    const sent = this.traffic.sent.get(publication.n);
    if (sent && this.stoppedAt >= sent.at) return;
    if (answered && !publication.uuid.startsWith("twin"))
      this.fail("requests", `${nameOf(publication)} ends with ${code}, though the server acknowledged it`);
    if (sent?.times === 1 && publication.executed && REJECTED_CODES.includes(code))
      this.fail("requests", `${nameOf(publication)} ends with ${code}, though it is published`);
    if (sent && known && RETRIED_CODES.includes(code) && at - sent.at < RETRY_WINDOW_MS)
      this.fail(
        "repeating",
        `${nameOf(publication)} ends with ${code} ${at - sent.at} ms after it was first sent, on a channel with history`,
      );
  }

  /** Whether the holder has made no later call about the channel. */
  #isNewest({ channel, holder, call }: AppRequest): boolean {
    return this.#calls.get(`${channel} ${this.subscriptions.holderOf(channel, holder)}`) === call;
  }

  #name({ kind, channel, holder, publication, calledAt }: AppRequest): string {
    const what = publication ? `the publication of ${nameOf(publication)}` : `${kind} of ${channel} by ${holder}`;
    return `${what} (asked ${this.clock.now - calledAt} ms ago)`;
  }
}
