import { type Agent, endOf, EXPIRED } from "../../../lambdas/connection/agent.js";
import { sweep } from "../../../lambdas/connection/sweep.js";
import { agentOf, NOW, TestClock, TestConnections, TestLog } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";

const PLENTY = () => 28_000;

const setUp = async (agents: number) => {
  const store = new MemoryStore();
  for (let at = 0; at < agents; at += 1) await store.with(agentOf(`c${at}`), "a");
  const log = new TestLog();
  const connections = new TestConnections(new TestClock(), store.calls);
  const disconnected: string[] = [];
  const guards = { disconnected: async (agent: Agent) => void disconnected.push(agent.connectionId) };
  return { store, log, connections, guards, disconnected, clock: new TestClock(), onDisconnectMs: 1_000 };
};

describe("the sweep", () => {
  test("closes and removes agents without a $disconnect, and calls onDisconnect", async () => {
    const system = await setUp(1);
    expect(await sweep(system, PLENTY)).toEqual({ removed: 1, failed: 0 });
    expect(system.connections.closed).toEqual(["c0"]);
    expect(system.disconnected).toEqual(["c0"]);
    expect(system.store.traces("c0")).toEqual([]);
  });

  test("closes a denied socket that stayed silent", async () => {
    const system = await setUp(0);
    await system.store.putDenial("c1", NOW, { code: "denied", reason: "No." });
    expect(await sweep(system, PLENTY)).toEqual({ removed: 1, failed: 0 });
    expect(system.connections.closed).toEqual(["c1"]);
    expect(system.disconnected).toEqual([]);
    expect(system.store.traces("c1")).toEqual([]);
  });

  // So an interrupted removal is found again.
  test("deletes a connection's registration last", async () => {
    const system = await setUp(1);
    await sweep(system, PLENTY);
    const { calls } = system.store;
    expect(calls.indexOf("close c0")).toBeLessThan(calls.indexOf("takeConnection c0"));
    expect(calls.at(-1)).toBe("deleteExpired c0");
  });

  test("retries a connection that API Gateway did not close", async () => {
    const system = await setUp(1);
    system.connections.unclosable.add("c0");
    expect(await sweep(system, PLENTY)).toEqual({ removed: 0, failed: 1 });
    expect(system.store.records.has("c0")).toBe(false);
    expect(system.store.traces("c0")).toHaveLength(1);
    system.connections.unclosable.clear();
    expect(await sweep(system, PLENTY)).toEqual({ removed: 1, failed: 0 });
    expect(system.store.traces("c0")).toEqual([]);
  });

  test("deletes a registration whose connection is gone", async () => {
    const system = await setUp(1);
    await system.store.takeConnection("c0");
    await system.store.deleteSubscriptions("c0", ["a"]);
    expect(await sweep(system, PLENTY)).toEqual({ removed: 1, failed: 0 });
    expect(system.store.traces("c0")).toEqual([]);
    expect(system.disconnected).toEqual([]);
  });

  test("counts and logs failures, continues, and retries them next time", async () => {
    const system = await setUp(40);
    let failures = 3;
    system.store.before.takeConnection = () => {
      if ((failures -= 1) >= 0) throw new Error("throttled");
    };
    expect(await sweep(system, PLENTY)).toEqual({ removed: 37, failed: 3 });
    expect(system.log.of("sweep_failed")).toHaveLength(3);
    expect(system.store.registrations.size).toBe(3);
    expect(await sweep(system, PLENTY)).toEqual({ removed: 3, failed: 0 });
    expect(system.store.registrations.size).toBe(0);
  });

  // It finishes the removals that it has begun.
  test("stops in time and leaves the rest to its next run", async () => {
    const system = await setUp(100);
    let remaining = 28_000;
    const swept = await sweep(system, () => (remaining -= 1_000));
    expect(swept.failed).toBe(0);
    expect(swept.removed).toBeGreaterThan(5);
    expect(swept.removed).toBeLessThan(30);
    expect(system.store.registrations.size).toBe(100 - swept.removed);
  });

  test("begins no removal that onDisconnect could delay beyond its time", async () => {
    const system = { ...(await setUp(3)), onDisconnectMs: 20_000 };
    expect(await sweep(system, () => 25_000)).toEqual({ removed: 0, failed: 0 });
    expect(system.connections.closed).toEqual([]);
    expect(await sweep(system, PLENTY)).toEqual({ removed: 3, failed: 0 });
  });

  test("removes at most 16 connections at a time", async () => {
    const system = await setUp(60);
    let running = 0;
    let most = 0;
    system.connections.close = async () => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return true;
    };
    expect(await sweep(system, PLENTY)).toEqual({ removed: 60, failed: 0 });
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(16);
  });
});

describe("a registration of an expiring agent", () => {
  const over = async () => {
    const system = await setUp(1);
    system.store.renewable.add("c0");
    return system;
  };

  test("is deleted, without any other effect, if the agent was renewed", async () => {
    const system = await over();
    expect(await sweep(system, PLENTY)).toEqual({ removed: 0, failed: 0 });
    expect(system.connections.posts).toEqual([]);
    expect(system.connections.closed).toEqual([]);
    expect(system.disconnected).toEqual([]);
    expect(system.store.traces("c0")).toEqual(["standing", "a"]);
  });

  // The new one is written before the old one is deleted.
  test("is written again if an interrupted renewal did not write it", async () => {
    const system = await over();
    const { calls, registrations } = system.store;
    registrations.clear();
    registrations.add("0000000001#c0");
    await sweep(system, PLENTY);
    expect([...registrations]).toEqual([`${endOf(agentOf("c0"))}#c0`]);
    expect(calls.indexOf("putRegistration c0")).toBeLessThan(calls.indexOf("deleteExpired c0"));
  });

  test("updates subscriptions that an interrupted renewal left behind", async () => {
    const system = await over();
    const { store } = system;
    const due = agentOf("c0", { expiresAt: NOW });
    await store.with(due, "a");
    const renewed = await store.renewAgent({ ...due, expiresAt: NOW + 900_000 }, due);
    await sweep(system, PLENTY);
    expect(store.endOf("c0", "a")).toBe(endOf(renewed!));
    expect(store.calls.indexOf("renewSubscriptions c0 a")).toBeLessThan(store.calls.indexOf("deleteExpired c0"));
  });

  // It calls onDisconnect, too.
  test("of an expired agent notifies, closes and removes it", async () => {
    const system = await over();
    const { connectionRecord: standing } = system.store;
    system.store.connectionRecord = async (id) =>
      (await standing.call(system.store, id)) ? { denial: EXPIRED } : undefined;
    expect(await sweep(system, PLENTY)).toEqual({ removed: 1, failed: 0 });
    expect(system.connections.received("c0")).toMatchObject([{ channel: "/meta/refresh", code: "expired" }]);
    expect(system.connections.closed).toEqual(["c0"]);
    expect(system.disconnected).toEqual(["c0"]);
    expect(system.store.traces("c0")).toEqual([]);
  });

  test("of an agent that is gone is deleted", async () => {
    const system = await over();
    await system.store.takeConnection("c0");
    await sweep(system, PLENTY);
    expect(system.store.traces("c0")).toEqual([]);
    expect(system.disconnected).toEqual([]);
  });

  test("stays if the sweep cannot read whether the agent was renewed", async () => {
    const system = await over();
    system.store.before.connectionRecord = () => {
      throw new Error("throttled");
    };
    expect(await sweep(system, PLENTY)).toEqual({ removed: 0, failed: 1 });
    expect(system.connections.closed).toEqual([]);
    expect(system.store.registrations.size).toBe(1);
  });
});
