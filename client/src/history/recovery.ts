import { matches } from "../../../protocol/channel.js";
import { type ConnectionInfo, type Message, Meta, type SubscribeResult } from "../../../protocol/frames.js";
import type { Deletion, Position, Replay } from "../../../protocol/history.js";
import { BoundedMap } from "../bounded-map.js";
import type { Client } from "../client.js";
import type { RequestCode } from "../errors.js";
import type { Extension, PingPart } from "../extension.js";
import { dataOf } from "../requests/request-queue.js";
import type { Request } from "../requests/request.js";
import type { SubscribeOptions } from "../types.js";
import { ChannelRecovery, isPosition, type PlacedMessage, positionOf } from "./channel-recovery.js";

/** How long to wait for a missing message, in milliseconds, before the client requests it. It may be on its way. */
const GAP_WAIT_MS = 300;

/**
 * How long to wait before the client requests messages again that the server did not have yet, in milliseconds. The
 * wait is random, up to twice this. It may take the server 5 seconds to know that a publication will never be stored.
 */
const PENDING_RETRY_MS = 1_000;

/** For how many channels to remember that the client receives them without a subscription of its own. */
const MAX_REMEMBERED = 1_000;

/** Keeps the positions of channels with history, and requests missing messages. */
export class Recovery implements Extension {
  readonly pingPart: PingPart = {
    key: "positions",
    intervalMs: () => this.#client.options.checkInterval ?? this.#checkIntervalMs,
    includes: (channel) => this.position(channel) !== undefined,
    encode: (channels) => Object.fromEntries(channels.map((channel) => [channel, this.position(channel)])),
  };
  readonly #client: Client;
  readonly #channels = new Map<string, ChannelRecovery>();
  /** The application's positions, for channels on which this client has no position of its own. */
  readonly #since = new Map<string, Position>();
  /** Channels whose stored position is invalid. Their `subscribed` event reports that. */
  readonly #badPositions = new Set<string>();
  /**
   * Channels that the client receives without a subscription of its own: a guard may have subscribed this agent to
   * them. False: an own subscription ended before, and messages that still arrive may be from it.
   */
  readonly #receivedOtherwise = new BoundedMap<string, boolean>(MAX_REMEMBERED);
  #checkIntervalMs = Infinity;

  constructor(client: Client) {
    this.#client = client;
    for (const [channel, since] of Object.entries(client.options.since ?? {})) this.onWanted(channel, { since });
  }

  onWanted(channel: string, { since }: SubscribeOptions): void {
    if (this.position(channel) || since === undefined) return;
    const recovery = this.#channels.get(channel);
    this.#badPositions.delete(channel);
    if (!isPosition(since)) {
      this.#since.delete(channel);
      this.#badPositions.add(channel);
    } else if (recovery) {
      // The subscribe request is already in flight. The client requests the messages that its reply leaves out.
      recovery.position = positionOf(since);
    } else this.#since.set(channel, positionOf(since));
  }

  /** The position up to which all messages of a channel were delivered. */
  position(channel: string): Position | undefined {
    return this.#channels.get(channel)?.position ?? this.#since.get(channel);
  }

  /** Whether a channel is known to have history. */
  hasHistory(channel: string): boolean {
    return this.#channels.get(channel)?.hasHistory ?? false;
  }

  beforeSend(request: Request): void {
    if (request.action !== "subscribe") return;
    const recovery = this.#recoveryOf(request.channel!);
    recovery.isSubscribing = true;
    recovery.cancelWait?.();
    recovery.cancelWait = undefined;
    // At the last moment, because the position may have changed while the request was in the queue.
    request.target!.since = recovery.position;
  }

  onMessage(message: Message): boolean {
    if (message.channel === Meta.history) {
      this.#client.emitter.emit("deleted", message.data as unknown as Deletion);
      return true;
    }
    if (message.epoch === undefined) return false;
    const recovery = this.#channels.get(message.channel);
    if (!recovery || (!recovery.position && !recovery.isSubscribing)) {
      if (!this.#receivedOtherwise.has(message.channel)) this.#receivedOtherwise.set(message.channel, true);
      return false;
    }
    recovery.receive(message as PlacedMessage);
    this.#scheduleRequest(recovery, GAP_WAIT_MS);
    return true;
  }

  onSubscribed(result: SubscribeResult): void {
    const { channel, position } = result;
    const isBad = this.#badPositions.delete(channel);
    if (isBad) this.#client.emitter.emit("subscribed", { channel, recovered: false, code: "bad_position" });
    if (position) {
      this.#checkIntervalMs = Math.min(this.#checkIntervalMs, result.historyCheckIntervalMs ?? Infinity);
      const recovery = this.#recoveryOf(channel);
      recovery.isSubscribing = false;
      recovery.hasHistory = true;
      recovery.apply(result, this.#isCovered(channel));
      this.#scheduleRequest(recovery, this.#retryDelay(result));
    } else this.#forget(channel);
  }

  onSubscribeFailed(channel: string): void {
    const recovery = this.#channels.get(channel);
    if (!recovery) return;
    recovery.isSubscribing = false;
    if (recovery.position) this.#scheduleRequest(recovery, 0);
    else recovery.flushBuffer();
  }

  onUnsubscribed(channel: string): void {
    this.#forget(channel);
    this.#since.delete(channel);
    this.#badPositions.delete(channel);
    this.#receivedOtherwise.set(channel, false);
  }

  onInfo({ laggingChannels = [] }: ConnectionInfo): void {
    for (const channel of laggingChannels) {
      const recovery = this.#channels.get(channel);
      if (!recovery) continue;
      recovery.hasGap = true;
      this.#scheduleRequest(recovery, 0);
    }
  }

  onVerified(): void {
    for (const recovery of this.#channels.values()) this.#scheduleRequest(recovery, 0);
  }

  onDisconnected(): void {
    for (const recovery of this.#channels.values()) recovery.stop();
  }

  onReset(): void {
    this.onDisconnected();
    this.#channels.clear();
    this.#since.clear();
    this.#badPositions.clear();
    this.#receivedOtherwise.clear();
  }

  #recoveryOf(channel: string): ChannelRecovery {
    const known = this.#channels.get(channel);
    if (known) return known;
    const recovery = new ChannelRecovery(channel, (message) => this.#client.deliver(message));
    recovery.position = this.#since.get(channel);
    this.#since.delete(channel);
    this.#channels.set(channel, recovery);
    return recovery;
  }

  /**
   * Forgets a channel that has no history, or to which the client does not subscribe any more. Buffered messages are
   * delivered.
   */
  #forget(channel: string): void {
    const recovery = this.#channels.get(channel);
    if (!recovery) return;
    recovery.stop();
    this.#channels.delete(channel);
    recovery.flushBuffer();
  }

  /** Whether another subscription also receives a channel's messages. */
  #isCovered(channel: string): boolean {
    return (
      this.#receivedOtherwise.get(channel) || this.#client.subscriptions.wanted().some((name) => matches(name, channel))
    );
  }

  /** How long to wait after an incomplete answer before the next request, in milliseconds. */
  #retryDelay({ more, pendingMs = 0 }: Pick<Replay, "more" | "pendingMs">): number {
    return more ? 0 : pendingMs + PENDING_RETRY_MS + this.#client.timers.random(PENDING_RETRY_MS);
  }

  /** Requests missing messages, if some are still missing after `milliseconds`. */
  #scheduleRequest(recovery: ChannelRecovery, milliseconds: number): void {
    if (!recovery.isIncomplete || recovery.isRequestPending || recovery.isSubscribing) return;
    recovery.cancelWait ??= this.#client.timers.after(milliseconds, () => {
      recovery.cancelWait = undefined;
      if (recovery.isIncomplete) this.#requestHistory(recovery);
    });
  }

  #requestHistory(recovery: ChannelRecovery): void {
    const { channel } = recovery;
    const isCurrent = (): boolean => this.#channels.get(channel) === recovery && recovery.isRequestPending;
    // On a new connection, the subscription itself requests all missing messages.
    if (!this.#client.isConnected || recovery.isSubscribing) return;
    recovery.isRequestPending = true;
    recovery.hasGap = false;
    this.#client.queue.enqueueMeta("history", { channel, since: recovery.position }, (outcome) => {
      if (!isCurrent()) return;
      recovery.isRequestPending = false;
      if (!outcome.error) this.#applyReplay(recovery, dataOf<Replay>(outcome));
      else if (outcome.error.retryable) {
        recovery.hasGap = true;
        this.#scheduleRequest(recovery, this.#client.timers.random(this.#client.options.retryCap));
      } else {
        this.#reportLoss(channel, outcome.error.code);
        recovery.skipGap();
      }
    });
  }

  /** Reports that messages are lost, if the application still subscribes to the channel. */
  #reportLoss(channel: string, code: RequestCode): void {
    if (this.#client.subscriptions.wanted().includes(channel))
      this.#client.emitter.emit("subscribed", { channel, recovered: false, code });
  }

  #applyReplay(recovery: ChannelRecovery, replay: Replay): void {
    const { channel, code } = replay;
    if (code) {
      this.#reportLoss(channel, code);
      this.#client.notify("onLost", channel);
    }
    recovery.apply(replay, this.#isCovered(channel));
    this.#scheduleRequest(recovery, this.#retryDelay(replay));
  }
}
