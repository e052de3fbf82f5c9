import type { Replay } from "../../protocol/history.js";
import { PushItError, type RequestCode } from "./errors.js";
import type { Socket } from "./host.js";
import { freshId } from "./id.js";
import { RETRY_CAP } from "./options.js";
import type { Core } from "./parts.js";
import type { Request, Settle } from "./request.js";

/** What the subscriptions tell. */
export interface SubscriptionEvents {
  /**
   * A channel is subscribed: for the first time, or again after a reconnection. What was published meanwhile is missed,
   * unless `recovered` is true: then it follows. False, with a `code`: something behind the position cannot be had any
   * more.
   */
  subscribed: { channel: string; recovered?: boolean | undefined; code?: RequestCode | undefined };
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
export interface Subscriptions {
  /** What the server has confirmed, each on the socket in use, or on the one before, which is about to be closed. */
  _live: Map<string, Socket>;
  /** Subscribes or unsubscribes; the waiters hear when that is so, or why it is not. */
  _want(channel: string, want: boolean, ...waiters: Settle[]): void;
  /** Subscribes to what is wanted and is not: on a new connection all, but for what its guard did. */
  _opened(): void;
  /** The back end has ended a subscription. */
  _revoked(channel: string, reason?: string): void;
  /** The connection is lost, and with it the agent and all its subscriptions. */
  _lost(): void;
}

/** Adds the subscriptions to a client. */
export const addSubscriptions = (core: Core): void => {
  const { host, channels, retryCap = RETRY_CAP } = core;
  const wanted = new Set(channels);
  const live: Subscriptions["_live"] = new Map();
  /** The timer after which what failed temporarily is tried again, together. */
  let retry: unknown;

  /** Subscribes to what is wanted and is not subscribed: on a new connection, after a temporary failure. */
  const restore = (): void => {
    for (const channel of wanted) want(channel, true);
  };

  const succeeded = (channel: string, on: boolean, replay?: Partial<Replay>): void => {
    if (!on || !live.has(channel) || replay?.code) core._emit(on ? "subscribed" : "unsubscribed", { channel, recovered: replay?.recovered, code: replay?.code });
    if (on) live.set(channel, core._socket!);
    else live.delete(channel);
  };

  const failed = (channel: string, on: boolean, error: PushItError): void => {
    // A failed unsubscription leaves the channel subscribed, unless its connection is gone.
    if (!on) {
      if (live.has(channel)) wanted.add(channel);
    } else if (!error.temporary) {
      live.delete(channel);
      wanted.delete(channel);
      core._emit("unsubscribed", { channel, error });
    } else if (core._ready)
      retry ??= host.setTimeout(
        () => {
          retry = undefined;
          restore();
        },
        retryCap * host.Math.random(),
      );
  };

  const want = (channel: string, on: boolean, ...waiters: Settle[]): void => {
    const action = on ? "subscribe" : "unsubscribe";
    // No message's lane begins like this, whatever the channel is called.
    const lane = " " + channel;
    let inFlight = false;
    wanted[on ? "add" : "delete"](channel);
    // The one in the queue first: what it asked for must be out of the way before this joins the one in flight.
    for (const request of ([...core._open] as Operation[]).reverse()) {
      if (request._lane !== lane) continue;
      if (request._action === action) return void request._waiters.push(...waiters);
      if (request._frame) inFlight = true;
      else core._fail(request, "superseded");
    }
    const operation: Operation = {
      _action: action,
      _lane: lane,
      _uuid: freshId(),
      _channel: channel,
      _json: JSON.stringify(channel),
      _waiters: waiters,
      _settle(error, data) {
        for (const settle of waiters) settle(error);
        if (!error) succeeded(channel, on, data as Partial<Replay> | undefined);
        // Otherwise something else is wanted by now.
        else if (wanted.has(channel) === on) {
          if (!waiters[0] && error.code !== "closed") core._emit("error", error);
          failed(channel, on, error);
        }
      },
    };
    // Without a connection there is no agent, and nothing that it could be subscribed to.
    if (!inFlight && (core._ready ? on && live.get(channel) === core._socket : !on)) operation._settle();
    else core._add(operation);
  };

  Object.assign<Core, Subscriptions>(core, {
    _live: live,
    _want: want,
    _opened: restore,
    _revoked(channel, reason) {
      failed(channel, true, new PushItError("revoked", reason, channel));
    },
    _lost() {
      live.clear();
      retry = host.clearTimeout(retry);
    },
  });
};
