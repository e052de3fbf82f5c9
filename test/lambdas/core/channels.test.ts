import { audience, publicationFault, subscriptionFault } from "../../../lambdas/core/channels.js";

describe("what can be subscribed to", () => {
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
  ])("%s: %s, where stories/* is enabled", (name, fault) => {
    expect(subscriptionFault(name, ["stories/*"])).toBe(fault);
  });

  test("includes a wildcard only at or below an enabled pattern, never above", () => {
    expect(subscriptionFault("stories/*", ["stories/5/*"])).toBe("wildcard");
    expect(subscriptionFault("stories/*", [])).toBe("wildcard");
  });
});

describe("what can be published on", () => {
  test.each([
    ["stories/5", undefined],
    ["/stories/5", undefined],
    ["/meta", "reserved_channel"],
    ["/meta/whatever", "reserved_channel"],
    ["stories/*", "wildcard"],
    ["", "bad_channel"],
    ["a b", "bad_channel"],
  ])("%s: %s", (name, fault) => {
    expect(publicationFault(name)).toBe(fault);
  });
});

describe("the audience of a channel", () => {
  test("is the channel alone where no wildcards are enabled, or only elsewhere: one Query", () => {
    expect(audience("stories/5/x", [])).toEqual(["stories/5/x"]);
    expect(audience("stories/5/x", ["other/*", "storie/*"])).toEqual(["stories/5/x"]);
  });

  test("includes every wildcard at or below an enabled pattern that matches it", () => {
    expect(audience("stories/5/x", ["stories/*"])).toEqual(["stories/5/x", "stories/5/*", "stories/*"]);
    expect(audience("stories/5/x", ["stories/5/*"])).toEqual(["stories/5/x", "stories/5/*"]);
    expect(audience("stories/5", ["stories/5/*"])).toEqual(["stories/5"]);
  });

  test("holds each place once, however many patterns enable it", () => {
    expect(audience("a/b", ["a/*", "a/*"])).toEqual(["a/b", "a/*"]);
  });

  test("of a channel with a leading slash", () => {
    expect(audience("/stories/5", ["/stories/*"])).toEqual(["/stories/5", "/stories/*"]);
    expect(audience("/stories", ["/stories/*"])).toEqual(["/stories"]);
  });

  test("and what can be subscribed to agree: whoever may subscribe to a wildcard is found", () => {
    const enabled = ["a/*", "b/c/*"];
    for (const wildcard of ["a/*", "a/b/*", "b/c/*", "b/c/d/*"]) {
      expect(subscriptionFault(wildcard, enabled)).toBeUndefined();
      expect(audience(wildcard.replace("*", "x/y"), enabled)).toContain(wildcard);
    }
  });
});
