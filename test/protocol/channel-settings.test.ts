import { type ChannelPatterns, channelSettings, shardsOf, someChannel } from "../../protocol/channel-settings.js";

const patterns: ChannelPatterns = {
  "prices/*": { latest: true },
  "prices/eu/*": { lingerMs: 250 },
  "prices/eu/5": {},
  "/lead/*": { lingerMs: 100 },
};

describe("the settings of a channel", () => {
  test.each([
    ["prices/us", { latest: true }],
    ["prices/us/5", { latest: true }],
    ["prices/eu", { latest: true }],
    ["prices/eu/7", { lingerMs: 250 }],
    ["prices/eu/7/x", { lingerMs: 250 }],
    ["/lead/x", { lingerMs: 100 }],
  ])("are those of the longest matching wildcard: %s", (channel, options) => {
    expect(channelSettings(patterns, channel)).toEqual(options);
  });

  test("are those of its own name, even if these are empty", () => {
    expect(channelSettings(patterns, "prices/eu/5")).toEqual({});
    expect(channelSettings(patterns, "prices/eu/5/x")).toEqual({ lingerMs: 250 });
  });

  test.each(["prices", "pricesque/5", "/prices/5", "x", "/lead"])("are empty if no pattern matches: %s", (channel) => {
    expect(channelSettings(patterns, channel)).toEqual({});
  });

  test("are empty for wildcards and reserved channels", () => {
    expect(channelSettings(patterns, "prices/*")).toEqual({});
    expect(channelSettings({ ...patterns, "/meta/*": { latest: true } }, "/meta/user/ada")).toEqual({});
  });

  test("are empty for names that every object inherits", () => {
    expect(channelSettings({}, "constructor")).toEqual({});
    expect(channelSettings(JSON.parse('{"__proto__":{"latest":true}}') as ChannelPatterns, "__proto__")).toEqual({
      latest: true,
    });
  });
});

test("one shard is the default; a wildcard has its channels' shards", () => {
  const some: ChannelPatterns = {
    "big/*": { shards: 8 },
    "big/eu/*": { shards: 2 },
    "big/one": {},
    "/meta/*": { shards: 4 },
  };
  const channels = ["big/1", "big/*", "big/us/*", "big/eu/1", "big/eu/*", "big/one", "big", "other", "/meta/user/ada"];
  expect(channels.map((channel) => shardsOf(some, channel))).toEqual([8, 8, 8, 2, 2, 1, 1, 1, 1]);
});

test("someChannel() finds a pattern that meets a condition", () => {
  expect(someChannel(patterns, ({ latest }) => latest)).toBe(true);
  expect(someChannel({ a: {} }, ({ latest }) => latest)).toBe(false);
});
