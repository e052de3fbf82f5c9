import { isChannelName } from "./channel.js";
import { isPattern, mostSpecific } from "./channel-patterns.js";
import { schemaFault, type StandardSchema } from "./standard-schema.js";

/** The types of one channel, or of the channels of one pattern. `State` is the state of a member. */
export interface ChannelType<Message = unknown, State = unknown> {
  /** Checks the data of messages. Left out: any data passes. */
  readonly message?: StandardSchema<Message> | undefined;
  /** Checks the states of members. Left out: any state passes. */
  readonly presence?: StandardSchema<State> | undefined;
}

/** The types of channels, by name or [pattern](PROTOCOL.md#patterns). */
export type ChannelTypeMap = Readonly<Record<string, ChannelType>>;

/** The part that a schema checks: the data of a message, or the state of a member. */
export type TypedPart = "message" | "presence";

/** How a fault names each part. */
const SUBJECT: Record<TypedPart, string> = { message: "data", presence: "state" };

/** Channels with types, as `defineChannels` returns them. */
export interface TypedChannels<Types extends ChannelTypeMap = ChannelTypeMap> {
  readonly types: Types;
  /**
   * Checks data that JSON has carried, or is about to carry, by the most specific entry of a channel.
   * @returns its first fault, with its place; `undefined` if it fits or the channel has no schema
   */
  fault(channel: string, part: TypedPart, value: unknown): string | undefined;
}

/**
 * Declares the types of a channel: by schemas, which are also checked, or by types alone.
 * @example
 * channel({ message: z.object({ text: z.string() }), presence: z.object({ typing: z.boolean() }) })
 * channel<{ text: string }, { typing: boolean }>()
 */
export const channel = <Message = unknown, State = unknown>(
  schemas: ChannelType<Message, State> = {},
): ChannelType<Message, State> => schemas;

/**
 * Declares the types of an application's channels, for its clients and its guards. The most specific entry that matches
 * a channel counts. A schema checks; it does not convert: what it returns is not used.
 * @param types the types by channel name or [pattern](PROTOCOL.md#patterns), such as `rooms/*`
 * @throws TypeError if a key is neither a channel name nor a pattern
 * @example
 * export const channels = defineChannels({
 *   "rooms/*": channel({ message: z.object({ text: z.string() }) }),
 *   "rooms/*\/cursor": channel<{ x: number; y: number }>(),
 * });
 */
export const defineChannels = <const Types extends ChannelTypeMap>(types: Types): TypedChannels<Types> => {
  const patterns = Object.keys(types);
  const wrong = patterns.find((pattern) => !isPattern(pattern, isChannelName));
  if (wrong !== undefined)
    throw new TypeError(
      `defineChannels: "${wrong}" is neither a channel name nor a pattern such as "rooms/*" or "rooms/*/typing".`,
    );
  return {
    types,
    fault(name, part, value) {
      const schema = types[mostSpecific(patterns, name) ?? ""]?.[part];
      return schema && schemaFault(schema, value, SUBJECT[part]);
    },
  };
};
