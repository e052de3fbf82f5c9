import { MAX_FRAME_BYTES } from "../../../protocol/index.js";
import { encodeReplies } from "../../../lambdas/requests/replies.js";
import type { GuardPort, Permitted } from "../../../lambdas/ports.js";
import { SubscriptionRateLimiter } from "../../../lambdas/subscriptions/subscription-rate.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { subscribe } from "../../../lambdas/routes/subscribe.js";
import { MemoryLatest } from "../support/channel-fakes.js";
import { MemoryHistories } from "../history/history-fakes.js";
import { agentOf, TestClock, TestConnections, TestLog } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";

const agent = agentOf("c1");
const permitted = (...names: string[]): Permitted => ({ permitted: true, subscribe: names, publish: [] });

const setUp = async (subscription: GuardPort["subscription"] = openGuards.subscription) => {
  const store = await new MemoryStore().with(agent);
  const clock = new TestClock();
  const histories = new MemoryHistories(clock, 900, store);
  const rest = {
    clock,
    histories,
    log: new TestLog(),
    connections: new TestConnections(clock),
    latest: new MemoryLatest(store.calls),
  };
  const settings = {
    ...DEFAULT_SETTINGS,
    wildcards: ["stories/*"],
    channels: { "kept/*": { history: { size: 10, seconds: 60 } }, "rooms/*": { presence: true } } as const,
  };
  const system = {
    settings,
    store,
    rate: new SubscriptionRateLimiter({ settings, clock }),
    guards: { ...openGuards, subscription },
    ...rest,
  };
  const ask = (data: unknown) =>
    subscribe(system, agent, JSON.stringify({ action: "subscribe", channel: "/meta/subscribe", uuid: "u1", data }));
  return { store, clock, ask };
};

const yes = (channel: string) => ({ channel: "/meta/subscribe", uuid: "u1", successful: true, data: { channel } });
const no = (channel: string, code: string) => ({
  channel: "/meta/subscribe",
  uuid: "u1",
  successful: false,
  code,
  data: { channel },
});

describe("subscribe", () => {
  test("succeeds by default, with or without a wildcard, once stored", async () => {
    const { store, ask } = await setUp();
    expect(await ask({ channel: "stories/5" })).toEqual([yes("stories/5")]);
    expect(await ask({ channel: "stories/*" })).toEqual([yes("stories/*")]);
    expect((await store.connectionSubscriptions("c1")).channels).toEqual(["stories/5", "stories/*"]);
  });

  // The guard does not run for it. Channels without a history ignore positions.
  test("with an invalid position is refused for that channel alone", async () => {
    const asked: string[] = [];
    const { store, ask } = await setUp(async (_agent, channel) => (asked.push(channel), permitted(channel)));
    const since = { offset: 10 };
    const answers = await ask({
      channels: [
        { channel: "kept/1", since },
        "kept/2",
        { channel: "plain", since },
        { channel: "stories/*", since: null },
      ],
    });
    expect(answers).toMatchObject([yes("kept/2"), yes("plain"), yes("stories/*"), no("kept/1", "bad_frame")]);
    expect(asked).toEqual(["kept/2", "plain", "stories/*"]);
    expect((await store.connectionSubscriptions("c1")).channels).toEqual(["kept/2", "plain", "stories/*"]);
    expect(await ask({ channel: "kept/1", since })).toMatchObject([no("kept/1", "bad_frame")]);
  });

  test("with last is refused on wildcards and channels without history", async () => {
    const asked: string[] = [];
    const { store, ask } = await setUp(async (_agent, channel) => (asked.push(channel), permitted(channel)));
    const answers = await ask({
      channels: [
        { channel: "stories/*", last: 5 },
        { channel: "plain", last: 5 },
        { channel: "kept/1", last: 101 },
        { channel: "plain/2", last: 0 },
        { channel: "kept/2", last: 100 },
        "stories/*",
      ],
    });
    expect(answers).toMatchObject([
      yes("kept/2"),
      { ...no("stories/*", "wildcard"), error: "last needs one channel: a wildcard has no history of its own." },
      { ...no("plain", "no_history"), error: "History is not enabled on this channel." },
      { ...no("kept/1", "bad_frame"), error: "last must be a whole number from 1 to 100." },
      no("plain/2", "bad_frame"),
    ]);
    expect(asked).toEqual(["kept/2"]);
    expect((await store.connectionSubscriptions("c1")).channels).toEqual(["kept/2"]);
  });

  test("with `present: false` stores that the agent only observes", async () => {
    const { store, ask } = await setUp();
    const interval = { presenceIntervalMs: 420_000 };
    const member = { ...yes("rooms/1"), data: { channel: "rooms/1", ...interval } };
    expect(await ask({ channel: "rooms/1", present: false })).toEqual([yes("rooms/1")]);
    expect((await store.connectionSubscriptions("c1")).observed).toEqual(["rooms/1"]);
    expect(await ask({ channel: "rooms/1" })).toEqual([member]);
    expect((await store.connectionSubscriptions("c1")).observed).toBeUndefined();
  });

  test("keeps an observer that a guard subscribes, and says so", async () => {
    const { ask } = await setUp(async (_agent, channel) => permitted(channel, "rooms/1", "rooms/2"));
    await ask({ channel: "rooms/1", present: false });
    await ask({ channel: "rooms/2", present: false });
    const member = { ...yes("rooms/2"), data: { channel: "rooms/2", presenceIntervalMs: 420_000 } };
    expect(await ask({ channel: "plain" })).toEqual([yes("plain"), yes("rooms/1"), yes("rooms/2")]);
    expect(await ask({ channels: ["plain", "rooms/2"] })).toEqual([yes("plain"), member, yes("rooms/1")]);
  });

  test("with an invalid `present` is refused for that channel alone", async () => {
    const { store, ask } = await setUp();
    const channels = [
      { channel: "rooms/1", present: "no" },
      { channel: "plain", present: "no" },
    ];
    expect(await ask({ channels })).toMatchObject([yes("plain"), no("rooms/1", "bad_frame")]);
    expect((await store.connectionSubscriptions("c1")).channels).toEqual(["plain"]);
  });

  test("passes each channel's token to its guard, and stores none", async () => {
    const asked: unknown[] = [];
    const { store, ask } = await setUp(
      async (_agent, channel, token) => (asked.push([channel, token]), permitted(channel)),
    );
    const channels = [
      { channel: "a", token: { ticket: "planted" } },
      "b",
      { channel: "stories/*", token: null },
      { channel: "c", token: "planted".repeat(300) },
    ];
    expect(await ask({ channels })).toEqual([
      yes("a"),
      yes("b"),
      yes("stories/*"),
      { ...no("c", "too_large"), error: "A token may have at most 2048 bytes of JSON." },
    ]);
    expect(asked).toEqual([
      ["a", { ticket: "planted" }],
      ["b", undefined],
      ["stories/*", null],
    ]);
    expect(JSON.stringify([await store.connectionSubscriptions("c1"), store.calls])).not.toContain("planted");
  });

  test("to several channels has a reply for each and one write", async () => {
    const { store, ask } = await setUp();
    expect(await ask({ channels: ["a", "b", "c"] })).toEqual([yes("a"), yes("b"), yes("c")]);
    expect(store.calls).toEqual([
      "connectionSubscriptions c1",
      "putSubscriptions c1 a b c",
      "connectionSubscriptions c1",
    ]);
  });

  test("without data.channel fails and writes nothing", async () => {
    const { store, ask } = await setUp();
    expect(await ask({})).toMatchObject([
      { channel: "/meta/subscribe", uuid: "u1", successful: false, error: expect.stringContaining("data.channel") },
    ]);
    expect(store.calls).toEqual([]);
  });

  test("to invalid channels is refused for these, before their guards", async () => {
    const asked: string[] = [];
    const { store, ask } = await setUp(async (_agent, channel) => {
      asked.push(channel);
      return permitted(channel);
    });
    const answers = await ask({ channels: ["/meta/connect", "a b", "other/*", "good"] });
    expect(answers).toHaveLength(4);
    expect(answers).toEqual(expect.arrayContaining([yes("good")]));
    expect(answers).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining(no("/meta/connect", "reserved_channel")),
        expect.objectContaining(no("a b", "bad_channel")),
        expect.objectContaining(no("other/*", "wildcard")),
      ]),
    );
    expect(asked).toEqual(["good"]);
    expect((await store.connectionSubscriptions("c1")).channels).toEqual(["good"]);
  });

  test("to very long names has replies that fit one frame", async () => {
    const { ask } = await setUp();
    const one = await ask({ channel: "x".repeat(32_000) });
    expect(one).toMatchObject([{ successful: false, code: "bad_channel", data: { channel: "x".repeat(130) } }]);
    const many = await ask({ channels: Array.from({ length: 25 }, (_, at) => `${at}${"\u0001".repeat(200)}`) });
    expect(many).toHaveLength(25);
    expect(Buffer.byteLength(encodeReplies(many))).toBeLessThanOrEqual(MAX_FRAME_BYTES);
  });
});

describe("a subscription guard", () => {
  test("that denies or times out prevents that subscription only", async () => {
    const { store, ask } = await setUp(async (_agent, channel) => {
      if (channel === "a") return { permitted: false, code: "denied", reason: "Not you." };
      if (channel === "b") return { permitted: false, code: "guard_timeout", reason: "Time ran out." };
      return permitted(channel);
    });
    const answers = await ask({ channels: ["a", "b", "c"] });
    expect(answers).toEqual([
      yes("c"),
      { ...no("a", "denied"), error: "Not you." },
      { ...no("b", "guard_timeout"), error: "Time ran out." },
    ]);
    expect((await store.connectionSubscriptions("c1")).channels).toEqual(["c"]);
  });

  test("may subscribe to more channels, with one reply for each", async () => {
    const { store, ask } = await setUp(async (_agent, channel) => permitted(channel, "extra"));
    expect(await ask({ channels: ["a", "b"] })).toEqual([yes("a"), yes("b"), yes("extra")]);
    expect((await store.connectionSubscriptions("c1")).channels.sort()).toEqual(["a", "b", "extra"]);
  });

  test("runs for all channels in parallel", async () => {
    let waiting = 0;
    const { ask } = await setUp(async (_agent, channel) => {
      waiting += 1;
      while (waiting < 3) await new Promise((resolve) => setImmediate(resolve));
      return permitted(channel);
    });
    expect(await ask({ channels: ["a", "b", "c"] })).toHaveLength(3);
  });
});

test("an agent that has left meanwhile gets unknown_agent and no subscriptions", async () => {
  const { store, ask } = await setUp();
  store.before.putSubscriptions = () => void store.records.delete("c1");
  expect(await ask({ channels: ["a", "b"] })).toMatchObject([
    { channel: "/meta/error", uuid: "u1", code: "unknown_agent" },
  ]);
  expect((await store.connectionSubscriptions("c1")).channels).toEqual([]);
});

// They are refused channel by channel. A channel with presence counts as five.
test("subscriptions above the rate are refused before a guard runs", async () => {
  const asked: string[] = [];
  const { ask, clock, store } = await setUp(async (_agent, channel) => (asked.push(channel), permitted(channel)));
  for (let frame = 0; frame < 8; frame += 1)
    await ask({ channels: Array.from({ length: 25 }, (_, at) => `rooms/${at}`) });
  expect(asked).toHaveLength(200);
  expect(await ask({ channel: "plain" })).toMatchObject([no("plain", "rate_limited")]);
  expect(asked).toHaveLength(200);
  clock.advance(200);
  expect(await ask({ channels: ["rooms/1", "plain", "a b"] })).toMatchObject([
    { successful: true, data: { channel: "rooms/1" } },
    no("plain", "rate_limited"),
    no("a b", "bad_channel"),
  ]);
  expect((await store.connectionSubscriptions("c1")).channels).not.toContain("plain");
});
