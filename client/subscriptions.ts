import { backoff } from "./backoff.js";
import type { Emitter } from "./emitter.js";
import type { PushItError } from "./errors.js";
import { freshId } from "./id.js";
import { RETRY_CAP, type Settings } from "./options.js";
import type { Request, Settle } from "./request.js";
import type { Traffic } from "./traffic.js";

/** What the subscriptions tell. */
export interface SubscriptionEvents {
  /** A channel is subscribed: for the first time, or again after a reconnection (what was published meanwhile is missed). */
  subscribed: { channel: string };
  /** A channel is not subscribed any more: as asked, or because of `error`, after which the SDK does not try again. */
  unsubscribed: { channel: string; error?: PushItError };
  /** Something failed, and no callback or promise was there to be told. */
  error: PushItError;
}

/** An operation on a channel, and who waits for it. */
interface Operation extends Request {
  _waiters: Settle[];
}

/**
 * Brings the server's subscriptions to what the application wants: one operation per channel in flight; what is asked
 * meanwhile joins it, or waits, or is superseded by what is asked after it.
 */
export class Subscriptions {
  /** The channels that the application wants. */
  readonly #wanted: Set<string>;
  /** Those that the server has confirmed on this connection. */
  readonly #live = new Set<string>();
  readonly #settings: Settings;
  readonly #traffic: Traffic;
  readonly #events: Emitter<SubscriptionEvents>;

  constructor(settings: Settings, traffic: Traffic, events: Emitter<SubscriptionEvents>) {
    this.#wanted = new Set(settings.channels);
    this.#settings = settings;
    this.#traffic = traffic;
    this.#events = events;
  }

  /** Subscribes or unsubscribes; the waiters hear when that is so, or why it is not. */
  _want(channel: string, want: boolean, ..._waiters: Settle[]): void {
    const _action = want ? "subscribe" : "unsubscribe";
    // No message's lane begins like this, whatever the channel is called.
    const _lane = " " + channel;
    let inFlight = false;
    this.#wanted[want ? "add" : "delete"](channel);
    // The one in the queue first: what it asked for must be out of the way before this joins the one in flight.
    for (const request of (this.#traffic._lane(_lane) as Operation[]).reverse()) {
      if (request._action == _action) return void request._waiters.push(..._waiters);
      if (request._frame) inFlight = true;
      else this.#traffic._fail(request, "superseded");
    }
    const operation: Operation = {
      _action,
      _lane,
      _uuid: freshId(),
      _channel: channel,
      _json: JSON.stringify(channel),
      _waiters,
      _settle: (error) => this.#settle(channel, want, _waiters, error),
    };
    // Without a connection there is no agent, and nothing that it could be subscribed to.
    if (!inFlight && (want ? this.#live.has(channel) : !this.#traffic._ready)) operation._settle();
    else this.#traffic._add(operation);
  }

  #settle(channel: string, want: boolean, waiters: readonly Settle[], error?: PushItError): void {
    const wanted = this.#wanted;
    const live = this.#live;
    for (const settle of waiters) settle(error);
    if (!error) {
      if (!want || !live.has(channel)) this.#events._emit(want ? "subscribed" : "unsubscribed", { channel });
      live[want ? "add" : "delete"](channel);
    } else if (wanted.has(channel) == want) {
      if (!waiters.length && error.code != "closed") this.#events._emit("error", error);
      if (!want) {
        // It stays subscribed, unless its connection is gone.
        if (live.has(channel)) wanted.add(channel);
      } else if (!error.temporary) {
        wanted.delete(channel);
        this.#events._emit("unsubscribed", { channel, error });
      } else if (this.#traffic._ready) {
        const { host, retryCap = RETRY_CAP } = this.#settings;
        host.setTimeout(() => this.#restore(channel), backoff(0, retryCap, retryCap, host.Math.random()));
      }
    }
  }

  /** Subscribes to what is wanted and is not subscribed: on a new connection, after a temporary failure. */
  #restore(channel: string): void {
    if (this.#traffic._ready && this.#wanted.has(channel) && !this.#live.has(channel)) this._want(channel, true);
  }

  /** A new connection: nothing is subscribed on it but what its guard did. */
  _opened(): void {
    for (const channel of this.#wanted) this.#restore(channel);
  }

  /** The connection is lost, and with it the agent and all its subscriptions. */
  _lost(): void {
    this.#live.clear();
  }
}
