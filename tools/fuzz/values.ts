import fc from "fast-check";
import type { Json } from "../../protocol/index.js";
import {
  CRASHING_STATE,
  DENIED_STATE,
  GREETED_AGENT,
  GREETINGS_CHANNEL,
  MUTED_AGENT,
  PRIVATE_CHANNEL,
  SECRET,
} from "./policy.js";

/** Maximum agents of an episode. */
export const SLOTS = 4;

/** Replaces placeholders by agents' ids when the frame is sent: `@agent0@` is the first agent of the episode. */
export const withAgents = (text: string, ids: readonly string[]): string =>
  text.replace(/@agent(\d)@/g, (_placeholder, at: string) => ids[Number(at) % Math.max(1, ids.length)] ?? "");

/** Hostile strings: lone surrogates, NUL, line ends, and names that are special to JavaScript or the table. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    "0",
    "-1",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "\u0000",
    "a\u0000b",
    "\ud800",
    "\udc00\ud800",
    "\ufeff",
    "\u202e",
    "\r\n",
    "a/\n",
    "a\n",
    " ",
    "é",
    "😀",
    "*",
    "/*",
    "/",
    "//",
    "a//b",
    "a/",
    "/a",
    "/a/*",
    "a/*/b",
    "**",
    "../..",
    "../..",
    "a#b",
    "c#open",
    "s#open",
    "agent",
    "$connect",
    "$default",
    "/meta",
    "/meta/",
    "/meta/subscribe",
    "/meta/connect",
    "/metal",
    "meta/x",
    "//meta/x",
    "/META/x",
    "@agent0@",
    "@agent1@",
    "a".repeat(128),
    "a".repeat(129),
    `${"a".repeat(128)}/*`,
    "a/b/c/d/e/f/g/h",
    "a/b/c/d/e/f/g/h/i",
    "/a/b/c/d/e/f/g/h",
  ),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 }).map((units) => String.fromCharCode(...units)),
);

/** Values of every type, including objects with JavaScript's own field names. */
export const hostileJson: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, -0, 1e20, 1.5, [], {}, [[]], [null]),
  hostileText,
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
  fc.dictionary(hostileText, fc.constantFrom<Json>(null, 1, "x", {}), { maxKeys: 4 }),
  fc.constantFrom<Json>(
    JSON.parse('{"__proto__":{"data":1,"messages":[],"uuid":"polluted"}}') as Json,
    { constructor: { prototype: { echo: false } } },
    { toJSON: "x", then: "y" },
  ),
);

/** Message data. All of it is secret, and none may be in a log. */
export const messageData: fc.Arbitrary<Json> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Json>(SECRET) },
  { weight: 2, arbitrary: hostileJson.map((value): Json => ({ [SECRET]: value })) },
  hostileJson,
);

/** Valid uuids: few, so that they repeat, and ids of other agents. */
export const uuid: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[\w-]{8}$/) },
  fc.constantFrom("0", "u", "__proto__", "constructor", "-", "@agent0@", "@agent1@", "x".repeat(64)),
);

/** Channels with history or presence: few, so that publications meet subscribers. */
export const keptChannel = (tag: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 16, arbitrary: fc.constantFrom(`kept/${tag}`, `kept/${tag}`, `rooms/kept/${tag}`) },
    { weight: 4, arbitrary: fc.constantFrom(`rooms/${tag}`, `shout/kept/${tag}`) },
    { weight: 6, arbitrary: fc.constantFrom(`rooms/${tag}/typing`, `moods/${tag}`, `moods/kept/${tag}`) },
    { weight: 3, arbitrary: fc.constantFrom(`keyed/${tag}`, `signed/kept/${tag}`, `shout/moods/${tag}`) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(`spread/kept/${tag}`, `copies/kept/${tag}`, `pair/kept/${tag}`, `extra/kept/${tag}`),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        `drop/${tag}`,
        `denied/kept/${tag}`,
        `throws/kept/${tag}`,
        `kept/${tag}/*`,
        `rooms/${tag}/*`,
      ),
    },
  );

/** Channels whose members may have states, and a few whose members may not. */
export const stateChannel = (tag: string): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom(`moods/${tag}`, `moods/${tag}`, `rooms/${tag}/typing`, `moods/kept/${tag}`),
    },
    { weight: 2, arbitrary: fc.constantFrom(`shout/moods/${tag}`, `spread/moods/${tag}`) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(`readonly/moods/${tag}`, `throws/moods/${tag}`, `log/moods/${tag}`),
    },
    // Their patterns have no states, or match one segment more or less.
    {
      weight: 1,
      arbitrary: fc.constantFrom(`rooms/${tag}`, `rooms/${tag}/b/typing`, `rooms/kept/${tag}/typing`, `moods/${tag}/*`),
    },
  );

/** States of members: well-formed ones, some around the maximum size, and some that a guard denies. */
export const memberState: fc.Arbitrary<Json> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<Json>({ typing: true }, { typing: false }, SECRET, 1) },
  { weight: 2, arbitrary: fc.constant<Json>(null) },
  { weight: 1, arbitrary: fc.constantFrom<Json>(DENIED_STATE, CRASHING_STATE) },
  { weight: 1, arbitrary: fc.constantFrom<Json>("s".repeat(510), "s".repeat(511), "é".repeat(255), "é".repeat(256)) },
  { weight: 2, arbitrary: hostileJson },
);

/** Replaces placeholders by epochs, as far as they are known when a frame is sent. */
export const withEpochs = (text: string, epochOf: (channel: string) => string | undefined): string =>
  text.replace(/@epoch:([\w/]+)@/g, (_placeholder, channel: string) => epochOf(channel) ?? "unknown");

/** A position of a current, old or unknown history, at an offset that exists or not. */
export const positionOn = (channel: string): fc.Arbitrary<Json> =>
  fc.record({
    epoch: fc.oneof(
      { weight: 9, arbitrary: fc.constant(`@epoch:${channel}@`) },
      { weight: 1, arbitrary: fc.constantFrom("", "other", "x".repeat(64)) },
    ),
    offset: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 0, max: 30 }) },
      { weight: 1, arbitrary: fc.constantFrom(1e6, Number.MAX_SAFE_INTEGER) },
    ),
  });

/**
 * Channel names.
 * @param tag makes the channels of parallel episodes different
 */
export const channelName = (tag: string): fc.Arbitrary<string> => {
  const heads = ["open", "shout", "spread", "pair", "extra", "copies", "news", "log", "readonly", "mandatory"];
  const closed = ["denied", "staged", "throws"];
  const below = (head: string): string[] => [`${head}/${tag}`, `${head}/${tag}/b`];
  return fc.oneof(
    // Few, so that publications meet subscribers.
    {
      weight: 20,
      arbitrary: fc.constantFrom(`open/${tag}`, `open/${tag}`, `open/${tag}/b`, `shout/${tag}`, `spread/${tag}`),
    },
    { weight: 8, arbitrary: keptChannel(tag) },
    { weight: 4, arbitrary: fc.constantFrom(...heads.flatMap(below)) },
    { weight: 3, arbitrary: fc.constantFrom(...closed.flatMap(below)) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        `open/${tag}/*`,
        `open/${tag}/*`,
        `shout/${tag}/*`,
        `denied/${tag}/*`,
        `pair/${tag}/*`,
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        PRIVATE_CHANNEL,
        "news/*",
        "open/*/*",
        "opening/*",
        GREETINGS_CHANNEL,
        "constructor",
        "__proto__",
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom("/meta", "/meta/subscribe", "/meta/*", "/meta/successful", "/metal") },
    { weight: 4, arbitrary: stateChannel(tag) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        `signed/${tag}`,
        `signed/${tag}/plain`,
        `signed/${tag}/b/plain`,
        `shout/signed/${tag}`,
      ),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        `gated/${tag}/locked`,
        `gated/${tag}/b/locked`,
        `gated/${tag}/locked/b`,
        `gated/${tag}/*`,
        `gated/${tag}/b/*`,
        `deep/${tag}/logs/*`,
        `deep/${tag}/logs/b`,
        `deep/${tag}/b/*`,
        `deep/logs/x/${tag}`,
        `deep/b/x/${tag}`,
        `deep/logs/b/${tag}`,
        `pair/rooms/${tag}`,
        `extra/rooms/${tag}`,
      ),
    },
    { weight: 2, arbitrary: hostileText },
  );
};

/** Agent names; `undefined`: the connection guard denies it. */
export const agentName: fc.Arbitrary<string | undefined> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("ann", "bob") },
  { weight: 2, arbitrary: fc.constantFrom(MUTED_AGENT, GREETED_AGENT) },
  { weight: 1, arbitrary: fc.constant(undefined) },
);
