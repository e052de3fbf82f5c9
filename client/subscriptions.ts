import { Meta } from "../protocol/frames.js";
import { backoff } from "./backoff.js";
import { PushItError } from "./errors.js";
import type { Settle } from "./exchanges.js";
import { fitting, utf8, type Part } from "./frames.js";
import { deadline } from "./host.js";
import { freshId } from "./id.js";
import type { Settings } from "./options.js";
import type { Wire } from "./wire.js";

/** A call of the application that waits for its channel to be subscribed (or not, as `_want` says). */
interface Waiter {
  _want: boolean;
  _settle: Settle;
  _cancel: () => void;
}

/** One channel: what is wanted, what the server has confirmed on this connection, what is in flight. */
interface Entry extends Part {
  _channel: string;
  _wanted: boolean;
  /** `undefined`: not known, as on every new connection. */
  _actual?: boolean | undefined;
  /** What the operation in flight asks for. */
  _flying?: boolean | undefined;
  /** Once subscribed (or configured), a channel stays wanted whatever fails temporarily. */
  _kept: boolean;
  /** How many retries there were. */
  _attempt: number;
  /** The timer of the next retry; nothing is sent while it runs. */
  _retry?: unknown;
  _waiters: Waiter[];
}

/** What the subscriptions tell: a channel is (again) subscribed, is no more, or failed with nobody waiting to hear it. */
export interface SubscriptionEvents {
  subscribed: { channel: string };
  unsubscribed: { channel: string; error?: PushItError };
  error: PushItError;
}

/**
 * Brings the server's subscriptions to what the application wants: one operation per channel in flight, because API
 * Gateway runs the frames of a connection concurrently; what is asked meanwhile only changes the goal.
 */
export class Subscriptions {
  readonly #entries = new Map<string, Entry>();
  readonly #settings: Settings;
  readonly #wire: Wire;
  readonly #emit: <E extends keyof SubscriptionEvents>(event: E, value: SubscriptionEvents[E]) => void;

  constructor(
    settings: Settings,
    wire: Wire,
    emit: <E extends keyof SubscriptionEvents>(event: E, value: SubscriptionEvents[E]) => void,
  ) {
    this.#settings = settings;
    this.#wire = wire;
    this.#emit = emit;
  }

  /** Wants a channel from now on, with nobody waiting to hear of it. */
  _keep(channel: string): void {
    const entry = this.#entry(channel);
    entry._wanted = entry._kept = true;
  }

  /** Sets what is wanted of a channel; `settle` hears when it is so, or why it is not. */
  _want(channel: string, want: boolean, settle: Settle): void {
    const stopped = want && this.#wire._stopped;
    if (stopped) return settle(new PushItError(stopped.code, stopped.message, channel));
    const entry = this.#entry(channel);
    if (!fitting([entry])) {
      this.#entries.delete(channel);
      return settle(new PushItError("too_large", "The name exceeds 32 KB.", channel));
    }
    entry._wanted = want;
    this.#resume(entry);
    this.#supersede(entry, want);
    entry._waiters.push({
      _want: want,
      _settle: settle,
      _cancel: deadline(this.#settings._host, this.#settings._timeout, () => this.#expire(entry, want, settle)),
    });
    if (entry._flying === undefined && (entry._actual === want || !(want || this.#wire._ready())))
      this.#settle(entry, want);
    else queueMicrotask(() => this._flush());
  }

  /** The opposite of what is wanted now, where it has not been sent, never will be. */
  #supersede(entry: Entry, want: boolean): void {
    for (const waiter of entry._waiters)
      if (waiter._want != want && entry._flying !== waiter._want)
        this.#dismiss(entry, waiter, new PushItError("superseded", "A later call took its place.", entry._channel));
  }

  #expire(entry: Entry, want: boolean, settle: Settle): void {
    const waiter = entry._waiters.find((other) => other._settle == settle);
    if (waiter) this.#dismiss(entry, waiter, new PushItError("timeout", "Not sent in time.", entry._channel));
    if (want && !entry._kept && !entry._waiters.length) this.#entries.delete(entry._channel);
  }

  /** Ends the wait for a retry. */
  #resume(entry: Entry): void {
    this.#settings._host.clearTimeout(entry._retry);
    entry._retry = undefined;
  }

  #dismiss(entry: Entry, waiter: Waiter, error?: PushItError): void {
    waiter._cancel();
    entry._waiters = entry._waiters.filter((other) => other != waiter);
    waiter._settle(error);
  }

  #entry(channel: string): Entry {
    let entry = this.#entries.get(channel);
    if (!entry) {
      const _json = JSON.stringify(channel) ?? "null";
      entry = {
        _json,
        _bytes: utf8(_json).length,
        _channel: channel,
        _wanted: false,
        _kept: false,
        _attempt: 0,
        _waiters: [],
      };
      this.#entries.set(channel, entry);
    }
    return entry;
  }

  /** Sends what is to be done now, several channels in a frame. */
  _flush(): void {
    if (!this.#wire._ready()) return;
    for (const want of [false, true]) {
      const due = [...this.#entries.values()].filter(
        (entry) =>
          entry._flying === undefined &&
          entry._retry === undefined &&
          entry._wanted == want &&
          (want != !!entry._actual || entry._waiters.some((waiter) => waiter._want == want)),
      );
      while (due.length) this.#operate(want, due.splice(0, fitting(due)));
    }
  }

  #operate(want: boolean, entries: Entry[]): void {
    const action = want ? "subscribe" : "unsubscribe";
    const uuid = freshId();
    for (const entry of entries) {
      entry._flying = want;
      // From here on the frame's own timeout counts.
      for (const waiter of entry._waiters) waiter._cancel();
    }
    this.#wire._send(
      `{"action":"${action}","channel":"${Meta[action]}","uuid":"${uuid}","data":{"channels":[${entries.map((entry) => entry._json)}]}}`,
      entries.map((entry) => ({
        _uuid: uuid,
        _channel: entry._channel,
        _settle: (error) => this.#settle(entry, want, error),
      })),
    );
  }

  /** An operation has ended. */
  #settle(entry: Entry, want: boolean, error?: PushItError): void {
    const channel = entry._channel;
    const told = entry._waiters.filter((waiter) => waiter._want == want);
    for (const waiter of told) this.#dismiss(entry, waiter, error);
    entry._flying = undefined;
    if (!error) {
      if (entry._actual !== want) this.#emit(want ? "subscribed" : "unsubscribed", { channel });
      entry._actual = entry._kept = want;
      entry._attempt = 0;
    } else {
      if (!told.length && error.code != "closed") this.#emit("error", error);
      if (entry._wanted == want) this.#failed(entry, want, error);
    }
    if (!entry._wanted && !entry._waiters.length && entry._flying === undefined) this.#entries.delete(channel);
    queueMicrotask(() => this._flush());
  }

  /** What is wanted could not be had: try again later, or want what there is. */
  #failed(entry: Entry, want: boolean, error: PushItError): void {
    const { _host, _retryBase, _retryCap } = this.#settings;
    if (!want || !entry._kept) entry._wanted = !!entry._actual;
    else if (!error.temporary) {
      entry._wanted = entry._kept = false;
      this.#emit("unsubscribed", { channel: entry._channel, error });
    } else if (this.#wire._ready()) {
      entry._retry = _host.setTimeout(
        () => {
          this.#resume(entry);
          this._flush();
        },
        backoff(entry._attempt++, _retryBase, _retryCap, _host.Math.random()),
      );
    }
  }

  /** The connection is lost, and with it the agent and all its subscriptions. Before its requests are failed. */
  _lost(): void {
    for (const entry of this.#entries.values()) {
      this.#resume(entry);
      entry._actual = entry._flying = undefined;
    }
  }

  /** The connection is given up: fails all that waits. What is kept is subscribed again after the next `connect()`. */
  _stop({ code, message }: PushItError): void {
    for (const entry of this.#entries.values()) {
      for (const waiter of entry._waiters)
        this.#dismiss(entry, waiter, new PushItError(code, message, entry._channel));
      if (!entry._kept) this.#entries.delete(entry._channel);
    }
  }
}
