import type { ChannelTypeMap } from "../../protocol/channel-types.js";
import { BaseChannel } from "./base-channel.js";
import { BasePushIt } from "./base-push-it.js";
import type { DataOf, Declared, DeclaredState } from "./channel-data.js";
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
   * A channel or wildcard, with promises, listeners and `for await`. Each object has its own subscription.
   * @typeParam Data the messages' data. Left out: the type that the option `types` has for the channel; without one, the
   * SDK does not check the data
   * @example for await (const { data } of pushIt.channel<Story>("stories/5")) show(data);
   */
  channel<Data = Declared, const Name extends string = string>(
    name: Name,
  ): BaseChannel<DataOf<Types, Name, Data>, DeclaredState<Types, Name>> {
    return new BaseChannel(this.#client, name);
  }
}
