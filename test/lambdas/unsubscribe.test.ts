import type { Guards } from "../../lambdas/core/ports.js";
import { openGuards } from "../../lambdas/guards/developer-guards.js";
import { DEFAULT_SETTINGS } from "../../lambdas/settings.js";
import { unsubscribe } from "../../lambdas/unsubscribe.js";
import { agentOf, MemoryStore } from "./core/fakes.js";

const agent = agentOf("c1");

const setUp = async (unsubscription: Guards["unsubscription"] = openGuards.unsubscription) => {
  const store = await new MemoryStore().with(agent, "a", "b", "stories/*");
  await store.with(agentOf("c2"), "a");
  const system = { settings: { ...DEFAULT_SETTINGS, wildcards: ["stories/*"] }, store, guards: { ...openGuards, unsubscription } };
  const ask = (data: unknown) =>
    unsubscribe(system, agent, JSON.stringify({ action: "unsubscribe", channel: "/meta/unsubscribe", uuid: "u1", data }));
  return { store, ask };
};

const yes = (channel: string) => ({ channel: "/meta/unsubscribe", uuid: "u1", successful: true, data: { channel } });

describe("unsubscribe", () => {
  test("from exact and * subscriptions succeeds by default", async () => {
    const { store, ask } = await setUp();
    expect(await ask({ channels: ["a", "stories/*"] })).toEqual([yes("a"), yes("stories/*")]);
    expect((await store.holdings("c1")).channels).toEqual(["b"]);
  });

  test("of one of two agents leaves the other", async () => {
    const { store, ask } = await setUp();
    await ask({ channel: "a" });
    expect((await store.holdings("c2")).channels).toEqual(["a"]);
  });

  test("from what was not subscribed succeeds", async () => {
    const { ask } = await setUp();
    expect(await ask({ channel: "never" })).toEqual([yes("never")]);
  });

  test("from what is no channel is answered why, in the order of the frame; the others are not touched", async () => {
    const { store, ask } = await setUp();
    const answers = await ask({ channels: ["/meta/x", "a", "a b", "other/*"] });
    expect(answers.map(({ code }) => code)).toEqual(["reserved_channel", undefined, "bad_channel", "wildcard"]);
    expect(answers.map(({ data }) => data)).toEqual(["/meta/x", "a", "a b", "other/*"].map((channel) => ({ channel })));
    expect((await store.holdings("c1")).channels.sort()).toEqual(["b", "stories/*"]);
  });

  test("without data.channel is an error", async () => {
    const { ask } = await setUp();
    expect(await ask(undefined)).toMatchObject([{ channel: "/meta/unsubscribe", uuid: "u1", successful: false, code: "bad_frame" }]);
  });
});

test("an unsubscription guard that denies keeps that subscription, and no other", async () => {
  const { store, ask } = await setUp(async (_agent, channel) =>
    channel === "a" ? { permitted: false, code: "denied", reason: "Stay." } : openGuards.unsubscription(agent, channel),
  );
  expect(await ask({ channels: ["a", "b"] })).toEqual([
    { channel: "/meta/unsubscribe", uuid: "u1", successful: false, code: "denied", error: "Stay.", data: { channel: "a" } },
    yes("b"),
  ]);
  expect((await store.holdings("c1")).channels.sort()).toEqual(["a", "stories/*"]);
});

test("nothing is answered successful that could not be removed", async () => {
  const { store, ask } = await setUp();
  store.before.deleteSubscriptions = () => {
    throw new Error("throttled");
  };
  await expect(ask({ channel: "a" })).rejects.toThrow("throttled");
});
