import type { ChannelTypeMap } from "../../protocol/channel-types.js";
import type { MessageOf, StateOf } from "../../protocol/channel-type-names.js";
import type { Json } from "../../protocol/json.js";

declare const declared: unique symbol;

/** Stands for the type that the option `types` declares. */
export interface Declared {
  readonly [declared]: true;
}

type IsSame<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;

/** The type of a channel's data: the caller's, or the declared one. */
export type DataOf<Types extends ChannelTypeMap, Name extends string, Data> =
  IsSame<Data, Declared> extends true ? MessageOf<Types, Name> : Data;

/** The declared type of the states of a channel's members. Without one, they may be any JSON. */
export type DeclaredState<Types extends ChannelTypeMap, Name extends string> =
  unknown extends StateOf<Types, Name> ? Json : StateOf<Types, Name>;
