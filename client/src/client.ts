import { isId } from "../../protocol/id.js";
import type { Message, SubscribeResult } from "../../protocol/frames.js";
import { SESSION_PREFIX } from "../../protocol/version.js";
import { Connection } from "./connection/connection.js";
import type { StateChange } from "./connection/state.js";
import { defer, Emitter, inZone } from "./emitter.js";
import { PushItError } from "./errors.js";
import type { Extension, Notifications } from "./extension.js";
import type { Internals } from "./internals.js";
import { findLoss } from "./json.js";
import { Deduplicator } from "./messages/deduplicator.js";
import { type PushItOptions, type ResolvedOptions, resolveOptions } from "./options.js";
import { newId, requireRuntime } from "./platform/id.js";
import { Timers } from "./platform/timers.js";
import { RequestQueue } from "./requests/request-queue.js";
import type { Holder, SettleCallback } from "./subscriptions/holder.js";
import { Subscriptions } from "./subscriptions/subscriptions.js";
import type { Events, OnError, PublishRequest, PublishResult, SubscribeOptions, TokenFunction } from "./types.js";

/** The parts of one client, wired together. */
export class Client implements Internals {
  readonly options: ResolvedOptions<PushItOptions>;
  readonly timers: Timers;
  readonly emitter = new Emitter<Events>((event, value) => this.#warnOf(event, value));
  readonly extensions: Extension[] = [];
  readonly ownHolder = {};
  readonly queue = new RequestQueue(this);
  readonly connection: Connection;
  readonly subscriptions: Subscriptions;
  subprotocols: string[];
  readonly #deduplicator = new Deduplicator();

  /**
   * @throws TypeError if an option is invalid
   * @throws Error if the runtime lacks a feature
   */
  constructor(options: PushItOptions) {
    requireRuntime();
    this.subprotocols = newSession();
    this.options = resolveOptions(options);
    this.timers = new Timers(this.options.platform);
    this.connection = new Connection(this, this.queue);
    this.subscriptions = new Subscriptions(this, this.connection, this.queue);
    this.extensions.push(this.subscriptions);
  }

  get isConnected(): boolean {
    return this.connection.state === "connected";
  }

  get isActive(): boolean {
    return this.isConnected || this.connection.state === "connecting";
  }

  tokenOf(channel: string): TokenFunction | undefined {
    return this.subscriptions.tokenOf(channel);
  }

  /** Subscribes to a channel for a holder. */
  hold(channel: string, holder: Holder, options: SubscribeOptions = {}, settle?: SettleCallback): void {
    for (const extension of this.extensions) {
      const error = extension.optionsError?.(channel, options);
      if (error) return settle?.(error);
    }
    this.notify("onWanted", channel, options, holder);
    this.subscriptions.hold(channel, holder, settle, options);
  }

  /** Publishes a message, with a reply (`publish`) or without (`send`). Returns its id. */
  publish(
    action: "publish" | "send",
    request: PublishRequest,
    onError?: OnError,
    onSuccess?: (result: PublishResult) => void,
  ): string {
    const { channel, uuid = newId(), echo = true, ephemeral } = request;
    const result: PublishResult = { uuid };
    const settle = this.settleCallback(result, onError, onSuccess);
    let payload: string;
    try {
      payload = encodeMessage({ ...request, uuid });
    } catch (error) {
      settle(new PushItError("bad_frame", (error as Error).message, { channel, uuid }));
      return uuid;
    }
    if (!echo) this.#deduplicator.suppress(channel, uuid);
    // Publications keep their order. Messages without a reply do not.
    const orderingKey = action === "publish" ? " " : uuid;
    this.queue.enqueue({
      action,
      uuid,
      channel,
      payload,
      ephemeral,
      orderingKey,
      onEnd: (outcome) => {
        if (!outcome.error) this.notify("onPublished", channel, outcome);
        result.result = outcome.data;
        settle(outcome.error);
      },
    });
    return uuid;
  }

  /**
   * The callback that ends a call of the application: it calls `onSuccess` or `onError`, or emits the `error` event.
   */
  settleCallback<Value>(value: Value, onError?: OnError, onSuccess?: (value: Value) => void): SettleCallback {
    const succeed = inZone(onSuccess);
    const fail = inZone(onError);
    return (error) => {
      if (!error) defer(succeed, value);
      else if (fail) defer(fail, error);
      else if (error.code !== "superseded") this.emitter.emit("error", error);
    };
  }

  /** Disconnects, and forgets all state of this client's user. */
  reset(): void {
    this.connection.end("stop", "disconnect");
    // A client that is not connected may have requests in its queue.
    this.queue.failAll();
    this.notify("onReset");
    this.#deduplicator.clear();
    this.subprotocols = newSession();
    this.emitter.emit("reset", undefined);
  }

  notify<Name extends keyof Notifications>(name: Name, ...args: Parameters<Notifications[Name]>): void {
    for (const extension of this.extensions)
      (extension[name] as ((...args: Parameters<Notifications[Name]>) => void) | undefined)?.apply(extension, args);
  }

  changeState(change: StateChange): void {
    this.timers.keepAlive = this.isActive;
    this.log("state", change);
    this.emitter.emit("state", change);
  }

  subscribed(result: SubscribeResult): void {
    const { channel, latest } = result;
    if (latest) this.deliver({ channel, ...latest });
    this.notify("onSubscribed", result);
    this.connection.schedulePing();
  }

  receive(message: Message): void {
    this.log("received", message.channel, message.uuid);
    if (!this.extensions.some((extension) => extension.onMessage?.(message))) this.deliver(message);
  }

  deliver(message: Message): void {
    if (!this.#deduplicator.isNew(message)) return;
    const skipped = this.extensions.map((extension) => extension.skippedHolders?.(message));
    this.#emit(message, (owner) => !skipped.some((holders) => owner && holders?.has(owner)));
  }

  /** Delivers a message to the listeners of one holder, also if it has been delivered before. */
  deliverTo(holder: Holder, message: Message): void {
    this.#emit(message, (owner) => owner === holder);
  }

  log(...details: unknown[]): void {
    this.options.logger?.debug?.("push-it", ...details);
  }

  #emit(message: Message, isFor: (owner: Holder | undefined) => boolean): void {
    this.emitter.emit("message", { ...message, payload: message.data }, isFor);
  }

  /** Writes an error that no listener receives to the logger, or in development to the console. */
  #warnOf(event: keyof Events, value: unknown): void {
    const error = event === "error" ? value : event === "unsubscribed" && (value as Events["unsubscribed"]).error;
    if (error) this.options.logger?.warn?.("push-it", error);
    try {
      if (process.env.NODE_ENV !== "production" && error && !this.options.logger)
        console.warn(
          `push-it: ${(error as PushItError).channel}: ${(error as PushItError).message} (No listener of "${event}" received this.)`,
        );
    } catch {
      // A page without a bundler has no `process`: it is not a development build.
    }
  }
}

/** By this secret the server recognises the connections of one client, and the messages that it publishes again. */
const newSession = (): string[] => [SESSION_PREFIX + newId()];

/**
 * A message as JSON. It is checked here, because the server rejects the whole frame of an invalid message.
 * @throws Error if the message is invalid
 */
const encodeMessage = (request: {
  channel: unknown;
  uuid: unknown;
  data?: unknown;
  message?: unknown;
  echo?: boolean | undefined;
  ephemeral?: boolean | undefined;
}): string => {
  const { channel, uuid, message, data = message, echo, ephemeral } = request;
  if (typeof channel !== "string" || !isId(uuid))
    throw new Error('A message needs a channel, and a uuid of 1 to 64 of "0-9A-Za-z-_".');
  const json = JSON.stringify(data) as string | undefined;
  if (json === undefined) throw new Error('"data" is missing, or JSON cannot carry it.');
  let loss: string | undefined;
  try {
    if (process.env.NODE_ENV !== "production") loss = findLoss(data);
  } catch {
    // A page without a bundler has no `process`: it is not a development build.
  }
  if (loss) throw new Error(loss);
  const flags = (echo === false ? ',"echo":false' : "") + (ephemeral ? ',"ephemeral":true' : "");
  return `{"channel":${JSON.stringify(channel)},"uuid":"${uuid}","data":${json}${flags}}`;
};
