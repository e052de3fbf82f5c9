import type { ChannelType, ChannelTypeMap } from "./channel-types.js";
import type { Json } from "./json.js";

/*
 * The grammar of channel-patterns.ts for the compiler: which entry of a map has the types of a channel.
 */

/** Whether a pattern matches all channels of a name, a template such as `rooms/${string}`, or another pattern. */
type Covers<Pattern extends string, Name extends string> = Pattern extends "*"
  ? true
  : Pattern extends `${infer Segment}/${infer Rest}`
    ? Name extends `${infer First}/${infer Others}`
      ? Segment extends "*" | First
        ? Covers<Rest, Others>
        : false
      : false
    : Name extends Pattern
      ? true
      : false;

/** The order of patterns, digit by digit: a name comes before `*`, and a `*` in the middle before the last one. */
type Rank<Pattern extends string> = Pattern extends "*"
  ? "2"
  : Pattern extends `${infer Segment}/${infer Rest}`
    ? `${Segment extends "*" ? "1" : "0"}${Rank<Rest>}`
    : "0";

/** Whether a pattern of one rank is more specific than one of another, if both match the same channel. */
type IsBefore<One extends string, Other extends string> = One extends `${infer A}${infer MoreA}`
  ? Other extends `${infer B}${infer MoreB}`
    ? A extends B
      ? IsBefore<MoreA, MoreB>
      : `${A}${B}` extends "01" | "02" | "12"
        ? true
        : false
    : true
  : false;

type Matching<Keys extends string, Name extends string> = Keys extends Keys
  ? Covers<Keys, Name> extends true
    ? Keys
    : never
  : never;

/** `Key`, if one of `All` is more specific. */
type Beaten<Key extends string, All extends string> = All extends All
  ? IsBefore<Rank<All>, Rank<Key>> extends true
    ? Key
    : never
  : never;

type AllBeaten<Keys extends string, All extends string> = Keys extends Keys ? Beaten<Keys, All> : never;

type MostSpecific<Keys extends string> = Exclude<Keys, AllBeaten<Keys, Keys>>;

/** Whether some channel matches both patterns. */
type Overlap<One extends string, Other extends string> = "*" extends One | Other
  ? true
  : One extends `${infer Segment}/${infer Rest}`
    ? Other extends `${infer First}/${infer Others}`
      ? "*" extends Segment | First
        ? Overlap<Rest, Others>
        : Segment extends First
          ? Overlap<Rest, Others>
          : false
      : false
    : One extends Other
      ? true
      : false;

type Overlapping<Keys extends string, Name extends string> = Keys extends Keys
  ? Overlap<Keys, Name> extends true
    ? Keys
    : never
  : never;

/** The entries of channels below a wildcard: its subscribers receive their messages, too. */
type Below<Keys extends string, Name extends string> = Name extends `${string}/*` ? Overlapping<Keys, Name> : never;

/** The keys of the entries that have the types of a channel. A wildcard may have several. */
type KeysOf<Types extends ChannelTypeMap, Name extends string> = string extends Name
  ? never
  : MostSpecific<Matching<keyof Types & string, Name>> | Below<keyof Types & string, Name>;

/** The data of a channel's messages. `unknown` if the map has no entry for it. */
export type MessageOf<Types extends ChannelTypeMap, Name extends string> = [KeysOf<Types, Name>] extends [never]
  ? unknown
  : Types[KeysOf<Types, Name>] extends ChannelType<infer Message, unknown>
    ? Message
    : unknown;

/** The state of a channel's members. `unknown` if the map has no entry for it. */
export type StateOf<Types extends ChannelTypeMap, Name extends string> = [KeysOf<Types, Name>] extends [never]
  ? unknown
  : Types[KeysOf<Types, Name>] extends ChannelType<unknown, infer State>
    ? State
    : unknown;

/** The declared state of a channel's members. Without a type, it may be any JSON. */
export type DeclaredState<Types extends ChannelTypeMap, Name extends string> =
  unknown extends StateOf<Types, Name> ? Json : StateOf<Types, Name>;
