import type { Json } from "../../../protocol/json.js";
import type { Client } from "../client.js";
import { PushItError } from "../errors.js";
import type { SettleCallback } from "../subscriptions/holder.js";

/** Longest pause before a state is sent again that came too fast, in milliseconds. The server takes 5 a second. */
const MAX_PAUSE_MS = 1_000;

/** The state that this client wants to have on one channel. */
interface OwnState {
  state: Json;
  /** The last state that the server has accepted. It has that until it accepts another. */
  accepted?: Json | undefined;
  /** The calls that wait for their result. */
  waiters: SettleCallback[];
  /** Whether a request is in flight, or waits for its next attempt. */
  isSending?: boolean;
  /** Whether the state has to be sent, because it or the subscription is new. */
  isDue?: boolean;
}

/**
 * Sends this client's states, and sends them again after each subscription. Each channel has at most one request at a
 * time. If the state changes meanwhile, only the last one is sent.
 */
export class OwnStates {
  readonly #client: Client;
  readonly #isMember: (channel: string) => boolean;
  readonly #states = new Map<string, OwnState>();

  /** @param isMember whether the server counts this client as a member of a channel now */
  constructor(client: Client, isMember: (channel: string) => boolean) {
    this.#client = client;
    this.#isMember = isMember;
  }

  /** Sets the state on a channel, as soon as this client is a member. Rejects with a `PushItError`. */
  set(channel: string, state: Json): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle: SettleCallback = (error) => (error ? reject(error) : resolve());
      if (!this.#client.subscriptions.roleOf(channel)) return settle(notMember(channel));
      const fault = state !== null && this.#client.options.types?.fault(channel, "presence", state);
      if (fault) return settle(new PushItError("bad_data", fault, { channel }));
      const own = this.#states.get(channel) ?? { state, waiters: [] };
      this.#states.set(channel, own);
      own.state = state;
      own.waiters.push(settle);
      this.onSubscribed(channel);
    });
  }

  /** The state has to be sent. After a reply to a subscription, the server has none of this client on this transport. */
  onSubscribed(channel: string): void {
    const own = this.#states.get(channel);
    const { subscriptions, connection } = this.#client;
    if (!own) return;
    own.isDue = true;
    if (this.#isMember(channel)) this.#send(channel, own);
    // Unless another reply will come: the client observes, or the channel has no presence.
    else if (connection.transport?.subscriptions.get(channel) === subscriptions.roleOf(channel))
      this.#drop(channel, notMember(channel));
  }

  onUnsubscribed(channel: string): void {
    this.#drop(channel, notMember(channel));
  }

  onReset(): void {
    for (const channel of this.#states.keys()) this.onUnsubscribed(channel);
  }

  #drop(channel: string, error: PushItError): void {
    const own = this.#states.get(channel);
    this.#states.delete(channel);
    for (const settle of own?.waiters ?? []) settle(error);
  }

  #send(channel: string, own: OwnState): void {
    const { queue, timers, options, emitter, subscriptions } = this.#client;
    // Otherwise the reply to the subscription sends it.
    if (own.isSending || !own.isDue || !this.#isMember(channel)) return;
    const { state, waiters } = own;
    const isCurrent = (): boolean => this.#states.get(channel) === own;
    const sendNext = (): void => {
      own.isSending = false;
      if (isCurrent()) this.#send(channel, own);
    };
    own.waiters = [];
    own.isSending = true;
    own.isDue = false;
    queue.enqueueMeta("state", { channel, state }, ({ error }) => {
      const isTooFast = error?.code === "rate_limited";
      // A new connection has sent it before the subscription.
      const isTooEarly = error?.code === "no_presence" && (own.isDue || !this.#isMember(channel));
      // No call waits for a state that is sent again. So an error that passes must not lose it.
      const isResent = !waiters[0];
      const isLate = isResent && error?.retryable && error.code !== "closed";
      if (isCurrent() && (isTooFast || isTooEarly || isLate)) {
        own.waiters.unshift(...waiters);
        own.isDue = true;
        timers.after(timers.random(isTooFast ? MAX_PAUSE_MS : isLate ? options.retryCap : 0), sendNext);
        return;
      }
      for (const settle of waiters) settle(error);
      if (!error) own.accepted = state;
      // Without a member, the next subscription sends the state.
      else if (isResent && !error.retryable && error.code !== "no_presence" && !queue.stopped) {
        own.accepted = undefined;
        emitter.emit("error", error);
      }
      // It was still in the queue when its subscription ended, and the client has subscribed again.
      if (!error && !this.#states.has(channel) && subscriptions.roleOf(channel)) this.#states.set(channel, own);
      if (isCurrent() && !own.isDue && !error?.retryable) {
        // The server keeps the state that it had.
        own.state = own.accepted ?? null;
        if (own.state === null) this.#states.delete(channel);
      }
      sendNext();
    });
  }
}

const notMember = (channel: string): PushItError =>
  new PushItError("no_presence", "This client is not a member of the channel. Subscribe to it first.", { channel });
