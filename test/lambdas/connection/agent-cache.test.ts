import { CONNECTION_SECONDS, EXPIRED } from "../../../lambdas/connection/agent.js";
import { RENEWAL_GRACE_SECONDS } from "../../../protocol/index.js";
import { AGENT_CACHE_SECONDS, AgentCache } from "../../../lambdas/connection/agent-cache.js";
import { agentOf, MemoryStore, NOW, TestClock } from "../support/fakes.js";

const setUp = () => {
  const store = new MemoryStore();
  const clock = new TestClock();
  return { store, clock, directory: new AgentCache(store, clock) };
};

describe("an agent", () => {
  test("is read once and then warm: no read for it", async () => {
    const { store, directory } = setUp();
    await store.with(agentOf("c1", { credentials: "token" }));
    const first = await directory.connectionRecord("c1");
    expect(await directory.connectionRecord("c1")).toEqual(first);
    expect(first).toMatchObject({ agent: { connectionId: "c1", credentials: "token" } });
    expect(store.calls).toEqual(["connectionRecord c1"]);
  });

  test("is trusted for 60 seconds, then read again", async () => {
    const { store, clock, directory } = setUp();
    await store.with(agentOf("c1"));
    await directory.connectionRecord("c1");
    clock.advance(AGENT_CACHE_SECONDS * 1000 - 1);
    await directory.connectionRecord("c1");
    expect(store.calls).toHaveLength(1);
    store.standings.delete("c1");
    clock.advance(1);
    expect(await directory.connectionRecord("c1")).toBeUndefined();
    expect(AGENT_CACHE_SECONDS).toBe(60);
  });

  test("is not trusted past the end of its connection", async () => {
    const { store, clock, directory } = setUp();
    await store.with(agentOf("c1", { connectedAt: NOW - (CONNECTION_SECONDS + 290) * 1000 }));
    await directory.connectionRecord("c1");
    clock.advance(10_000);
    await directory.connectionRecord("c1");
    expect(store.calls).toHaveLength(2);
  });

  test("is never served past its expiresAt from memory: read again, it is renewed or over", async () => {
    const { store, clock, directory } = setUp();
    const agent = agentOf("c1", { expiresAt: NOW + 1_000 });
    await store.with(agent);
    await directory.connectionRecord("c1");
    clock.advance(999);
    await directory.connectionRecord("c1");
    expect(store.calls).toEqual(["connectionRecord c1"]);
    clock.advance(1);
    await directory.connectionRecord("c1");
    await directory.connectionRecord("c1");
    expect(store.calls).toEqual(["connectionRecord c1", "connectionRecord c1", "connectionRecord c1"]);
    store.standings.set("c1", { denial: EXPIRED });
    expect(await directory.connectionRecord("c1")).toEqual({ denial: EXPIRED });
  });

  test("that is renewed to a shorter time is not remembered beyond what it has then", () => {
    // The new time was in the future when it was given, at most AGENT_CACHE_SECONDS before the cache forgets.
    expect(AGENT_CACHE_SECONDS).toBeLessThanOrEqual(RENEWAL_GRACE_SECONDS);
  });

  test("that is refreshed is read now, and forgotten if it has left", async () => {
    const { store, directory } = setUp();
    await store.with(agentOf("c1"));
    await directory.connectionRecord("c1");
    store.standings.delete("c1");
    expect(await directory.refresh("c1")).toBeUndefined();
    expect(await directory.connectionRecord("c1")).toBeUndefined();
  });
});

describe("what is never remembered", () => {
  test("is a stranger: it may be an agent a moment later", async () => {
    const { store, directory } = setUp();
    expect(await directory.connectionRecord("c1")).toBeUndefined();
    await store.with(agentOf("c1"));
    expect(await directory.connectionRecord("c1")).toBeDefined();
  });

  test("is a denial", async () => {
    const { store, directory } = setUp();
    await store.putDenial("c1", NOW, { code: "denied", reason: "No." });
    store.calls.length = 0;
    await directory.connectionRecord("c1");
    await directory.connectionRecord("c1");
    expect(store.calls).toHaveLength(2);
  });

  test("is a failed read", async () => {
    const { store, directory } = setUp();
    await store.with(agentOf("c1"));
    store.before.connectionRecord = () => {
      throw new Error("throttled");
    };
    await expect(directory.connectionRecord("c1")).rejects.toThrow("throttled");
    delete store.before.connectionRecord;
    expect(await directory.connectionRecord("c1")).toBeDefined();
  });
});

test("a directory remembers 1,000 agents and forgets whom it read first", async () => {
  const { store, directory } = setUp();
  for (let at = 0; at <= 1_000; at += 1) {
    await store.with(agentOf(`c${at}`));
    await directory.connectionRecord(`c${at}`);
  }
  store.calls.length = 0;
  await directory.connectionRecord("c1");
  await directory.connectionRecord("c1000");
  expect(store.calls).toEqual([]);
  await directory.connectionRecord("c0");
  expect(store.calls).toEqual(["connectionRecord c0"]);
});
