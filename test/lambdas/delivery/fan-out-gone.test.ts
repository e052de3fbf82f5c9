import { EXPIRED } from "../../../lambdas/connection/agent.js";
import { NEW_CONNECTION_MS } from "../../../lambdas/delivery/retry.js";
import { REMOVALS_IN_FLIGHT } from "../../../lambdas/delivery/broadcast.js";
import { fanOut } from "../../../lambdas/delivery/fan-out.js";
import { agentOf, messageOf, NOW } from "../support/fakes.js";
import { addSubscribers, fanOutSystem } from "./fan-out-system.js";

const hello = [{ message: messageOf("a") }];

describe("a 410", () => {
  // A client whose connection is alive after a wrong 410 notices the close.
  test("closes the connection, then deletes its rows and its registration", async () => {
    const system = fanOutSystem();
    await system.store.with(agentOf("c1"), "a", "b");
    system.connections.scripts.set("c1", ["gone"]);
    expect(await fanOut(system, hello)).toMatchObject({ sent: 0, gone: 1, failed: 0 });
    expect(system.store.traces("c1")).toEqual([]);
    expect(system.store.calls).toEqual([
      "subscribers a",
      "close c1",
      "takeConnection c1",
      "connectionSubscriptions c1",
      "deleteSubscriptions c1 a b",
      "deleteRegistration c1",
    ]);
  });

  test("leaves a connection that cannot be closed to the sweep", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 2, "a");
    system.connections.scripts.set("c1", ["gone"]);
    system.connections.unclosable.add("c1");
    const before = system.store.traces("c1");
    expect(await fanOut(system, hello)).toMatchObject({ sent: 1, gone: 1, failed: 0 });
    expect(system.store.traces("c1")).toEqual([...before, `${Math.floor(system.clock.now() / 1000)}#c1`]);
    expect(system.left).toEqual([]);
  });

  test("calls onDisconnect once, even if several publishers get it", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 5, "a");
    system.connections.scripts.set("c1", ["gone"]);
    await Promise.all([fanOut(system, hello), fanOut(system, hello), fanOut(system, hello)]);
    expect(system.left).toEqual(["c1"]);
  });

  test("deletes a row that is left alone, also of a wildcard", async () => {
    const system = fanOutSystem({ wildcards: ["a/*"] });
    await addSubscribers(system, 1, "a/b");
    // A function that died between the two rows of each subscription.
    const half = { connectionId: "half", connectedAt: NOW - 600_000 };
    system.store.halve(half, ["a/b", "a/*"]);
    system.connections.scripts.set("half", ["gone"]);
    const published = [{ message: messageOf("a/b") }];
    expect(await fanOut(system, published)).toMatchObject({ sent: 1, gone: 1, failed: 0 });
    expect(await fanOut(system, published)).toMatchObject({ sent: 1, gone: 0, failed: 0 });
    expect(system.store.traces("half")).toEqual([]);
  });

  test("of one recipient does not affect others", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 50, "a");
    system.connections.scripts.set("c7", ["gone"]);
    expect(await fanOut(system, hello)).toMatchObject({ sent: 49, gone: 1, failed: 0 });
    expect(system.log.of("fan_out")).toMatchObject([{ sent: 49, gone: 1, failed: 0 }]);
  });
});

describe("a 410 within 30 s of connectedAt", () => {
  const young = agentOf("c1", { connectedAt: NOW - NEW_CONNECTION_MS + 2_000 });

  test("is retried, because $connect may not have returned yet", async () => {
    const system = fanOutSystem();
    await system.store.with(young, "a");
    system.connections.scripts.set("c1", ["gone", "gone", "sent"]);
    expect(await fanOut(system, hello)).toMatchObject({ sent: 1, gone: 0, failed: 0 });
    expect(system.clock.sleeps).toEqual([50, 100]);
  });

  test("removes nothing, and a worker retries", async () => {
    const system = fanOutSystem();
    await system.store.with(young, "a");
    system.connections.scripts.set("c1", ["gone"]);
    expect(await fanOut(system, hello)).toMatchObject({ sent: 0, gone: 0, failed: 0, enqueued: 1 });
    expect(system.connections.closed).toEqual([]);
    expect(system.segments.sent[0]!.segment.recipients).toEqual([
      { connectionId: "c1", connectedAt: young.connectedAt },
    ]);
    expect(system.store.traces("c1")).toHaveLength(3);
    expect(system.left).toEqual([]);
  });
});

describe("the removal of gone connections", () => {
  test("is logged if it fails, without failing the publication", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 10, "a");
    for (const id of ["c1", "c2"]) system.connections.scripts.set(id, ["gone"]);
    system.store.before.takeConnection = () => {
      delete system.store.before.takeConnection;
      throw new Error("throttled");
    };
    expect(await fanOut(system, hello)).toMatchObject({ sent: 8, gone: 2, failed: 0 });
    expect(system.log.of("removal_failed")).toMatchObject([{ connection: "c1" }]);
    expect(system.store.traces("c2")).toEqual([]);
  });

  test("ends with the fan-out's time, and later publications continue it", async () => {
    const system = fanOutSystem({ budgetMs: 4_000 });
    const ids = await addSubscribers(system, 100, "a");
    for (const id of ids) system.connections.scripts.set(id, ["gone"]);
    system.guards.disconnected = () => system.clock.sleep(1_000);
    const begun = system.clock.now();
    await fanOut(system, hello);
    expect(system.clock.now() - begun).toBeLessThanOrEqual(5_000);
    const left = ids.filter((id) => system.store.traces(id).length > 0);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(100);
    // Their own registration, and an expired one: a 410 can be wrong, and then they missed a message.
    for (const id of left) expect(system.store.traces(id)).toHaveLength(4);
  });
});

describe("a subscriber that has expired", () => {
  const expiredFrame = { channel: "/meta/refresh", successful: false, code: "expired", error: EXPIRED.reason };

  test("is notified, closed and removed instead of getting the message", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 3, "a");
    system.store.expired.add("c1");
    expect(await fanOut(system, hello)).toMatchObject({ sent: 2, gone: 1, failed: 0 });
    expect(system.connections.received("c1")).toEqual([expiredFrame]);
    expect(system.connections.closed).toEqual(["c1"]);
    expect(system.store.traces("c1")).toEqual([]);
    expect(system.left).toEqual(["c1"]);
    expect(system.connections.received("c0")).toEqual([messageOf("a")]);
  });

  test("is not passed to a delivery guard", async () => {
    const asked: string[] = [];
    const guards = {
      guardsDelivery: async () => true,
      delivery: async ({ connectionId }: { connectionId: string }) => (asked.push(connectionId), messageOf("a")),
    };
    const system = fanOutSystem({ guards });
    await addSubscribers(system, 2, "a");
    system.store.expired.add("c1");
    await fanOut(system, hello);
    expect(asked).toEqual(["c0"]);
    expect(system.connections.received("c1")).toEqual([expiredFrame]);
  });

  test("is left to the next publication if no time remains", async () => {
    const system = fanOutSystem({ budgetMs: 0 });
    await addSubscribers(system, 1, "a");
    system.store.expired.add("c0");
    expect(await fanOut(system, hello)).toMatchObject({ sent: 0, gone: 1, failed: 0 });
    expect(system.connections.posts).toEqual([]);
    expect(system.store.traces("c0")).not.toEqual([]);
  });
});

test("many gone connections are removed in parallel, up to a limit", async () => {
  const system = fanOutSystem();
  const ids = await addSubscribers(system, 200, "a");
  for (const id of ids) system.connections.scripts.set(id, ["gone"]);
  let [now, most] = [0, 0];
  const { close } = system.connections;
  system.connections.close = async (id) => {
    most = Math.max(most, (now += 1));
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    return close.call(system.connections, id);
  };
  expect(await fanOut(system, hello)).toMatchObject({ sent: 0, gone: 200 });
  expect(most).toBe(REMOVALS_IN_FLIGHT);
  expect(system.store.records.size).toBe(0);
});
