import { MAX_FRAME_BYTES, type Json } from "../../../protocol/index.js";
import { encodeReplies } from "../../../lambdas/requests/replies.js";
import type { GuardPort } from "../../../lambdas/ports.js";
import { SubscriptionRateLimiter } from "../../../lambdas/subscriptions/subscription-rate.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { subscribe } from "../../../lambdas/routes/subscribe.js";
import { MemoryLatest } from "../support/channel-fakes.js";
import { MemoryHistories } from "./history-fakes.js";
import { agentOf, messageOf, NOW, TestClock, TestConnections, TestLog } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";

const agent = agentOf("c1");

/** A system with these latest messages, and a function that subscribes. */
const setUp = async (kept: Record<string, Json>, more: Partial<GuardPort> = {}) => {
  const store = await new MemoryStore().with(agent);
  const clock = new TestClock();
  const connections = new TestConnections(clock);
  const latest = new MemoryLatest(store.calls);
  for (const [channel, data] of Object.entries(kept)) await latest.keep(messageOf(channel, data), 1);
  store.calls.length = 0;
  const settings = {
    ...DEFAULT_SETTINGS,
    wildcards: ["prices/*"],
    channels: { "prices/*": { latest: true as const } },
  };
  const histories = new MemoryHistories(clock, 900, store);
  const system = {
    settings,
    store,
    rate: new SubscriptionRateLimiter({ settings, clock }),
    histories,
    latest,
    clock,
    connections,
    log: new TestLog(),
    guards: { ...openGuards, ...more },
  };
  const ask = (...channels: string[]) =>
    subscribe(
      system,
      agent,
      JSON.stringify({ action: "subscribe", channel: "/meta/subscribe", uuid: "u1", data: { channels } }),
    );
  return { ...system, ask };
};

const yes = (channel: string, data?: Json) => ({
  channel: "/meta/subscribe",
  uuid: "u1",
  successful: true,
  data: { channel, ...(data !== undefined && { latest: { uuid: "m1", data, offset: NOW + 1 } }) },
});

describe("the reply to a subscription", () => {
  test("has the channel's latest message if there is one", async () => {
    const { ask } = await setUp({ "prices/1": 42, other: 43 });
    expect(await ask("prices/1", "prices/2", "other")).toEqual([yes("prices/1", 42), yes("prices/2"), yes("other")]);
  });

  // A wildcard has no latest message.
  test("reads the latest messages of all channels once the subscription is stored", async () => {
    const { ask, store } = await setUp({ "prices/1": 1 });
    expect(await ask("prices/1", "prices/*", "prices/2")).toEqual([
      yes("prices/1", 1),
      yes("prices/*"),
      yes("prices/2"),
    ]);
    expect(store.calls).toEqual([
      "connectionSubscriptions c1",
      "putSubscriptions c1 prices/1 prices/* prices/2",
      "connectionSubscriptions c1",
      "read prices/1 prices/2",
    ]);
  });

  test("reads no latest messages for other channels", async () => {
    const { ask, store } = await setUp({});
    await ask("other");
    expect(store.calls).toEqual([
      "connectionSubscriptions c1",
      "putSubscriptions c1 other",
      "connectionSubscriptions c1",
    ]);
  });

  // A denied channel's reply does not have it.
  test("has it for channels that the guard granted, requested or not", async () => {
    const { ask } = await setUp(
      { "prices/1": 1, "prices/2": 2, "prices/3": 3 },
      {
        subscription: async (_agent, channel) =>
          channel === "prices/1"
            ? { permitted: true, subscribe: ["prices/1", "prices/3"], publish: [] }
            : { permitted: false, code: "denied", reason: "no" },
      },
    );
    const answers = await ask("prices/1", "prices/2");
    expect(answers).toMatchObject([
      yes("prices/1", 1),
      { successful: false, data: { channel: "prices/2" } },
      yes("prices/3", 3),
    ]);
    expect(answers[1]?.data).toEqual({ channel: "prices/2" });
  });

  // The client then repeats the subscription.
  test("is unavailable if a latest message cannot be posted", async () => {
    const { ask, connections } = await setUp({ "prices/1": "x".repeat(32_000), "prices/2": "y".repeat(9_000) });
    connections.scripts.set("c1", ["refused"]);
    const answers = await ask("prices/1", "prices/2");
    expect(answers).toMatchObject([
      yes("prices/1", "x".repeat(32_000)),
      { successful: false, code: "unavailable", data: { channel: "prices/2" } },
    ]);
  });
});

describe("a latest message that does not fit the frame of replies", () => {
  test("is posted before it, in as few frames as possible", async () => {
    const names = Array.from({ length: 25 }, (_, at) => `prices/${at}`);
    const { ask, connections } = await setUp(Object.fromEntries(names.map((name) => [name, "x".repeat(2_000)])));
    const answers = await ask(...names);
    const frame = encodeReplies(answers);
    expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    expect(JSON.parse(frame)).toHaveLength(25);
    const inReplies = answers
      .filter(({ data }) => "latest" in (data as object))
      .map(({ data }) => (data as { channel: string }).channel);
    const posted = connections.received("c1") as { channel: string; offset: number }[];
    expect(inReplies.length).toBeGreaterThan(10);
    expect([...inReplies, ...posted.map(({ channel }) => channel)].sort()).toEqual(names.sort());
    expect(posted[0]).toEqual({ ...messageOf(posted[0]!.channel, "x".repeat(2_000)), offset: NOW + 1 });
    expect(connections.to("c1")).toHaveLength(1);
  });

  test("does not keep smaller ones out", async () => {
    const { ask, connections } = await setUp({ "prices/1": "x".repeat(32_700), "prices/2": 2 });
    expect(await ask("prices/1", "prices/2")).toEqual([yes("prices/1"), yes("prices/2", 2)]);
    expect(connections.received("c1")).toMatchObject([{ channel: "prices/1" }]);
  });
});

describe("a delivery guard", () => {
  const guarding = (delivery: GuardPort["delivery"]): Partial<GuardPort> => ({
    guardsDelivery: async (channel) => channel === "prices/1",
    delivery,
  });

  test("decides the latest message without its offset, and may change it", async () => {
    const seen: unknown[] = [];
    const { ask } = await setUp(
      { "prices/1": 1, "prices/2": 2 },
      guarding(async (who, message, withinMs) => {
        seen.push([who.connectionId, message, withinMs]);
        return { ...message, data: "changed" };
      }),
    );
    expect(await ask("prices/1", "prices/2")).toEqual([yes("prices/1", "changed"), yes("prices/2", 2)]);
    expect(seen).toEqual([["c1", messageOf("prices/1", 1), 1_000]]);
  });

  test.each([
    ["that drops it", undefined],
    ["that did not run in time", "late" as const],
  ])("%s keeps the message from the subscriber", async (_what, verdict) => {
    const { ask, connections } = await setUp(
      { "prices/1": 1 },
      guarding(async () => verdict),
    );
    expect(await ask("prices/1")).toEqual([yes("prices/1")]);
    expect(connections.posts).toEqual([]);
  });

  test("that makes it too large has it dropped and logged", async () => {
    const { ask, log } = await setUp(
      { "prices/1": 1 },
      guarding(async (_agent, message) => ({ ...message, data: "x".repeat(MAX_FRAME_BYTES) })),
    );
    expect(await ask("prices/1")).toEqual([yes("prices/1")]);
    expect(log.of("delivery_too_large")).toMatchObject([{ channel: "prices/1" }]);
  });
});
