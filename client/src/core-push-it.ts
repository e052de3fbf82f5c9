import type { DeclaredState, MessageOf } from "../../protocol/channel-type-names.js";
import type { ChannelTypeMap } from "../../protocol/channel-types.js";
import { BaseChannel } from "./base-channel.js";
import { BasePushIt } from "./base-push-it.js";
import { Client } from "./client.js";
import type { CoreOptions } from "./options.js";

/**
 * A client without history and presence: one connection to a Push-It, which lasts until the application ends it.
 * @typeParam Types the channels' types, from the option `types`
 * @example
 * const pushIt = new PushIt({ url: "wss://…", channels: ["stories/5"], credentials: () => session.token() });
 * pushIt.onMessageReceived = (channel, message) => show(channel, message.data);
 * pushIt.publish({ channel: "stories/5", data: { text: "Hello" } }, (error) => alert(error.message));
 */
export class PushIt<Types extends ChannelTypeMap = ChannelTypeMap> extends BasePushIt {
  readonly #client: Client;

  /** @throws TypeError if an option is invalid, Error if the runtime lacks a feature */
  constructor(options: CoreOptions<Types>) {
    const client = new Client(options);
    super(client);
    this.#client = client;
  }

  /**
   * A channel or wildcard, with promises, listeners and `for await`. Each object has its own subscription. Its data has
   * the type that the option `types` declares for the channel; without one, the type is unknown.
   * @example for await (const { data } of pushIt.channel("stories/5")) show(data);
   */
  channel<const Name extends string, State extends DeclaredState<Types, Name>>(
    name: Name,
  ): BaseChannel<MessageOf<Types, Name>, State>;
  /**
   * The same, with a type of the caller.
   * @typeParam Data the messages' data, as your application publishes it; the SDK does not check that type
   * @example for await (const { data } of pushIt.channel<Story>("stories/5")) show(data);
   */
  channel<Data>(name: string): BaseChannel<Data>;
  channel<Data>(name: string): BaseChannel<Data> {
    return new BaseChannel<Data>(this.#client, name);
  }
}
