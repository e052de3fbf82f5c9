import { SUBPROTOCOL } from "../../../protocol/version.js";
import type { Client } from "../client.js";
import type { Extension } from "../extension.js";
import type { Socket } from "../platform/platform.js";
import type { Transport } from "./transport.js";

/**
 * How long API Gateway lets a connection live, in milliseconds.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
const CONNECTION_LIFETIME_MS = 7_200_000;

/** How long a replaced transport still receives, in milliseconds. docs/CLIENT.md, "Rotation", has the measurement. */
const DRAIN_MS = 30_000;

/** The largest share of its life that a transport may spend as a replaced one. */
const MAX_DRAIN_SHARE = 1 / 4;

/** How often to check whether all subscriptions have moved, in milliseconds. */
const MOVE_POLL_MS = 1_000;

/**
 * The latest moment to rotate, the longest random time before it, and the wait before another attempt. All are shares
 * of the connection's life.
 */
const ROTATE_AT_LATEST = 0.99;
const ROTATION_JITTER = 0.04;
const ROTATION_RETRY = 1 / 300;

/** Which features of a channel matter to a rotation. */
export interface ChannelFeatures {
  /** Whether the server counts the agents on a channel. */
  hasPresence(channel: string): boolean;
  /** Whether the client recovers messages that it missed on a channel. */
  hasHistory(channel: string): boolean;
}

/**
 * Moves to a new connection before API Gateway ends the old one. It opens the new connection, moves the subscriptions,
 * and closes the old one when no more messages can be on their way to it. Until then both receive, and a message that
 * arrives twice is delivered once.
 *
 * The moment is random, between 95 and 99 % of the connection's life, and earlier by the time that the old connection
 * still receives. API Gateway has a quota of 500 new connections a second, and all clients connected at that rate or
 * slower. Independent random moments can only smooth a rate. So the spread need only be wider than events that clients
 * have in common, such as a timer's tick or a deployment's restart. A narrow spread costs the least. A client that is
 * refused keeps its old connection and tries again.
 */
export class Rotation implements Extension {
  readonly #client: Client;
  readonly #features: ChannelFeatures;
  readonly #lifetime: number;
  readonly #drainTime: number;
  /** The transport that was replaced and still receives. */
  #old: Transport | undefined;
  /** The latest socket that was opened to replace a transport. */
  #replacement: Socket | undefined;
  #cancel: (() => void) | undefined;
  /** Stops the wait until the old transport can be closed. */
  #cancelMove: (() => void) | undefined;

  constructor(client: Client, features: ChannelFeatures) {
    const { connectionLifetime = CONNECTION_LIFETIME_MS, drainTime = DRAIN_MS } = client.options;
    this.#client = client;
    this.#features = features;
    this.#lifetime = connectionLifetime;
    this.#drainTime = Math.min(drainTime, connectionLifetime * MAX_DRAIN_SHARE);
  }

  onConnected(): void {
    const share = ROTATE_AT_LATEST - this.#client.timers.random(ROTATION_JITTER);
    this.#schedule(this.#lifetime * share - this.#drainTime);
  }

  onDisconnected(): void {
    this.#cancel?.();
    if (!this.#client.isActive) this.onUserChanged();
  }

  /** Messages for the former user must not arrive any more. */
  onUserChanged(): void {
    this.#old?.close();
    this.#cancelMove?.();
  }

  /** The old transport must not receive the channel's messages any more either. */
  onUnsubscribed(channel: string): void {
    if (this.#old?.subscriptions.has(channel)) this.#unsubscribeOld([channel]);
  }

  /**
   * A channel that has not moved misses messages until it is subscribed again. On the others, a very late message may
   * be missed.
   */
  onReplacedClosed(old: Transport): void {
    const { emitter, subscriptions } = this.#client;
    if (old !== this.#old) return;
    this.#old = undefined;
    this.#cancelMove?.();
    this.#leaveBehind([...old.subscriptions.keys()]);
    if (this.#client.isActive)
      emitter.emit("rotated", {
        channels: subscriptions.wanted().filter((channel) => !this.#features.hasHistory(channel)),
      });
  }

  #schedule(milliseconds: number): void {
    this.#cancel?.();
    this.#cancel = this.#client.timers.after(milliseconds, () => void this.#openReplacement());
  }

  async #openReplacement(): Promise<void> {
    const { connection, timers } = this.#client;
    const old = connection.transport;
    const retryIn = this.#lifetime * ROTATION_RETRY * (1 + timers.random(1));
    // One attempt at a time: an attempt that hangs is closed before the next one. A socket in use stays open.
    if (this.#replacement !== old?.socket) this.#replacement?.close();
    this.#schedule(Math.max(retryIn, this.#client.options.timeout));
    // If the credentials or the socket fail, the next attempt is already scheduled.
    const socket = await connection.openSocket().catch(() => undefined);
    if (!socket) return;
    this.#replacement = socket;
    // Some WebSocket classes throw if there is no listener.
    socket.onerror = () => {};
    socket.onclose = () => {
      if (this.#replacement === socket && connection.transport === old) this.#schedule(retryIn);
    };
    socket.onopen = () => {
      if (socket.protocol !== SUBPROTOCOL || !old || connection.transport !== old || !this.#client.isConnected)
        return socket.close();
      this.#old = old;
      connection.use(socket);
      this.#closeWhenMoved(old, timers.now() + this.#client.options.timeout);
    };
  }

  /**
   * Polls until the old transport is not needed any more, or until `waitUntil`. Then it closes it after the drain time.
   */
  #closeWhenMoved(old: Transport, waitUntil: number): void {
    const { connection, timers, queue, subscriptions } = this.#client;
    this.#cancelMove = timers.after(MOVE_POLL_MS, () => {
      if (old.isClosed) return;
      const there = connection.transport?.subscriptions;
      const isEverythingThere = subscriptions
        .wanted()
        .every((channel) => there?.get(channel) || !old.subscriptions.has(channel));
      // After a reply on the new transport, it also has the subscriptions that the connection guard made.
      const hasMoved = connection.transport?.me && isEverythingThere && !queue.hasInFlight(old);
      if (!hasMoved && timers.now() < waitUntil) return this.#closeWhenMoved(old, waitUntil);
      // Otherwise other members would count this client twice.
      this.#unsubscribeOld([...old.subscriptions.keys()].filter((channel) => this.#features.hasPresence(channel)));
      this.#cancelMove = timers.after(this.#drainTime, () => this.#close(old));
    });
  }

  /** The old transport does not receive messages of these channels any more. */
  #leaveBehind(channels: string[]): void {
    const { connection, subscriptions } = this.#client;
    for (const channel of channels) if (!connection.transport?.subscriptions.get(channel)) subscriptions.miss(channel);
  }

  #unsubscribeOld(channels: string[]): void {
    const { queue } = this.#client;
    this.#leaveBehind(channels);
    for (const channel of channels) this.#old?.subscriptions.delete(channel);
    while (channels[0] && this.#old)
      queue.sendNow(
        this.#old,
        "unsubscribe",
        { channels: channels.splice(0, queue.limits.channelsPerFrame) },
        () => {},
      );
  }

  #close(old: Transport): void {
    old.close();
    // On a dead network, the socket's own event may take long.
    this.onReplacedClosed(old);
  }
}
