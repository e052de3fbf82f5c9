import type { SubscribeResult } from "../../../protocol/frames.js";
import { MAX_CHANNEL_LENGTH } from "../../../protocol/limits.js";
import type { Transport } from "../connection/transport.js";
import { defer } from "../emitter.js";
import { PushItError } from "../errors.js";
import type { Extension } from "../extension.js";
import type { ConnectionPart, Internals } from "../internals.js";
import { newId } from "../platform/id.js";
import type { SubscribeOptions, TokenFunction } from "../types.js";
import type { Outcome, Request, SubscriptionTarget } from "../requests/request.js";
import { MAX_NAME_LENGTH } from "../requests/frames.js";
import { dataOf, type RequestQueue } from "../requests/request-queue.js";
import type { Holder, Role, SettleCallback } from "./holder.js";
import { roleOf, type Subscription, type Waiter } from "./subscription.js";

/**
 * Makes the server's subscriptions match the application's. Each channel has holders: the client subscribes for the
 * first and unsubscribes after the last. Each channel has at most one request at a time. After it, the subscription is
 * reconciled again: its holders are compared with the server's state.
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

  /** The channels that have holders. */
  wanted(): string[] {
    return [...this.#subscriptions.values()].filter(({ holders }) => holders.size).map(({ channel }) => channel);
  }

  /** The role that the holders of a channel want. `undefined` without holders. */
  roleOf(channel: string): Role | undefined {
    return roleOf(this.#subscriptions.get(channel) ?? { holders: new Map<Holder, Role>() });
  }

  /** The function for the token of a channel: the newest. */
  tokenOf(channel: string): TokenFunction | undefined {
    return [...(this.#subscriptions.get(channel)?.tokens.values() ?? [])].pop();
  }

  /** Whether all holders of a channel fulfil a condition. */
  everyHolder(channel: string, condition: (holder: Holder) => boolean): boolean {
    return [...(this.#subscriptions.get(channel)?.holders.keys() ?? [])].every(condition);
  }

  /** Adds a holder of a channel. `settle` is called when the channel is subscribed, or with the error. */
  hold(channel: string, holder: Holder, settle?: SettleCallback, { present, token }: SubscribeOptions = {}): void {
    if (typeof channel !== "string" || channel.length > MAX_NAME_LENGTH)
      return settle?.(
        new PushItError("bad_channel", `"channel" must be a string of at most ${MAX_CHANNEL_LENGTH} characters.`, {
          channel,
        }),
      );
    const subscription = this.#subscriptions.get(channel) ?? this.#add(channel);
    subscription.holders.set(holder, present === false ? "observer" : "member");
    if (token) {
      subscription.tokens.delete(holder);
      subscription.tokens.set(holder, token);
    }
    this.#reconcileSoon(subscription, { holder, wants: true, settle });
  }

  /** Removes a holder of a channel. `settle` is called when the holder has left, or with the error. */
  release(channel: string, holder: Holder, settle: SettleCallback): void {
    const subscription = this.#subscriptions.get(channel);
    if (!subscription && holder === this.#client.ownHolder && typeof channel === "string")
      return this.#releaseUnknown(channel, holder, settle);
    if (!subscription) return settle();
    const hasLeft = subscription.holders.delete(holder);
    subscription.tokens.delete(holder);
    if (hasLeft) this.#client.notify("onReleased", channel, holder);
    // This includes a holder that left before, if the server has not replied yet.
    if (!subscription.holders.size) return this.#reconcileSoon(subscription, { holder, wants: false, settle });
    // The channel has other holders, so this one leaves at once. Without it, the client may only observe.
    if (hasLeft) this.#settle(subscription, (waiter) => waiter.holder === holder);
    defer(() => this.#reconcile(subscription));
    settle();
  }

  /** Subscribes to a channel again, because the server does not count the agent as present. */
  subscribeAgain(channel: string): void {
    const subscription = this.#subscriptions.get(channel);
    if (!subscription?.holders.size) return;
    this.#connection.transport?.subscriptions.set(channel, false);
    this.#reconcile(subscription);
  }

  /** Notes that the application misses messages of a channel until it is subscribed again. */
  miss(channel: string): void {
    const subscription = this.#subscriptions.get(channel);
    if (subscription?.holders.size) subscription.hasGap = true;
  }

  beforeSend({ action, channel, target }: Request): void {
    if (action !== "subscribe") return;
    // At the last moment, because the holders may have changed while the request was in the queue.
    const isObserver = roleOf(this.#subscriptions.get(channel!)!) === "observer";
    target!.present = isObserver ? false : undefined;
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
      subscription.tokens.clear();
    }
    this.#reconcileAll();
  }

  /** Unsubscribes from a channel without holders, because a guard may have subscribed this agent to it. */
  #releaseUnknown(channel: string, holder: Holder, settle: SettleCallback): void {
    this.#connection.transport?.subscriptions.set(channel, false);
    this.#reconcileSoon(this.#add(channel), { holder, wants: false, settle });
  }

  #add(channel: string): Subscription {
    const subscription: Subscription = { channel, holders: new Map(), tokens: new Map(), waiters: [] };
    this.#subscriptions.set(channel, subscription);
    return subscription;
  }

  #reconcileAll(): void {
    for (const subscription of this.#subscriptions.values()) this.#reconcile(subscription);
  }

  /** Reconciles a subscription when the running code has ended. Opposite calls until then cancel each other out. */
  #reconcileSoon(
    subscription: Subscription,
    { settle, ...waiter }: Omit<Waiter, "settle"> & { settle: SettleCallback | undefined },
  ): void {
    subscription.isPaused = false;
    if (settle) subscription.waiters.push({ ...waiter, settle });
    defer(() => this.#reconcile(subscription));
  }

  /** Takes the next step so that the server's subscription matches the holders. */
  #reconcile(subscription: Subscription): void {
    const { channel, holders, request, waiters, isPaused } = subscription;
    const { transport } = this.#connection;
    const { isConnected } = this.#client;
    const action = holders.size ? "subscribe" : "unsubscribe";
    if (request) {
      // A request that was sent has to end first. Then the subscription is reconciled again.
      if (request.action === action || request.state === "inFlight") return;
      this.#queue.withdraw(request);
      subscription.request = undefined;
    }
    const isAsWanted = transport?.subscriptions.get(channel) === roleOf(subscription);
    if (!isAsWanted && this.#queue.stopped) this.#settleStopped(subscription);
    else if (!isAsWanted) {
      // Without a connection, only waiting calls make a request. It waits for the connection.
      if (!isPaused && (isConnected || waiters.length || !holders.size)) this.#request(subscription, action);
    } else if (!holders.size) {
      this.#subscriptions.delete(channel);
      if (subscription.isAnnounced) this.#client.emitter.emit("unsubscribed", { channel });
      subscription.isAnnounced = false;
      this.#client.notify("onUnsubscribed", channel);
      this.#settle(subscription);
    } else this.#settle(subscription);
  }

  /** Settles the waiting calls of a stopped client. The holders stay for the next `connect()`. */
  #settleStopped(subscription: Subscription): void {
    const { channel, holders, waiters } = subscription;
    const { code, reason } = this.#queue.stopped ?? { code: "closed" as const, reason: "The client was reset." };
    const isInVain = ({ holder, wants }: Waiter): boolean => wants && holders.has(holder);
    subscription.waiters = waiters.filter((waiter) => !isInVain(waiter));
    for (const { settle } of waiters.filter(isInVain)) settle(new PushItError(code, reason, { channel }));
    this.#settle(subscription);
  }

  /** Settles waiting calls: successfully, or with `superseded` if the holder has made an opposite call since. */
  #settle(subscription: Subscription, isConcerned: (waiter: Waiter) => boolean = () => true): void {
    const { channel, holders, waiters } = subscription;
    subscription.waiters = waiters.filter((waiter) => !isConcerned(waiter));
    for (const { holder, wants, settle } of waiters.filter(isConcerned)) {
      if (wants !== holders.has(holder))
        settle(new PushItError("superseded", "A later call did the opposite.", { channel }));
      else if (!wants || !this.#client.extensions.some((each) => each.settleLater?.(channel, holder, settle))) settle();
    }
  }

  #request(subscription: Subscription, action: "subscribe" | "unsubscribe"): void {
    const { channel } = subscription;
    const target: SubscriptionTarget = { channel };
    const request = this.#queue.enqueue({
      action,
      uuid: newId(),
      // Keys of messages never begin with a space and a name.
      orderingKey: " " + channel,
      channel,
      payload: JSON.stringify(channel),
      target,
      onEnd: (outcome) => {
        subscription.request = undefined;
        if (outcome.error) this.#onFailed(subscription, action === "subscribe", outcome.error, outcome);
        else if (action === "subscribe") this.#onSubscribed(subscription, outcome, target);
        else this.#onUnsubscribed(subscription, outcome);
        this.#reconcile(subscription);
      },
    });
    subscription.request = request;
  }

  #onSubscribed(subscription: Subscription, outcome: Outcome, { present }: SubscriptionTarget): void {
    const { channel } = subscription;
    const result: SubscribeResult = { ...dataOf<SubscribeResult | undefined>(outcome), channel };
    const { recovered, code } = result;
    const { subscriptions } = outcome.transport!;
    const mayHaveMissed = !subscription.isAnnounced || subscription.hasGap || subscriptions.get(channel) === false;
    subscriptions.set(channel, present === false ? "observer" : "member");
    if (mayHaveMissed || code) this.#client.emitter.emit("subscribed", { channel, recovered, code });
    subscription.isAnnounced = true;
    subscription.hasGap = false;
    this.#client.subscribed(result);
  }

  #onUnsubscribed(subscription: Subscription, { transport }: Outcome): void {
    transport!.subscriptions.delete(subscription.channel);
    // If it has a holder again by now, messages until the next subscription are missed.
    if (subscription.holders.size) subscription.isAnnounced = false;
  }

  #onFailed(subscription: Subscription, wants: boolean, error: PushItError, { transport }: Outcome): void {
    const { channel, holders, waiters } = subscription;
    const { transport: current } = this.#connection;
    const role = current?.subscriptions.get(channel) || "member";
    if (this.#queue.stopped) return;
    if (wants && !error.retryable) return this.#refuse(subscription, error);
    // The request's transport is gone, and with it its subscriptions. The next transport subscribes again.
    if (transport && transport !== current && (current || !wants)) return;
    subscription.hasGap ||= wants;
    if (wants) this.#client.notify("onSubscribeFailed", channel);
    // The server keeps a subscription that the application knows: its holders have it again.
    else if (!error.retryable && subscription.isAnnounced)
      for (const { holder } of waiters.filter((waiter) => !waiter.wants)) holders.set(holder, role);
    if (error.retryable) {
      // The server may have done it.
      if (transport && transport === current) current.subscriptions.set(channel, false);
      this.#pause(subscription);
    } else if (!holders.size) {
      // If the application knows the subscription, the client holds it. Otherwise the client does not ask again.
      if (subscription.isAnnounced) holders.set(this.#client.ownHolder, role);
      else current?.subscriptions.delete(channel);
    }
    this.#fail(subscription, wants, error);
  }

  /** Removes all holders, because the server has refused or revoked the subscription. */
  #refuse(subscription: Subscription, error: PushItError): void {
    const { channel } = subscription;
    const subscriptions = this.#connection.transport?.subscriptions;
    subscription.holders.clear();
    subscription.tokens.clear();
    subscription.isAnnounced = false;
    // The server may still have an earlier subscription.
    if (subscriptions?.has(channel)) subscriptions.set(channel, false);
    this.#client.emitter.emit("unsubscribed", { channel, error });
    this.#client.notify("onUnsubscribed", channel, error);
    this.#fail(subscription, true, error);
  }

  /** Settles the failed calls with an error. If no call waits, the client emits the `error` event. */
  #fail(subscription: Subscription, wants: boolean, error: PushItError): void {
    const failed = subscription.waiters.filter((waiter) => waiter.wants === wants);
    subscription.waiters = subscription.waiters.filter((waiter) => waiter.wants !== wants);
    for (const { settle } of failed) settle(error);
    // A revocation has its own event, `unsubscribed`.
    if (!failed[0] && error.code !== "closed" && error.code !== "revoked") this.#client.emitter.emit("error", error);
  }

  /** Retries later, together with all other failed subscriptions. */
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
