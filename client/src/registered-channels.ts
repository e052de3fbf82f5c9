import type { DeclaredState, MessageOf } from "../../protocol/channel-type-names.js";
import type { TypedChannels } from "../../protocol/channel-types.js";

/**
 * Makes the types of an application's channels known to the hooks and composables. Declare it once, next to the channels.
 * @example
 * export const channels = defineChannels({ "rooms/*": channel<{ text: string }>() });
 * declare module "push-it-client/channels" {
 *   interface Register {
 *     channels: typeof channels;
 *   }
 * }
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- an application adds its own member
export interface Register {}

/** The map of the registered channels. `never` if none are. */
type RegisteredTypes = Register extends { channels: TypedChannels<infer Types> } ? Types : never;

/** A channel's name, if channels are registered. Otherwise `never`, so that the other signature of a hook counts. */
export type RegisteredName = [RegisteredTypes] extends [never] ? never : string;

/** The data of a registered channel's messages. */
export type RegisteredMessage<Name extends string> = MessageOf<RegisteredTypes, Name>;

/** The state of a registered channel's members. */
export type RegisteredState<Name extends string> = DeclaredState<RegisteredTypes, Name>;
