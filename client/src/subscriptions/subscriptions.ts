import type { SubscribeResult } from "../../../protocol/frames.js";
import { MAX_CHANNEL_LENGTH } from "../../../protocol/limits.js";
import type { Transport } from "../connection/transport.js";
import { defer } from "../emitter.js";
import { PushItError } from "../errors.js";
import type { Extension } from "../extension.js";
import type { ConnectionPart, Internals, SettleCallback } from "../internals.js";
import { newId } from "../platform/id.js";
import type { Outcome } from "../requests/request.js";
import { dataOf, type RequestQueue } from "../requests/request-queue.js";
import type { Holder, Subscription, Waiter } from "./subscription.js";

/** The longest name of a channel or wildcard. */
const MAX_NAME_LENGTH = MAX_CHANNEL_LENGTH + "/*".length;

/**
 * Brings the server to what the application wants. Each channel has holders: the server is asked to subscribe for the
 * first, and to unsubscribe after the last. One request per channel is under way; when it has ended, what is wanted then
 * is compared with what is there.
 */
export class Subscriptions implements Extension {
  readonly #client: Internals;
  readonly #connection: ConnectionPart;
  readonly #queue: RequestQueue;
  readonly #subscriptions = new Map<string, Subscription>();
  #cancelRetry: (() => void) | undefined;

  constructor(client: Internals, connection: ConnectionPart, queue: RequestQueue) {
    this.#client = client;
    this.#connection = connection;
    this.#queue = queue;
  }

  /** The channels that are wanted. */
  wanted(): string[] {
    return [...this.#subscriptions.values()].filter(({ holders }) => holders.size).map(({ channel }) => channel);
  }

  /** A holder wants a channel. `settle` is called when it is subscribed, or with the reason why it is not. */
  hold(channel: string, holder: Holder, settle?: SettleCallback): void {
    if (typeof channel !== "string" || channel.length > MAX_NAME_LENGTH)
      return settle?.(
        new PushItError("bad_channel", `A channel has a name of at most ${MAX_CHANNEL_LENGTH} characters.`, {
          channel,
        }),
      );
    const subscription: Subscription = this.#subscriptions.get(channel) ?? { channel, holders: new Set(), waiters: [] };
    this.#subscriptions.set(channel, subscription);
    subscription.holders.add(holder);
    this.#reconcileSoon(subscription, { holder, wants: true, settle });
  }

  /** A holder does not want a channel any more. `settle` is called when it has left, or with the reason why it has not. */
  release(channel: string, holder: Holder, settle: SettleCallback): void {
    const subscription = this.#subscriptions.get(channel);
    if (!subscription && holder === this.#client.ownHolder && typeof channel === "string")
      return this.#releaseUnknown(channel, holder, settle);
    if (!subscription) return settle();
    const hasLeft = subscription.holders.delete(holder);
    // Also if all have left before, and the server has not replied yet.
    if (!subscription.holders.size) return this.#reconcileSoon(subscription, { holder, wants: false, settle });
    // Others still want it: this one is gone at once.
    if (hasLeft) this.#settle(subscription, (waiter) => waiter.holder === holder);
    settle();
  }

  /** The server does not count the agent as there: the channel is subscribed again. */
  subscribeAgain(channel: string): void {
    const subscription = this.#subscriptions.get(channel);
    if (!subscription?.holders.size) return;
    this.#connection.transport?.subscriptions.set(channel, false);
    this.#reconcile(subscription);
  }

  /** The application misses messages of a channel until it is subscribed again. */
  miss(channel: string): void {
    const subscription = this.#subscriptions.get(channel);
    if (subscription?.holders.size) subscription.isAnnounced = false;
  }

  onConnected(): void {
    this.#reconcileAll();
  }

  onVerified(): void {
    this.#reconcileAll();
  }

  onDisconnected(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    for (const subscription of this.#subscriptions.values()) subscription.isAnnounced = subscription.isPaused = false;
    this.#reconcileAll();
  }

  onRevoked(channel: string, reason: string | undefined, transport: Transport): void {
    const error = new PushItError("revoked", reason, { channel });
    const subscription = this.#subscriptions.get(channel);
    transport.subscriptions.delete(channel);
    if (!subscription) return this.#client.emitter.emit("unsubscribed", { channel, error });
    this.#refuse(subscription, error);
    this.#reconcile(subscription);
  }

  onReset(): void {
    for (const subscription of this.#subscriptions.values()) {
      const { channel, holders } = subscription;
      this.#settleStopped(subscription);
      if (holders.size) this.#client.emitter.emit("unsubscribed", { channel });
      holders.clear();
    }
    this.#reconcileAll();
  }

  /** A guard may have subscribed this agent to a channel that nobody here wanted. */
  #releaseUnknown(channel: string, holder: Holder, settle: SettleCallback): void {
    const subscription: Subscription = { channel, holders: new Set(), waiters: [] };
    this.#connection.transport?.subscriptions.set(channel, false);
    this.#subscriptions.set(channel, subscription);
    this.#reconcileSoon(subscription, { holder, wants: false, settle });
  }

  #reconcileAll(): void {
    for (const subscription of this.#subscriptions.values()) this.#reconcile(subscription);
  }

  /** Looks at a channel when the running code has ended: opposite calls cancel out until then. */
  #reconcileSoon(
    subscription: Subscription,
    { settle, ...waiter }: Omit<Waiter, "settle"> & { settle: SettleCallback | undefined },
  ): void {
    subscription.isPaused = false;
    if (settle) subscription.waiters.push({ ...waiter, settle });
    defer(() => this.#reconcile(subscription));
  }

  /** Takes the next step towards what is wanted of one channel. */
  #reconcile(subscription: Subscription): void {
    const { channel, holders, request, waiters, isPaused } = subscription;
    const { transport } = this.#connection;
    const { isConnected } = this.#client;
    const action = holders.size ? "subscribe" : "unsubscribe";
    if (request) {
      // One that was sent has to end first: then the channel is looked at again.
      if (request.action === action || request.state !== "queued") return;
      this.#queue.withdraw(request);
      subscription.request = undefined;
    }
    /** `true`: the server has it; `false`: it may have it. */
    const there = transport?.subscriptions.get(channel);
    const isAsWanted = holders.size ? there : there === undefined;
    if (!isAsWanted && this.#queue.stopped) this.#settleStopped(subscription);
    else if (!isAsWanted) {
      // Without a connection only those who wait make a request, which waits for one.
      if (!isPaused && (isConnected || waiters.length || !holders.size)) this.#request(subscription, action);
    } else if (!holders.size) {
      this.#subscriptions.delete(channel);
      if (subscription.isAnnounced) this.#client.emitter.emit("unsubscribed", { channel });
      subscription.isAnnounced = false;
      this.#client.notify("onUnsubscribed", channel);
      this.#settle(subscription);
    } else this.#settle(subscription);
  }

  /** Nothing will be sent until the application connects again: what it wants stays, and nobody waits for it. */
  #settleStopped(subscription: Subscription): void {
    const { channel, holders, waiters } = subscription;
    const { code, reason } = this.#queue.stopped ?? { code: "closed" as const, reason: "The client was reset." };
    const isInVain = ({ holder, wants }: Waiter): boolean => wants && holders.has(holder);
    subscription.waiters = waiters.filter((waiter) => !isInVain(waiter));
    for (const { settle } of waiters.filter(isInVain)) settle(new PushItError(code, reason, { channel }));
    this.#settle(subscription);
  }

  /** Those who wait learn that it is as they asked, or that they have asked for the opposite since. */
  #settle(subscription: Subscription, isConcerned: (waiter: Waiter) => boolean = () => true): void {
    const { channel, holders, waiters } = subscription;
    subscription.waiters = waiters.filter((waiter) => !isConcerned(waiter));
    for (const { holder, wants, settle } of waiters.filter(isConcerned))
      settle(
        wants === holders.has(holder)
          ? undefined
          : new PushItError("superseded", "A later, opposite call took its place.", { channel }),
      );
  }

  #request(subscription: Subscription, action: "subscribe" | "unsubscribe"): void {
    const { channel } = subscription;
    const request = this.#queue.enqueue({
      action,
      uuid: newId(),
      // No message's key begins like this.
      orderingKey: " " + channel,
      channel,
      payload: JSON.stringify(channel),
      onEnd: (outcome) => {
        subscription.request = undefined;
        if (outcome.error) this.#onFailed(subscription, action === "subscribe", outcome.error, outcome);
        else if (action === "subscribe") this.#onSubscribed(subscription, outcome);
        else this.#onUnsubscribed(subscription, outcome);
        this.#reconcile(subscription);
      },
    });
    subscription.request = request;
  }

  #onSubscribed(subscription: Subscription, outcome: Outcome): void {
    const { channel } = subscription;
    const result: SubscribeResult = { ...dataOf<SubscribeResult | undefined>(outcome), channel };
    const { recovered, code } = result;
    const { subscriptions } = outcome.transport!;
    const mayHaveMissed = !subscription.isAnnounced || subscriptions.get(channel) === false;
    subscriptions.set(channel, true);
    if (mayHaveMissed || code) this.#client.emitter.emit("subscribed", { channel, recovered, code });
    subscription.isAnnounced = true;
    this.#client.subscribed(result);
  }

  #onUnsubscribed(subscription: Subscription, { transport }: Outcome): void {
    transport!.subscriptions.delete(subscription.channel);
    // If it is wanted again by now, what comes until it is there again is missed.
    if (subscription.holders.size) subscription.isAnnounced = false;
  }

  #onFailed(subscription: Subscription, wants: boolean, error: PushItError, { transport }: Outcome): void {
    const { channel, holders, waiters } = subscription;
    const { transport: current } = this.#connection;
    if (this.#queue.stopped) return;
    if (wants && !error.retryable) return this.#refuse(subscription, error);
    // Its transport is gone: what was to end there has ended, and what was to begin begins on the next one.
    if (transport && transport !== current && (current || !wants)) return;
    if (wants) this.#client.notify("onSubscribeFailed", channel);
    // Who knows that it was subscribed has it again.
    else if (!error.retryable && subscription.isAnnounced)
      for (const { holder } of waiters.filter((waiter) => !waiter.wants)) holders.add(holder);
    if (error.retryable) {
      // It may have happened.
      if (transport && transport === current) current.subscriptions.set(channel, false);
      this.#pause(subscription);
    } else if (!holders.size) {
      // The server keeps what the application knows to be subscribed. What it has refused before, nobody asks about again.
      if (subscription.isAnnounced) holders.add(this.#client.ownHolder);
      else current?.subscriptions.delete(channel);
    }
    this.#fail(subscription, wants, error);
  }

  /** The server will not have the subscription: nobody wants it any more. */
  #refuse(subscription: Subscription, error: PushItError): void {
    const { channel } = subscription;
    const subscriptions = this.#connection.transport?.subscriptions;
    subscription.holders.clear();
    subscription.isAnnounced = false;
    // What was there before, the server may have still.
    if (subscriptions?.has(channel)) subscriptions.set(channel, false);
    this.#client.emitter.emit("unsubscribed", { channel, error });
    this.#client.notify("onUnsubscribed", channel);
    this.#fail(subscription, true, error);
  }

  /** Those who waited for what failed receive the error; if nobody did, the `error` event does. */
  #fail(subscription: Subscription, wants: boolean, error: PushItError): void {
    const failed = subscription.waiters.filter((waiter) => waiter.wants === wants);
    subscription.waiters = subscription.waiters.filter((waiter) => waiter.wants !== wants);
    for (const { settle } of failed) settle(error);
    // Of what the back end revoked, the event says it all.
    if (!failed[0] && error.code !== "closed" && error.code !== "revoked") this.#client.emitter.emit("error", error);
  }

  /** Tries again later, together with what else failed. */
  #pause(subscription: Subscription): void {
    const { timers, options } = this.#client;
    if (!this.#connection.transport) return;
    subscription.isPaused = true;
    this.#cancelRetry ??= timers.after(timers.random(options.retryCap), () => {
      this.#cancelRetry = undefined;
      for (const each of this.#subscriptions.values()) each.isPaused = false;
      this.#reconcileAll();
    });
  }
}
