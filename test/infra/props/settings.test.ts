import { Duration, Lazy } from "aws-cdk-lib";
import type { PushItProps } from "../../../infra/index.js";
import { makePushIt, resourcesOf, synthesize } from "../synth.js";

const FORBIDDEN: [what: string, props: PushItProps, message: RegExp][] = [
  [
    "a connection guard that outlasts API Gateway",
    { timeouts: { onConnectionRequest: Duration.seconds(26) } },
    /Test\/PushIt: the connect function would need 31 s \(timeouts\.onConnectionRequest 26 s, margin 5 s\).*at most 28 s/,
  ],
  [
    "a publication guard and a fan-out that together outlast it",
    { timeouts: { onPublicationRequest: Duration.seconds(15) }, fanOutBudget: Duration.seconds(15) },
    /publish function would need 36 s \(timeouts\.onPublicationRequest 15 s, fanOutBudget 15 s, timeouts\.onDisconnect 1 s, margin 5 s\)/,
  ],
  [
    "an onDisconnect and a clean-up that together outlast it",
    { timeouts: { onDisconnect: Duration.seconds(20) } },
    /disconnect function would need 35 s/,
  ],
  [
    "a timeout of zero",
    { timeouts: { onDisconnect: Duration.seconds(0) } },
    /timeouts\.onDisconnect is 0 ms.*at least 100/,
  ],
  [
    "a timeout of less than 100 ms",
    { timeouts: { onMessageReceived: Duration.millis(99) } },
    /timeouts\.onMessageReceived is 99 ms/,
  ],
  ["a fan-out without time", { fanOutBudget: Duration.millis(0) }, /fanOutBudget is 0 ms/],
  [
    "a delivery guard that outlasts its fan-out",
    { timeouts: { onMessageReceived: Duration.seconds(5) }, fanOutBudget: Duration.seconds(4) },
    /timeouts\.onMessageReceived \(5000 ms\) cannot exceed fanOutBudget \(4000 ms\)/,
  ],
  [
    "a timeout that is a token",
    { timeouts: { onDisconnect: Duration.seconds(Lazy.number({ produce: () => 1 })) } },
    /timeouts\.onDisconnect must be known at synthesis/,
  ],
  [
    "a window shorter than the SDK's longest retry",
    { dedupeWindow: Duration.minutes(5) },
    /dedupeWindow is 300 seconds.*from 360 to 86400/,
  ],
  [
    "a window that outlasts its stored messages",
    {
      dedupeWindow: Duration.hours(12),
      channels: { "a/*": { history: {} }, "b/*": { history: { ttl: Duration.hours(1) } } },
    },
    /dedupeWindow is 43200 seconds, but messages of channels\["b\/\*"\] are stored for 10800 seconds only/,
  ],
  [
    "a window as long as messages are stored",
    { dedupeWindow: Duration.minutes(121), channels: { "b/*": { history: { ttl: Duration.minutes(1) } } } },
    /dedupeWindow is 7260 seconds/,
  ],
  ["a pattern that is a channel", { wildcards: ["stories/5"] }, /wildcards: "stories\/5" is not a pattern/],
  ["a pattern for everything", { wildcards: ["*"] }, /wildcards: "\*" is not a pattern/],
  ["a pattern without a star at its end", { wildcards: ["stories/*/x"] }, /"stories\/\*\/x" is not a pattern/],
  ["a pattern whose first segment is a star", { wildcards: ["*/*"] }, /"\*\/\*" is not a pattern/],
  ["a pattern that is not a channel name", { wildcards: ["sto ries/*"] }, /"sto ries\/\*" is not a pattern/],
  ["a pattern of reserved channels", { wildcards: ["/meta/*"] }, /"\/meta\/\*" is not a pattern/],
  ["too little memory", { memorySize: 64 }, /memorySize is 64, but must be 128 to 10240/],
  [
    "a sweep interval in seconds",
    { sweepInterval: Duration.seconds(90) },
    /sweepInterval is 1\.5 minutes.*whole minutes/,
  ],
  ["a sweep interval of zero", { sweepInterval: Duration.minutes(0) }, /sweepInterval is 0 minutes/],
  [
    "a sweep interval that is too long",
    { sweepInterval: Duration.hours(3) },
    /sweepInterval is 180 minutes.*from 1 to 120/,
  ],
  ["a stage name that is not a part of a URL", { stageName: "my stage" }, /stageName "my stage"/],
];

describe("synthesis refuses", () => {
  test.each(FORBIDDEN)("%s", (_what, props, message) => {
    expect(() => makePushIt(props)).toThrow(message);
    expect(() => makePushIt(props)).toThrow(expect.objectContaining({ name: "ValidationError" }));
  });
});

describe("synthesis accepts the extremes", () => {
  test.each<[string, PushItProps]>([
    ["the shortest window", { dedupeWindow: Duration.minutes(6) }],
    [
      "the longest window without any history",
      { dedupeWindow: Duration.days(1), channels: { "a/*": { latest: true } } },
    ],
    [
      "the longest window with messages stored for longer",
      { dedupeWindow: Duration.days(1), channels: { "a/*": { history: { ttl: Duration.hours(23) } } } },
    ],
    [
      "a window with a minute to spare",
      { dedupeWindow: Duration.minutes(120), channels: { "a/*": { history: { ttl: Duration.minutes(1) } } } },
    ],
  ])("%s", (_what, props) => {
    expect(() => makePushIt(props)).not.toThrow();
  });

  test("28 s in all", () => {
    const template = synthesize({
      timeouts: { onConnectionRequest: Duration.seconds(22), onPublicationRequest: Duration.seconds(12) },
    });
    const timeouts = Object.entries(resourcesOf(template, "AWS::Lambda::Function")).map(([id, { Properties }]) => [
      id.replace(/^PushIt(\w+?)Function.*/, "$1"),
      Properties.Timeout,
    ]);
    expect(Object.fromEntries(timeouts)).toEqual({
      Connect: 27,
      Disconnect: 16,
      Handshake: 7,
      Subscribe: 6,
      Unsubscribe: 6,
      Publish: 28,
      Send: 28,
      Refresh: 28,
      Ping: 7,
      Heartbeat: 7,
      DefaultRoute: 7,
      Sweep: 28,
      Publisher: 16,
      Deliver: 16,
    });
  });

  test("100 ms, every minute, and patterns of several segments", () => {
    expect(() =>
      makePushIt({
        timeouts: { onSubscriptionRequest: Duration.millis(100) },
        sweepInterval: Duration.minutes(1),
        wildcards: ["a/b/c/*", "/lead/*", "rooms/*/events/*"],
      }),
    ).not.toThrow();
  });
});
