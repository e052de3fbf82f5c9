import type { Json } from "../../protocol/json.js";
import type { Position, Replay } from "../../protocol/history.js";
import { BaseChannel } from "./base-channel.js";
import type { Client } from "./client.js";
import type { Recovery } from "./history/recovery.js";
import type { Received } from "./json.js";
import type { Presence } from "./presence/presence.js";
import { requestData } from "./requests/request-queue.js";
import type { ChannelPresence, HistoryOptions, HistoryPage } from "./types.js";

/**
 * The parts of a client for history and presence.
 * @internal
 */
export interface ChannelParts {
  recovery: Recovery;
  presence: Presence;
}

/**
 * One part of an application on one channel or wildcard, with promises, listeners, `for await`, history and presence.
 * Each object holds its own subscription. When the last object of a channel has unsubscribed, the SDK unsubscribes from
 * the server.
 * @typeParam Data the messages' data
 * @example
 * const stories = pushIt.channel<Story>("stories/5");
 * const off = stories.on("message", ({ data }) => show(data));
 * await stories.subscribe();
 * await stories.publish({ title: "Once" }, { echo: false });
 */
export class Channel<Data = unknown> extends BaseChannel<Data> {
  readonly #client: Client;
  readonly #parts: ChannelParts;
  /**
   * Reads the members of this very channel, if it has presence, and sets this client's state on it.
   * @example
   * const { members } = await room.presence();
   * await room.presence.set({ typing: true });
   */
  readonly presence: ChannelPresence;

  /**
   * Whether the history keeps older messages than the newest that `subscribe({ last })` delivered to this object. Read
   * them with `history({ reverse: true, since })`. `undefined` until they are delivered.
   */
  hasOlder: boolean | undefined;

  /** @internal */
  constructor(client: Client, name: string, parts: ChannelParts) {
    super(client, name);
    this.#client = client;
    this.#parts = parts;
    const { presence } = parts;
    this.presence = Object.assign(() => presence.read(name), {
      set: (state: Json = null) => presence.setState(name, state),
    });
  }

  /**
   * The position up to which the client has delivered all messages. A later `subscribe({ since })`, also in another
   * page, continues from it. `undefined` if it is not known yet or the channel has no history.
   */
  get position(): Position | undefined {
    return this.#parts.recovery.position(this.name);
  }

  /**
   * Reads the channel's history, also without a subscription. Rejects with a `PushItError`.
   * @example const { messages } = await stories.history({ reverse: true, limit: 20 });
   */
  async history(options?: HistoryOptions): Promise<HistoryPage<Received<Data>>> {
    const request = { ...options, channel: this.name };
    const replay = await requestData<Replay>(this.#client.queue, "history", request);
    return { ...replay, messages: (replay.messages ?? []) as HistoryPage<Received<Data>>["messages"] };
  }
}
