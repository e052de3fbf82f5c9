import type { DeclaredState, MessageOf } from "../../protocol/channel-type-names.js";
import type { ChannelTypeMap } from "../../protocol/channel-types.js";
import { BasePushIt } from "./base-push-it.js";
import { Channel, type ChannelParts } from "./channel.js";
import { Client } from "./client.js";
import { NetworkDiagnosis } from "./connection/network-diagnosis.js";
import { PageLifecycle } from "./connection/page-lifecycle.js";
import { Rotation } from "./connection/rotation.js";
import { PublishRetry } from "./history/publish-retry.js";
import { LastMessages } from "./history/last-messages.js";
import { Recovery } from "./history/recovery.js";
import type { PushItOptions } from "./options.js";
import { Presence } from "./presence/presence.js";

/**
 * A client: one connection to a Push-It, which lasts until the application ends it.
 * @typeParam Types the channels' types, from the option `types`
 * @example
 * const pushIt = new PushIt({ url: "wss://…", channels: ["stories/5"], credentials: () => session.token() });
 * pushIt.onMessageReceived = (channel, message) => show(channel, message.data);
 * pushIt.publish({ channel: "stories/5", data: { text: "Hello" } }, (error) => alert(error.message));
 */
export class PushIt<Types extends ChannelTypeMap = ChannelTypeMap> extends BasePushIt {
  readonly #client: Client;
  readonly #parts: ChannelParts;

  /** @throws TypeError if an option is invalid, Error if the runtime lacks a feature */
  constructor(options: PushItOptions<Types>) {
    const client = new Client(options);
    const presence = new Presence(client);
    const recovery = new Recovery(client);
    const rotation = new Rotation(client, {
      hasPresence: (channel) => presence.hasPresence(channel),
      hasHistory: (channel) => recovery.hasHistory(channel),
    });
    const { connection, extensions } = client;
    extensions.push(
      presence,
      // Before the recovery: the newest messages come before the messages that follow them.
      new LastMessages(client, recovery),
      recovery,
      new PublishRetry(client, recovery),
      rotation,
      new PageLifecycle(client, connection),
      new NetworkDiagnosis(client, connection),
    );
    super(client);
    this.#client = client;
    this.#parts = { recovery, presence };
  }

  /**
   * A channel or wildcard, with promises, listeners and `for await`. Each object has its own subscription. Its data has
   * the type that the option `types` declares for the channel; without one, the type is unknown.
   * @example for await (const { data } of pushIt.channel("stories/5")) show(data);
   */
  channel<const Name extends string, State extends DeclaredState<Types, Name>>(
    name: Name,
  ): Channel<MessageOf<Types, Name>, State>;
  /**
   * The same, with a type of the caller.
   * @typeParam Data the messages' data, as your application publishes it; the SDK does not check that type
   * @example for await (const { data } of pushIt.channel<Story>("stories/5")) show(data);
   */
  channel<Data>(name: string): Channel<Data>;
  channel<Data>(name: string): Channel<Data> {
    return new Channel<Data>(this.#client, name, this.#parts);
  }
}
