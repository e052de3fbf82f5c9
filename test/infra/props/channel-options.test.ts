import { Duration, Lazy } from "aws-cdk-lib";
import type { ChannelOptions } from "../../../infra/index.js";
import type { Settings } from "../../../lambdas/settings.js";
import { makePushIt, resourcesOf, synthesize } from "../synth.js";

/** The channel options in the functions' settings. */
const channelsOf = (channels?: Record<string, ChannelOptions>): unknown => {
  const functions = Object.values(resourcesOf(synthesize({ channels }), "AWS::Lambda::Function"));
  const told = functions.map(
    ({ Properties }) => (Properties.Environment as { Variables: Record<string, string> }).Variables.PUSH_IT_SETTINGS!,
  );
  expect(new Set(told).size).toBe(1);
  return (JSON.parse(told[0]!) as Settings).channels;
};

describe("channels", () => {
  test("with presence may let members have a state", () => {
    const channels = {
      "rooms/*": { presence: { state: true } },
      "halls/*": { presence: {} },
      "no/*": { presence: false },
    };
    expect(channelsOf(channels)).toEqual({
      "rooms/*": { presence: true, presenceState: true },
      "halls/*": { presence: true },
      "no/*": {},
    });
  });

  test("reach every function as plain JSON, without missing options", () => {
    expect(channelsOf()).toEqual({});
    const channels = {
      "prices/*": { linger: Duration.millis(250), latest: true },
      "/lead/x": { linger: Duration.seconds(5), latest: false },
      "big/*": { shards: 8 },
      "rooms/*/typing": { latest: true },
      "talks/*": { from: true },
      __proto__x: {},
    };
    expect(channelsOf(channels)).toEqual({
      "big/*": { shards: 8 },
      "rooms/*/typing": { latest: true },
      "talks/*": { from: true },
      "prices/*": { lingerMs: 250, latest: true },
      "/lead/x": { lingerMs: 5_000 },
      __proto__x: {},
    });
  });

  const lazy = Lazy.number({ produce: () => 1 });
  const pattern = /channels: ".*" is neither a channel name \(within limits\) nor a pattern such as/;
  test.each<[what: string, channels: Record<string, ChannelOptions>, message: RegExp]>([
    ["a pattern for all channels", { "*": {} }, pattern],
    ["a pattern whose first segment is a star", { "*/b": {} }, pattern],
    ["an empty name", { "": {} }, pattern],
    ["a reserved channel", { "/meta/user": {} }, pattern],
    ["the users' channels", { "/meta/user/*": { latest: true } }, pattern],
    ["a name that is too long", { ["x".repeat(129)]: {} }, pattern],
    ["a pattern that is a token", { [Lazy.string({ produce: () => "a" })]: {} }, pattern],
    [
      "a window shorter than its requests take",
      { a: { linger: Duration.millis(49) } },
      /channels\["a"\]\.linger is 49 ms.*whole milliseconds from 50 to 5000/,
    ],
    ["a window that is too long", { a: { linger: Duration.millis(5_001) } }, /channels\["a"\]\.linger is 5001 ms/],
    ["a fraction of a millisecond", { a: { linger: Duration.millis(50.5) } }, /channels\["a"\]\.linger is 50\.5 ms/],
    [
      "a number of shards that is not a power of two",
      { a: { shards: 3 } },
      /channels\["a"\]\.shards is 3, but must be a power of two from 1 to 64/,
    ],
    ["no shards", { a: { shards: 0 } }, /channels\["a"\]\.shards is 0/],
    ["a fraction of a shard", { a: { shards: 0.5 } }, /channels\["a"\]\.shards is 0\.5/],
    ["too many shards", { a: { shards: 128 } }, /channels\["a"\]\.shards is 128/],
    [
      "a number of shards that is a token",
      { a: { shards: lazy } },
      /channels\["a"\]\.shards must be known at synthesis/,
    ],
    [
      "a window that is a token",
      { a: { linger: Duration.seconds(lazy) } },
      /channels\["a"\]\.linger must be known at synthesis/,
    ],
  ])("synthesis refuses %s", (_what, channels, message) => {
    expect(() => makePushIt({ channels })).toThrow(message);
    expect(() => makePushIt({ channels })).toThrow(expect.objectContaining({ name: "ValidationError" }));
  });

  test("follow the deployment's limits of channel names", () => {
    expect(() => makePushIt({ limits: { channelLength: 3 }, channels: { "long/*": {} } })).toThrow(pattern);
  });

  test("count in the size of the environment", () => {
    const channels = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [`${"x".repeat(40)}${at}/*`, { latest: true }]),
    );
    expect(() => makePushIt({ channels })).toThrow(
      /the environment would have \d+ bytes as JSON, but Lambda allows 4096.*patterns of channels/,
    );
  });
});
