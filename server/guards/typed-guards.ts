import type { Agent, Channel, ChannelGuards, Guards } from "../../protocol/guards.js";
import type { MessageOf, StateOf } from "../../protocol/channel-type-names.js";
import type { ChannelTypeMap, TypedChannels } from "../../protocol/channel-types.js";
import type { Json, Message as ReceivedMessage, RequestedMessage } from "../../protocol/index.js";

/**
 * The guards of one channel or pattern, with the types of its messages and states.
 * @typeParam Message the data of its messages
 * @typeParam State the states of its members
 */
export interface TypedChannelGuards<Message = unknown, State = Json, Credentials = unknown> extends Omit<
  ChannelGuards<Credentials>,
  "onPublicationRequest" | "onMessageReceived" | "onPresenceRequest"
> {
  /** As in `ChannelGuards`. If it decides about a state, `message.isState` is true, and `data` has the type of states. */
  onPublicationRequest?(channel: Channel, agent: Agent<Credentials>, message: RequestedMessage<Message>): unknown;
  /** As in `ChannelGuards`. */
  onMessageReceived?(channel: Channel, agent: Agent<Credentials>, message: ReceivedMessage<Message>): unknown;
  /** As in `ChannelGuards`. */
  onPresenceRequest?(channel: Channel, agent: Agent<Credentials>, state: State): unknown;
}

/** The types without some entries. */
type Without<Types extends ChannelTypeMap, Patterns extends string> = {
  readonly [Pattern in Exclude<keyof Types & string, Patterns>]: Types[Pattern];
};

/**
 * A guard module with the types of its channels. The guards of a pattern also decide about channels of more specific
 * types, unless these have an entry of their own.
 */
export type TypedGuards<Types extends ChannelTypeMap, Patterns extends string, Credentials = unknown> = Omit<
  Guards<Credentials>,
  "channels"
> & {
  channels?: {
    [Pattern in Patterns]: TypedChannelGuards<
      MessageOf<Without<Types, Exclude<Patterns, Pattern>>, Pattern>,
      StateOf<Without<Types, Exclude<Patterns, Pattern>>, Pattern>,
      Credentials
    >;
  };
};

/**
 * The guards of a module, after the check of each publication and state by the types of its channel. Data that does not
 * fit is denied with `bad_data`, before the guard is called. The guard receives the data as the client sent it.
 */
export const withTypes = (channels: TypedChannels, module: Guards): Guards => ({
  ...checkedGuards(channels, { onPublicationRequest: publish, ...module }),
  ...(module.channels && {
    channels: Object.fromEntries(
      Object.entries(module.channels).map(([pattern, guards]) => [pattern, checkedGuards(channels, guards)]),
    ),
  }),
});

/** The publication guard of a module that has none: it permits everything. */
const publish = (channel: Channel, agent: Agent, message: RequestedMessage<unknown>): void => {
  channel.publish(message);
  agent.publicationSuccess(message);
};

/** The same guards, which are called only for data that fits. */
const checkedGuards = <Entry extends ChannelGuards>(channels: TypedChannels, guards: Entry): Entry => ({
  ...guards,
  ...(guards.onPublicationRequest && {
    onPublicationRequest(channel: Channel, agent: Agent, message: RequestedMessage<unknown>): unknown {
      const fault = channels.fault(channel.name, message.isState ? "presence" : "message", message.data);
      if (fault) return agent.publicationDenied(message, fault, { code: "bad_data" });
      return guards.onPublicationRequest?.(channel, agent, message);
    },
  }),
  ...(guards.onPresenceRequest && {
    onPresenceRequest(channel: Channel, agent: Agent, state: Json): unknown {
      const fault = channels.fault(channel.name, "presence", state);
      if (fault) return agent.presenceDenied(channel, fault, { code: "bad_data" });
      return guards.onPresenceRequest?.(channel, agent, state);
    },
  }),
});
