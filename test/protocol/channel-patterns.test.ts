import fc from "fast-check";
import { bySpecificity, covers, intersection, isPattern, mostSpecific } from "../../protocol/channel-patterns.js";
import { channelSettings } from "../../protocol/channel-settings.js";
import { entriesFor, HANDLERS, type Manifest } from "../../protocol/guard-manifest.js";
import { isChannelName } from "../../protocol/index.js";
import { matchingSubscriptions } from "../../lambdas/subscriptions/channel-rules.js";

describe("a pattern", () => {
  test.each(["a", "a/b", "/a/b", "a/*", "a/*/b", "/a/*/b", "a/*/*", "a/*/b/*/c", "a/*/b/*", "1/*/3/*/5/*/7/8/*"])(
    "can be %s",
    (pattern) => expect(isPattern(pattern, isChannelName)).toBe(true),
  );

  test.each([
    ["empty", ""],
    ["a star alone", "*"],
    ["a star first", "*/a"],
    ["a star first after a slash", "/*/a"],
    ["a star within a segment", "a/b*/c"],
    ["two stars in a segment", "a/**/c"],
    ["an empty segment", "a//b"],
    ["reserved", "/meta/*"],
    ["reserved, with a star within", "/meta/*/a"],
    ["one segment too many", "1/*/3/*/5/*/7/8/9"],
  ])("cannot be %s", (_, pattern) => expect(isPattern(pattern, isChannelName)).toBe(false));

  test.each([
    ["rooms/*/typing", "rooms/5/typing", true],
    ["rooms/*/typing", "rooms/5/6/typing", false],
    ["rooms/*/typing", "rooms/typing", false],
    ["rooms/*/typing", "rooms/5/typing/x", false],
    ["rooms/*/typing", "rooms/5/*", false],
    ["rooms/*/typing/*", "rooms/5/typing/*", true],
    ["rooms/*/*", "rooms/5", false],
    ["rooms/*/*", "rooms/5/6/7", true],
    ["rooms/*", "rooms/*/typing", true],
  ])("%s covers %s: %s", (pattern, name, expected) => expect(covers(pattern, name)).toBe(expected));

  test("has in common with a wildcard what both match", () => {
    expect(intersection("rooms/*/typing", "rooms/5/*")).toBe("rooms/5/typing");
    expect(intersection("rooms/*/typing", "rooms/5/x/*")).toBeUndefined();
    expect(intersection("rooms/*/typing/*", "rooms/5/*")).toBe("rooms/5/typing/*");
  });

  test("is more specific if it has a name at the first difference", () => {
    const patterns = ["rooms/*", "rooms/*/*", "rooms/*/typing", "rooms/5/*", "rooms/5/typing", "rooms/*/typing/*"];
    expect(patterns.sort(bySpecificity)).toEqual([
      "rooms/5/typing",
      "rooms/5/*",
      "rooms/*/typing/*",
      "rooms/*/typing",
      "rooms/*/*",
      "rooms/*",
    ]);
  });
});

/** The oracle: reads a pattern as the page says, by a regular expression. */
const matchesNaively = (pattern: string, channel: string): boolean => {
  const [tail, start] = pattern.endsWith("/*") ? ["/.+", pattern.slice(0, -2)] : ["", pattern];
  return new RegExp(`^${start.replaceAll("*", "[^/]+")}${tail}$`).test(channel);
};

/** The oracle of the order: literal 0, middle star 1, last star 2, segment by segment. */
const placesOf = (pattern: string): string =>
  pattern
    .split("/")
    .map((segment, at, all) => (segment !== "*" ? 0 : at < all.length - 1 ? 1 : 2))
    .join("");

const decidesNaively = (patterns: readonly string[], channel: string): string | undefined =>
  patterns
    .filter((pattern) => matchesNaively(pattern, channel))
    .sort((a, b) => (placesOf(a) < placesOf(b) ? -1 : 1))[0];

/** All channels of a small alphabet. `z` is in no pattern: it stands for all other names. */
const ALPHABET = ["a", "b", "z"];
const CHANNELS = [1, 2, 3, 4]
  .reduce<string[][]>(
    (byLength) => [
      ...byLength,
      (byLength.at(-1) ?? [""]).flatMap((start) => ALPHABET.map((name) => (start === "" ? name : `${start}/${name}`))),
    ],
    [],
  )
  .flat();

const name = fc.constantFrom("a", "b");
const pattern = fc
  .tuple(name, fc.array(fc.oneof(name, fc.constant("*")), { maxLength: 3 }))
  .map(([first, others]) => [first, ...others].join("/"));
const wildcard = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => `${names.join("/")}/*`);
const patterns = fc.uniqueArray(pattern, { maxLength: 6 });

describe("for any patterns, by an oracle that tries all channels", () => {
  test("the settings of a channel are those of the most specific pattern", () => {
    fc.assert(
      fc.property(patterns, (some) => {
        const options = Object.fromEntries(some.map((one, at) => [one, { shards: at }]));
        for (const channel of CHANNELS) {
          const decided = decidesNaively(some, channel);
          expect(channelSettings(options, channel)).toEqual(decided === undefined ? {} : options[decided]);
          expect(mostSpecific(some, channel)).toBe(decided);
        }
      }),
    );
  });

  test("covering and intersecting mean what they say of channels", () => {
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        const [inA, inB] = [a, b].map((one) => CHANNELS.filter((channel) => matchesNaively(one, channel))) as [
          string[],
          string[],
        ];
        const common = intersection(a, b);
        const both = inA.filter((channel) => inB.includes(channel));
        expect(common === undefined ? [] : CHANNELS.filter((each) => matchesNaively(common, each))).toEqual(both);
        expect(covers(a, b)).toBe(inB.every((channel) => inA.includes(channel)));
      }),
    );
  });

  test("a wildcard asks exactly the guards that decide about its channels", () => {
    const handler = HANDLERS[1];
    fc.assert(
      fc.property(patterns, fc.boolean(), wildcard, (some, hasDefault, asked) => {
        const manifest: Manifest = Object.fromEntries(
          [...some, ...(hasDefault ? [""] : [])].map((e) => [e, [handler]]),
        );
        const below = CHANNELS.filter((channel) => matchesNaively(asked, channel));
        const deciding = below.map((channel) => decidesNaively(some, channel) ?? (hasDefault ? "" : undefined));
        const expected = [...new Set(deciding.filter((entry) => entry !== undefined))].sort();
        expect(entriesFor(manifest, handler, asked).sort()).toEqual(expected);
      }),
    );
  });

  test("a channel reaches subscribers of each wildcard that a pattern enables", () => {
    fc.assert(
      fc.property(fc.uniqueArray(pattern.map((one) => `${one.replace(/(\/\*)+$/, "")}/*`)), (enabled) => {
        for (const channel of CHANNELS) {
          const above = channel.split("/").map((_, at, all) => `${all.slice(0, at).join("/")}/*`);
          const expected = above.filter((one) => enabled.some((each) => covers(each, one)));
          expect(matchingSubscriptions(channel, enabled).sort()).toEqual([channel, ...expected].sort());
        }
      }),
      { numRuns: 30 },
    );
  });
});
