import {
  MAX_CHANNEL_LENGTH,
  MAX_CHANNEL_SEGMENTS,
  isChannelName,
  isReserved,
  isWildcard,
  matches,
} from "../../protocol/index.js";

describe("a channel name", () => {
  test.each([
    "stories",
    "stories/5",
    "/stories/5",
    "a.b:c@d=e+f,g~h!i-j_k",
    "ABC/xyz/019",
    "metal",
    "meta",
    "meta/connect",
    "__proto__",
    "1/2/3/4/5/6/7/8",
    "/1/2/3/4/5/6/7/8",
    "x".repeat(MAX_CHANNEL_LENGTH),
  ])("can be %s", (name) => {
    expect(isChannelName(name)).toBe(true);
  });

  test.each([
    ["empty", ""],
    ["only a slash", "/"],
    ["an empty segment", "stories//5"],
    ["a slash at the end", "stories/"],
    ["two slashes at the start", "//stories"],
    ["a space", "two words"],
    ["a line break at the end", "stories\n"],
    ["a star", "stories/*"],
    ["a star alone", "*"],
    ["a star within", "stories/*/x"],
    ["a hash", "a#b"],
    ["letters outside ASCII", "größe"],
    ["a NUL", "a\0b"],
    ["one segment too many", "1/2/3/4/5/6/7/8/9"],
    ["one character too many", "x".repeat(MAX_CHANNEL_LENGTH + 1)],
    ["reserved", "/meta/connect"],
  ])("cannot be or hold %s", (_, name) => {
    expect(isChannelName(name)).toBe(false);
  });

  test("has at most eight segments, a leading slash not counted", () => {
    expect(MAX_CHANNEL_SEGMENTS).toBe(8);
  });
});

describe("/meta", () => {
  test.each(["/meta", "/meta/", "/meta/connect", "/meta/whatever/else"])("reserves %s", (name) => {
    expect(isReserved(name)).toBe(true);
    expect(isChannelName(name)).toBe(false);
  });

  test.each(["/metal", "meta", "stories/meta", "/Meta/connect"])("leaves %s to everyone", (name) => {
    expect(isReserved(name)).toBe(false);
  });
});

describe("a wildcard", () => {
  test("ends in /*", () => {
    expect(["stories/*", "a/b/*"].map(isWildcard)).toEqual([true, true]);
    expect(["stories", "stories*", "*", "stories/*/x"].map(isWildcard)).toEqual([false, false, false, false]);
  });

  test.each(["stories/5", "stories/5/comments", "stories/*", "stories/5/*"])("stories/* matches %s", (name) => {
    expect(matches("stories/*", name)).toBe(true);
  });

  test.each(["stories", "stories/", "storiesque/5", "Stories/5", "/stories/5", "other/stories/5"])(
    "stories/* matches whole segments only, so not %s",
    (name) => {
      expect(matches("stories/*", name)).toBe(false);
    },
  );

  test("is what matches: a plain name matches nothing, not even itself", () => {
    expect(matches("stories", "stories")).toBe(false);
    expect(matches("stories/5", "stories/5")).toBe(false);
  });

  test("keeps a leading slash as part of the name", () => {
    expect(matches("/stories/*", "/stories/5")).toBe(true);
    expect(matches("/stories/*", "stories/5")).toBe(false);
  });
});
