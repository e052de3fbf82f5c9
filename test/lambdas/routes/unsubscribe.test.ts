import type { GuardPort } from "../../../lambdas/ports.js";
import type { Limits } from "../../../protocol/index.js";
import { SubscriptionRateLimiter } from "../../../lambdas/subscriptions/subscription-rate.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { unsubscribe } from "../../../lambdas/routes/unsubscribe.js";
import { agentOf, TestClock } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";

const agent = agentOf("c1");

const setUp = async (
  unsubscription: GuardPort["unsubscription"] = openGuards.unsubscription,
  limits: Partial<Limits> = {},
) => {
  const store = await new MemoryStore().with(agent, "a", "b", "stories/*");
  await store.with(agentOf("c2"), "a");
  const clock = new TestClock();
  const settings = { ...DEFAULT_SETTINGS, wildcards: ["stories/*"], limits: { ...DEFAULT_SETTINGS.limits, ...limits } };
  const system = {
    settings,
    rate: new SubscriptionRateLimiter({ settings, clock }),
    store,
    guards: { ...openGuards, unsubscription },
  };
  const ask = (data: unknown) =>
    unsubscribe(
      system,
      agent,
      JSON.stringify({ action: "unsubscribe", channel: "/meta/unsubscribe", uuid: "u1", data }),
    );
  return { store, clock, ask };
};

const yes = (channel: string) => ({ channel: "/meta/unsubscribe", uuid: "u1", successful: true, data: { channel } });

describe("unsubscribe", () => {
  test("from exact and wildcard subscriptions succeeds by default", async () => {
    const { store, ask } = await setUp();
    expect(await ask({ channels: ["a", "stories/*"] })).toEqual([yes("a"), yes("stories/*")]);
    expect((await store.connectionSubscriptions("c1")).channels).toEqual(["b"]);
  });

  test("of one agent leaves the other agent's subscription", async () => {
    const { store, ask } = await setUp();
    await ask({ channel: "a" });
    expect((await store.connectionSubscriptions("c2")).channels).toEqual(["a"]);
  });

  test("without a subscription succeeds", async () => {
    const { ask } = await setUp();
    expect(await ask({ channel: "never" })).toEqual([yes("never")]);
  });

  test("from invalid channels is refused for these, in the frame's order", async () => {
    const { store, ask } = await setUp();
    const answers = await ask({ channels: ["/meta/x", "a", "a b", "other/*"] });
    expect(answers.map(({ code }) => code)).toEqual(["reserved_channel", undefined, "bad_channel", "wildcard"]);
    expect(answers.map(({ data }) => data)).toEqual(["/meta/x", "a", "a b", "other/*"].map((channel) => ({ channel })));
    expect((await store.connectionSubscriptions("c1")).channels.sort()).toEqual(["b", "stories/*"]);
  });

  test("without data.channel is an error", async () => {
    const { ask } = await setUp();
    expect(await ask(undefined)).toMatchObject([
      { channel: "/meta/unsubscribe", uuid: "u1", successful: false, code: "bad_frame" },
    ]);
  });
});

test("an unsubscription guard that denies keeps that subscription only", async () => {
  const { store, ask } = await setUp(async (_agent, channel) =>
    channel === "a" ? { permitted: false, code: "denied", reason: "Stay." } : openGuards.unsubscription(agent, channel),
  );
  expect(await ask({ channels: ["a", "b"] })).toEqual([
    {
      channel: "/meta/unsubscribe",
      uuid: "u1",
      successful: false,
      code: "denied",
      error: "Stay.",
      data: { channel: "a" },
    },
    yes("b"),
  ]);
  expect((await store.connectionSubscriptions("c1")).channels.sort()).toEqual(["a", "stories/*"]);
});

test("an unsubscription that cannot be stored does not succeed", async () => {
  const { store, ask } = await setUp();
  store.before.deleteSubscriptions = () => {
    throw new Error("throttled");
  };
  await expect(ask({ channel: "a" })).rejects.toThrow("throttled");
});

test("unsubscriptions above the rate are refused before a guard runs", async () => {
  const asked: string[] = [];
  const limits = { subscriptionsPerAgent: 1, subscriptionChangesPerSecond: 1 };
  const { ask, clock } = await setUp(
    async (_agent, channel) => (asked.push(channel), { permitted: true, subscribe: [], publish: [] }),
    limits,
  );
  const channels = Array.from({ length: 11 }, (_, at) => `c${at}`);
  const answers = await ask({ channels });
  expect(answers.map(({ code }) => code)).toEqual([...Array.from({ length: 10 }, () => undefined), "rate_limited"]);
  expect(answers.at(-1)).toMatchObject({
    channel: "/meta/unsubscribe",
    uuid: "u1",
    successful: false,
    data: { channel: "c10" },
  });
  expect(asked).toHaveLength(10);
  clock.advance(1_000);
  expect(await ask({ channel: "c10" })).toEqual([yes("c10")]);
});

test("a concurrent subscription stays, and the client is asked to retry", async () => {
  const { store, ask } = await setUp();
  store.before.connectionSubscriptions = async () => {
    delete store.before.connectionSubscriptions;
    await store.putSubscriptions(agent, ["a"]);
  };
  expect(await ask({ channels: ["a", "b"] })).toMatchObject([
    { successful: false, code: "unavailable", data: { channel: "a" } },
    yes("b"),
  ]);
  expect((await store.connectionSubscriptions("c1")).channels.sort()).toEqual(["a", "stories/*"]);
});
