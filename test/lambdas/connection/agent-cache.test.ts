import { CONNECTION_SECONDS, EXPIRED } from "../../../lambdas/connection/agent.js";
import { RENEWAL_GRACE_SECONDS } from "../../../protocol/index.js";
import { AGENT_CACHE_SECONDS, AgentCache } from "../../../lambdas/connection/agent-cache.js";
import { agentOf, NOW, TestClock } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";

const setUp = () => {
  const store = new MemoryStore();
  const clock = new TestClock();
  return { store, clock, directory: new AgentCache(store, clock) };
};

describe("an agent", () => {
  test("is read once, and then served from memory", async () => {
    const { store, directory } = setUp();
    await store.with(agentOf("c1", { credentials: "token" }));
    const first = await directory.connectionRecord("c1");
    expect(await directory.connectionRecord("c1")).toEqual(first);
    expect(first).toMatchObject({ agent: { connectionId: "c1", credentials: "token" } });
    expect(store.calls).toEqual(["connectionRecord c1"]);
  });

  test("is cached for 60 seconds, then read again", async () => {
    const { store, clock, directory } = setUp();
    await store.with(agentOf("c1"));
    await directory.connectionRecord("c1");
    clock.advance(AGENT_CACHE_SECONDS * 1000 - 1);
    await directory.connectionRecord("c1");
    expect(store.calls).toHaveLength(1);
    store.records.delete("c1");
    clock.advance(1);
    expect(await directory.connectionRecord("c1")).toBeUndefined();
    expect(AGENT_CACHE_SECONDS).toBe(60);
  });

  test("is not served beyond the end of its connection", async () => {
    const { store, clock, directory } = setUp();
    await store.with(agentOf("c1", { connectedAt: NOW - (CONNECTION_SECONDS + 290) * 1000 }));
    await directory.connectionRecord("c1");
    clock.advance(10_000);
    await directory.connectionRecord("c1");
    expect(store.calls).toHaveLength(2);
  });

  // The row shows whether it was renewed or has expired.
  test("is read again after its expiry", async () => {
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
    store.records.set("c1", { denial: EXPIRED });
    expect(await directory.connectionRecord("c1")).toEqual({ denial: EXPIRED });
  });

  test("is not cached beyond the expiry of a shorter renewal", () => {
    // The new expiry was in the future when the guard set it, at most AGENT_CACHE_SECONDS before the cache entry ends.
    expect(AGENT_CACHE_SECONDS).toBeLessThanOrEqual(RENEWAL_GRACE_SECONDS);
  });

  test("is read at once by refresh, and dropped if it has left", async () => {
    const { store, directory } = setUp();
    await store.with(agentOf("c1"));
    await directory.connectionRecord("c1");
    store.records.delete("c1");
    expect(await directory.refresh("c1")).toBeUndefined();
    expect(await directory.connectionRecord("c1")).toBeUndefined();
  });
});

describe("the cache does not keep", () => {
  test("an unknown connection, which may have an agent a moment later", async () => {
    const { store, directory } = setUp();
    expect(await directory.connectionRecord("c1")).toBeUndefined();
    await store.with(agentOf("c1"));
    expect(await directory.connectionRecord("c1")).toBeDefined();
  });

  test("a denial", async () => {
    const { store, directory } = setUp();
    await store.putDenial("c1", NOW, { code: "denied", reason: "No." });
    store.calls.length = 0;
    await directory.connectionRecord("c1");
    await directory.connectionRecord("c1");
    expect(store.calls).toHaveLength(2);
  });

  test("a failed read", async () => {
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

test("the cache keeps 1,000 agents and drops the oldest", async () => {
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
