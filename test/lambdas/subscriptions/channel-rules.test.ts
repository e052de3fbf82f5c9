import { DEFAULT_LIMITS, type Limits } from "../../../protocol/index.js";
import {
  matchingSubscriptions,
  publicationError,
  subscriptionError,
} from "../../../lambdas/subscriptions/channel-rules.js";

const rules = (wildcards: string[] = [], limits: Partial<Limits> = {}) => ({
  wildcards,
  limits: { ...DEFAULT_LIMITS, ...limits },
});

describe("subscriptionError, if stories/* is enabled", () => {
  test.each([
    ["stories/5", undefined],
    ["/meta/connect", "reserved_channel"],
    ["/meta/*", "reserved_channel"],
    ["", "bad_channel"],
    ["a b", "bad_channel"],
    ["/*", "bad_channel"],
    ["*", "bad_channel"],
    ["stories*", "bad_channel"],
    ["a//*", "bad_channel"],
    ["stories/*/*", "bad_channel"],
    ["stories/*", undefined],
    ["stories/5/*", undefined],
    ["stories/5/x/*", undefined],
    ["storiesque/*", "wildcard"],
    ["other/*", "wildcard"],
  ])("of %s is %s", (name, fault) => {
    expect(subscriptionError(name, rules(["stories/*"]))).toBe(fault);
  });

  test("permits a wildcard at or below an enabled pattern, never above", () => {
    expect(subscriptionError("stories/*", rules(["stories/5/*"]))).toBe("wildcard");
    expect(subscriptionError("stories/*", rules())).toBe("wildcard");
  });
});

describe("publicationError", () => {
  test.each([
    ["stories/5", undefined],
    ["/stories/5", undefined],
    ["/meta", "reserved_channel"],
    ["/meta/whatever", "reserved_channel"],
    ["stories/*", "wildcard"],
    ["", "bad_channel"],
    ["a b", "bad_channel"],
  ])("of %s is %s", (name, fault) => {
    expect(publicationError(name, rules())).toBe(fault);
  });
});

describe("channel names with a deployment's stricter limits", () => {
  const strict = rules(["ab/*"], { channelLength: 5, channelPunctuation: "-." });

  test.each([
    ["ab-c.", undefined],
    ["/AB/9", undefined],
    ["abcdef", "bad_channel"],
    ["a_b", "bad_channel"],
    ["a:b", "bad_channel"],
    ["/meta", "reserved_channel"],
  ])("%s: %s", (name, fault) => {
    expect(subscriptionError(name, strict)).toBe(fault);
    expect(publicationError(name, strict)).toBe(fault);
  });

  test("a wildcard's length does not include its star", () => {
    expect(subscriptionError("ab/cd/*", strict)).toBeUndefined();
    expect(subscriptionError("ab/cde/*", strict)).toBe("bad_channel");
    expect(subscriptionError("ab/_/*", strict)).toBe("bad_channel");
  });

  test("letters, digits and / are always allowed, but only in ASCII", () => {
    const bare = rules([], { channelPunctuation: "" });
    expect(subscriptionError("aZ0/9", bare)).toBeUndefined();
    for (const name of ["a-b", "é", "a\n", "\u212a"]) expect(subscriptionError(name, bare)).toBe("bad_channel");
  });
});

describe("matchingSubscriptions", () => {
  test("returns the channel alone without matching wildcards", () => {
    expect(matchingSubscriptions("stories/5/x", [])).toEqual(["stories/5/x"]);
    expect(matchingSubscriptions("stories/5/x", ["other/*", "storie/*"])).toEqual(["stories/5/x"]);
  });

  test("returns each matching wildcard at or below an enabled pattern", () => {
    expect(matchingSubscriptions("stories/5/x", ["stories/*"])).toEqual(["stories/5/x", "stories/5/*", "stories/*"]);
    expect(matchingSubscriptions("stories/5/x", ["stories/5/*"])).toEqual(["stories/5/x", "stories/5/*"]);
    expect(matchingSubscriptions("stories/5", ["stories/5/*"])).toEqual(["stories/5"]);
  });

  test("returns each name once", () => {
    expect(matchingSubscriptions("a/b", ["a/*", "a/*"])).toEqual(["a/b", "a/*"]);
  });

  test("accepts a channel with a leading slash", () => {
    expect(matchingSubscriptions("/stories/5", ["/stories/*"])).toEqual(["/stories/5", "/stories/*"]);
    expect(matchingSubscriptions("/stories", ["/stories/*"])).toEqual(["/stories"]);
  });

  test("returns every wildcard that subscriptionError permits", () => {
    const enabled = ["a/*", "b/c/*"];
    for (const wildcard of ["a/*", "a/b/*", "b/c/*", "b/c/d/*"]) {
      expect(subscriptionError(wildcard, rules(enabled))).toBeUndefined();
      expect(matchingSubscriptions(wildcard.replace("*", "x/y"), enabled)).toContain(wildcard);
    }
  });
});
