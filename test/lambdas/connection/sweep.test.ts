import { type Agent, endOf, EXPIRED } from "../../../lambdas/connection/agent.js";
import { sweep } from "../../../lambdas/connection/sweep.js";
import { agentOf, MemoryStore, NOW, TestClock, TestConnections, TestLog } from "../support/fakes.js";

const PLENTY = () => 28_000;

const setUp = async (agents: number) => {
  const store = new MemoryStore();
  for (let at = 0; at < agents; at += 1) await store.with(agentOf(`c${at}`), "a");
  const log = new TestLog();
  const connections = new TestConnections(new TestClock(), store.calls);
  const told: string[] = [];
  const guards = { disconnected: async (agent: Agent) => void told.push(agent.connectionId) };
  return { store, log, connections, guards, told, clock: new TestClock(), onDisconnectMs: 1_000 };
};

describe("the sweep", () => {
  test("closes and removes an agent whose $disconnect was lost, and tells onDisconnect", async () => {
    const system = await setUp(1);
    expect(await sweep(system, PLENTY)).toEqual({ removed: 1, failed: 0 });
    expect(system.connections.closed).toEqual(["c0"]);
    expect(system.told).toEqual(["c0"]);
    expect(system.store.traces("c0")).toEqual([]);
  });

  test("closes a denied socket that stayed silent", async () => {
    const system = await setUp(0);
    await system.store.putDenial("c1", NOW, { code: "denied", reason: "No." });
    expect(await sweep(system, PLENTY)).toEqual({ removed: 1, failed: 0 });
    expect(system.connections.closed).toEqual(["c1"]);
    expect(system.told).toEqual([]);
    expect(system.store.traces("c1")).toEqual([]);
  });

  test("deletes a connection's registration last, so that nothing is forgotten before it is gone", async () => {
    const system = await setUp(1);
    await sweep(system, PLENTY);
    const { calls } = system.store;
    expect(calls.indexOf("close c0")).toBeLessThan(calls.indexOf("takeConnection c0"));
    expect(calls.at(-1)).toBe("deleteExpired c0");
  });

  test("looks again at a connection that API Gateway did not close", async () => {
    const system = await setUp(1);
    system.connections.unclosable.add("c0");
    expect(await sweep(system, PLENTY)).toEqual({ removed: 0, failed: 1 });
    expect(system.store.standings.has("c0")).toBe(false);
    expect(system.store.traces("c0")).toHaveLength(1);
    system.connections.unclosable.clear();
    expect(await sweep(system, PLENTY)).toEqual({ removed: 1, failed: 0 });
    expect(system.store.traces("c0")).toEqual([]);
  });

  test("forgets a registration whose connection is gone", async () => {
    const system = await setUp(1);
    await system.store.takeConnection("c0");
    await system.store.deleteSubscriptions("c0", ["a"]);
    expect(await sweep(system, PLENTY)).toEqual({ removed: 1, failed: 0 });
    expect(system.store.traces("c0")).toEqual([]);
    expect(system.told).toEqual([]);
  });

  test("counts and logs what fails, goes on with the rest, and finds it again the next time", async () => {
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

  test("stops in time, finishing what it has begun, and leaves the rest to its next run", async () => {
    const system = await setUp(100);
    let remaining = 28_000;
    const swept = await sweep(system, () => (remaining -= 1_000));
    expect(swept.failed).toBe(0);
    expect(swept.removed).toBeGreaterThan(5);
    expect(swept.removed).toBeLessThan(30);
    expect(system.store.registrations.size).toBe(100 - swept.removed);
  });

  test("begins no removal that onDisconnect could carry beyond its time", async () => {
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

describe("a registration of an agent that had to be renewed", () => {
  const over = async () => {
    const system = await setUp(1);
    system.store.renewable.add("c0");
    return system;
  };

  test("is dropped, and nothing else happens, where the agent has been renewed", async () => {
    const system = await over();
    expect(await sweep(system, PLENTY)).toEqual({ removed: 0, failed: 0 });
    expect(system.connections.posts).toEqual([]);
    expect(system.connections.closed).toEqual([]);
    expect(system.told).toEqual([]);
    expect(system.store.traces("c0")).toEqual(["standing", "a"]);
  });

  test("is written anew before it is dropped where who renewed the agent died before it could", async () => {
    const system = await over();
    const { calls, registrations } = system.store;
    registrations.clear();
    registrations.add("0000000001#c0");
    await sweep(system, PLENTY);
    expect([...registrations]).toEqual([`${endOf(agentOf("c0"))}#c0`]);
    expect(calls.indexOf("putRegistration c0")).toBeLessThan(calls.indexOf("deleteExpired c0"));
  });

  test("makes its subscriptions end when it does where who renewed the agent died before it could", async () => {
    const system = await over();
    const { store } = system;
    const due = agentOf("c0", { expiresAt: NOW });
    await store.with(due, "a");
    const renewed = await store.renewAgent({ ...due, expiresAt: NOW + 900_000 }, due);
    await sweep(system, PLENTY);
    expect(store.endOf("c0", "a")).toBe(endOf(renewed!));
    expect(store.calls.indexOf("renewSubscriptions c0 a")).toBeLessThan(store.calls.indexOf("deleteExpired c0"));
  });

  test("ends an agent that has not: it is told so, closed and removed, and onDisconnect is told", async () => {
    const system = await over();
    const { connectionRecord: standing } = system.store;
    system.store.connectionRecord = async (id) =>
      (await standing.call(system.store, id)) ? { denial: EXPIRED } : undefined;
    expect(await sweep(system, PLENTY)).toEqual({ removed: 1, failed: 0 });
    expect(system.connections.received("c0")).toMatchObject([{ channel: "/meta/refresh", code: "expired" }]);
    expect(system.connections.closed).toEqual(["c0"]);
    expect(system.told).toEqual(["c0"]);
    expect(system.store.traces("c0")).toEqual([]);
  });

  test("of an agent that is gone is dropped", async () => {
    const system = await over();
    await system.store.takeConnection("c0");
    await sweep(system, PLENTY);
    expect(system.store.traces("c0")).toEqual([]);
    expect(system.told).toEqual([]);
  });

  test("is kept where the table does not say whether it has been renewed", async () => {
    const system = await over();
    system.store.before.connectionRecord = () => {
      throw new Error("throttled");
    };
    expect(await sweep(system, PLENTY)).toEqual({ removed: 0, failed: 1 });
    expect(system.connections.closed).toEqual([]);
    expect(system.store.registrations.size).toBe(1);
  });
});
