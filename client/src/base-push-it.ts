import type { Member } from "../../protocol/presence.js";
import type { Client } from "./client.js";
import type { State } from "./connection/state.js";
import type { Credentials } from "./options.js";
import type { Events, OnError, PublishRequest, PublishResult, ReceivedMessage, SubscribeOptions } from "./types.js";

/** The common part of both SDKs: the connection, callbacks and events. */
export abstract class BasePushIt {
  /** Assign a function: the SDK calls it with each message, on any channel. */
  declare onMessageReceived: ((channel: string, message: ReceivedMessage) => void) | undefined;
  /** Keeps Vue from wrapping this object in a proxy, through which methods could not reach private fields. */
  readonly __v_skip = true;
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
    this.on("message", (message) => this.onMessageReceived?.(message.channel, message));
    for (const channel of client.options.channels ?? []) client.hold(channel, client.ownHolder);
    if (client.options.autoConnect) this.connect();
  }

  /** The state of the connection. */
  get state(): State {
    return this.#client.connection.state;
  }

  /** The server's id of this client's agent, and its user. `undefined` until the server has sent it. */
  get me(): Pick<Member, "agent" | "userId"> | undefined {
    return this.#client.connection.transport?.me;
  }

  /**
   * Connects, also after a denial. If the SDK waits before the next attempt, it makes the attempt at once.
   * @param options `credentials` replaces the client's credentials, and with them an open connection
   * @throws Error if the runtime has no WebSocket
   */
  connect(options?: { credentials?: Credentials }): void {
    this.#client.connection.connect(options);
  }

  /**
   * Disconnects until the application calls `connect()`, which subscribes to the same channels again. Open requests
   * fail with `closed`.
   */
  disconnect(): void {
    this.#client.connection.end("stop", "disconnect");
  }

  /**
   * Disconnects, and forgets subscriptions, positions, requests and messages, so that another user can connect.
   * Listeners stay.
   */
  reset(): void {
    this.#client.reset();
  }

  /**
   * Makes the connection guard decide again now, with fresh credentials, on the open connection. Rejects with a
   * `PushItError`. A denial ends the connection.
   */
  refreshCredentials(): Promise<void> {
    return this.#client.connection.renew();
  }

  /**
   * Listens to an event.
   * @returns a function that removes the listener
   * @example pushIt.on("state", ({ state, code, reason }) => console.log(state, code, reason))
   */
  on<Event extends keyof Events>(event: Event, listener: (value: Events[Event]) => void): () => void {
    return this.#client.emitter.on(event, listener, this.#client.ownHolder);
  }

  /**
   * Publishes a message. Messages of one client arrive in the order in which it published them.
   * @param onError called if the message was not published; without it, the SDK emits the `error` event
   * @param onSuccess called with the guard's result when the server has sent the message to every subscriber. On a
   * channel with `linger`, it is called when the server has stored the message
   * @returns the message's id
   */
  publish<Data>(message: PublishRequest<Data>, onError?: OnError, onSuccess?: (result: PublishResult) => void): string {
    return this.#client.publish("publish", message, onError, onSuccess);
  }

  /**
   * Publishes a message without a reply. This saves a frame, but the client does not learn whether the message was
   * published. If it fails before it is sent, the SDK emits the `error` event.
   * @returns the message's id
   */
  send<Data>(message: PublishRequest<Data>): string {
    return this.#client.publish("send", message);
  }

  /**
   * Subscribes to a channel or wildcard, and again after each reconnection. On a channel with history, the client then
   * receives the messages that it missed.
   * @param onError called if it failed; without it, the SDK emits the `error` event
   * @param onSuccess called when the client is subscribed: every message that is published from now on arrives
   */
  subscribe(
    channel: string,
    onError?: OnError,
    onSuccess?: (channel: string) => void,
    options?: SubscribeOptions,
  ): void {
    this.#client.hold(
      channel,
      this.#client.ownHolder,
      options,
      this.#client.settleCallback(channel, onError, onSuccess),
    );
  }

  /**
   * Unsubscribes from a channel or wildcard that this client subscribed to with `subscribe` or the option `channels`.
   * Subscriptions of channel objects stay.
   * @param onError called if it failed; without it, the SDK emits the `error` event
   * @param onSuccess called when the client is unsubscribed
   */
  unsubscribe(channel: string, onError?: OnError, onSuccess?: (channel: string) => void): void {
    this.#client.subscriptions.release(
      channel,
      this.#client.ownHolder,
      this.#client.settleCallback(channel, onError, onSuccess),
    );
  }
}
