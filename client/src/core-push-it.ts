import { isId } from "../../protocol/id.js";
import { Channel } from "./core-channel.js";
import { createSieve } from "./sieve.js";
import { addConnection } from "./connection.js";
import { Emitter, tell } from "./emitter.js";
import { PushItError } from "./errors.js";
import { freshId } from "./id.js";
import type { CoreOptions } from "./options.js";
import type { Core } from "./parts.js";
import type { Settle } from "./request.js";
import type { State } from "./state.js";
import { addSubscriptions } from "./subscriptions.js";
import { addTraffic } from "./traffic.js";
import type { Events, OnError, Outgoing, Published, ReceivedMessage, SubscribeOptions } from "./types.js";

/**
 * An agent: one connection to a Push-It, kept as long as the application wants it; without history and presence.
 * @example
 * const pushIt = new PushIt({ url: "wss://…", channels: ["stories/5"], credentials: () => session.token() });
 * pushIt.onMessageReceived = (channel, message) => show(channel, message.data);
 * pushIt.publish({ channel: "stories/5", data: { text: "Hello" } }, (error) => alert(error.message));
 */
export class PushIt<Options extends CoreOptions = CoreOptions> {
  /** Told every message, on whatever channel it arrives; assign your own. */
  declare onMessageReceived: ((channel: string, message: ReceivedMessage) => void) | undefined;
  /** @internal */
  declare readonly _core: Core;

  constructor(options: Options) {
    const core = Object.assign(new Emitter<Events>(), options as CoreOptions, { host: options.host ?? globalThis }) as Core;
    this._core = core;
    addTraffic(core);
    addSubscriptions(core);
    addConnection(core);
    core._message = createSieve((message) => core._emit("message", { ...message, payload: message.data }));
    this._extend?.(core);
    this.on("message", (message) => this.onMessageReceived?.(message.channel, message));
    if (options.autoConnect ?? true) this.connect();
  }

  /**
   * Adds to what the client does, before it connects.
   * @internal
   */
  _extend?(core: Core): void;

  /** Where the connection is. */
  get state(): State {
    return this._core._state;
  }

  /** Connects, also after a denial; where an attempt to reconnect waits for its time, it is made at once. */
  connect(): void {
    this._core._connect();
  }

  /** Disconnects until `connect()`. What was asked and not answered fails with `closed`. */
  disconnect(): void {
    this._core._leave("stop", "disconnect");
  }

  /**
   * Listens to an event.
   * @returns a function that removes the listener
   * @example pushIt.on("state", ({ state, code, reason }) => console.log(state, code, reason))
   */
  on<Event extends keyof Events>(event: Event, listener: (value: Events[Event]) => void): () => void {
    return this._core._on(event, listener);
  }

  /**
   * Publishes a message. Messages of one client arrive in the order in which they were published.
   * @param onError told why it was not published; left out, the `error` event is
   * @param onSuccess told when every subscriber was posted to (on a channel that lingers: when that is in hand), with what
   * the guard had to say
   * @returns the message's id
   */
  publish(message: Outgoing, onError?: OnError, onSuccess?: (published: Published) => void): string {
    return this.#post("publish", message, onError, onSuccess);
  }

  /**
   * Publishes a message without an answer: cheaper by one message on the wire, and whether the server published it
   * is not told. What fails before it is sent goes to the `error` event.
   * @returns the message's id
   */
  send(message: Outgoing): string {
    return this.#post("send", message);
  }

  /**
   * Subscribes to a channel or wildcard; stays subscribed across reconnections.
   * @param onError told why not; left out, the `error` event is
   * @param onSuccess told when subscribed: every message that is published from now on arrives
   */
  subscribe(channel: string, onError?: OnError, onSuccess?: (channel: string) => void, _options?: SubscribeOptions): void {
    this._core._want(channel, true, this.#settle(channel, onError, onSuccess));
  }

  /**
   * Unsubscribes from a channel or wildcard.
   * @param onError told why not; left out, the `error` event is
   * @param onSuccess told when unsubscribed
   */
  unsubscribe(channel: string, onError?: OnError, onSuccess?: (channel: string) => void): void {
    this._core._want(channel, false, this.#settle(channel, onError, onSuccess));
  }

  /**
   * A channel or wildcard, with promises, listeners and `for await`. It holds nothing: make as many as you like.
   * @typeParam Data what its messages carry: what your application agrees on, nobody checks it
   * @example for await (const { data } of pushIt.channel<Story>("stories/5")) show(data);
   */
  channel<Data = unknown>(name: string): Channel<Data> {
    return new Channel(this, name);
  }

  #post(
    action: "publish" | "send",
    { channel, message, data = message, uuid = freshId(), echo }: Outgoing & { data?: unknown; message?: unknown },
    onError?: OnError,
    onSuccess?: (published: Published) => void,
  ): string {
    const published: Published = { uuid };
    const settle = this.#settle(published, onError, onSuccess);
    let json: string | undefined;
    let fault: string | undefined;
    try {
      json = JSON.stringify({ data, channel, uuid, echo: echo && undefined });
    } catch (error) {
      fault = String(error);
    }
    // One malformed message would spoil the others of its frame.
    if (json?.startsWith(`{"data"`) && isId(uuid))
      this._core._add({
        _action: action,
        // One lane for all that has an order, and one for each message that has none.
        _lane: action === "send" ? uuid : "",
        _uuid: uuid,
        _channel: channel,
        _json: json,
        _settle: (error, result) => {
          published.result = result;
          settle(error);
        },
      });
    else settle(new PushItError("bad_frame", fault, channel, uuid));
    return uuid;
  }

  /** Ends a request for the application: one of its callbacks, or the `error` event where it gave none for errors. */
  #settle<Value>(value: Value, onError?: OnError, onSuccess?: (value: Value) => void): Settle {
    return (error) => {
      if (!error) tell(onSuccess, value);
      else if (onError) tell(onError, error);
      else this._core._emit("error", error);
    };
  }
}
