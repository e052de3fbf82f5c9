import { EXPIRED } from "../../../lambdas/connection/agent.js";
import { NEW_CONNECTION_MS } from "../../../lambdas/delivery/retry.js";
import { REMOVALS_IN_FLIGHT } from "../../../lambdas/delivery/broadcast.js";
import { fanOut } from "../../../lambdas/delivery/fan-out.js";
import { agentOf, messageOf, NOW } from "../support/fakes.js";
import { audienceOf, fanOutSystem } from "./fan-out-system.js";

const hello = [{ message: messageOf("a") }];

describe("a 410", () => {
  test("closes the connection, then removes its rows, then its registration: a wrong 410 is never silence", async () => {
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

  test("of a connection that API Gateway does not close removes nothing: it is the sweep's, which closes it", async () => {
    const system = fanOutSystem();
    await audienceOf(system, 2, "a");
    system.connections.scripts.set("c1", ["gone"]);
    system.connections.unclosable.add("c1");
    const before = system.store.traces("c1");
    expect(await fanOut(system, hello)).toMatchObject({ sent: 1, gone: 1, failed: 0 });
    expect(system.store.traces("c1")).toEqual([...before, `${Math.floor(system.clock.now() / 1000)}#c1`]);
    expect(system.left).toEqual([]);
  });

  test("tells onDisconnect once, though several publishers meet it at once", async () => {
    const system = fanOutSystem();
    await audienceOf(system, 5, "a");
    system.connections.scripts.set("c1", ["gone"]);
    await Promise.all([fanOut(system, hello), fanOut(system, hello), fanOut(system, hello)]);
    expect(system.left).toEqual(["c1"]);
  });

  test("of which only the row that was found is left takes that with it, on whatever wildcard it is", async () => {
    const system = fanOutSystem({ wildcards: ["a/*"] });
    await audienceOf(system, 1, "a/b");
    // A Lambda that died between the two rows of each.
    const half = { connectionId: "half", connectedAt: NOW - 600_000 };
    system.store.halve(half, ["a/b", "a/*"]);
    system.connections.scripts.set("half", ["gone"]);
    const published = [{ message: messageOf("a/b") }];
    expect(await fanOut(system, published)).toMatchObject({ sent: 1, gone: 1, failed: 0 });
    expect(await fanOut(system, published)).toMatchObject({ sent: 1, gone: 0, failed: 0 });
    expect(system.store.traces("half")).toEqual([]);
  });

  test("of one recipient keeps nobody else from its message", async () => {
    const system = fanOutSystem();
    await audienceOf(system, 50, "a");
    system.connections.scripts.set("c7", ["gone"]);
    expect(await fanOut(system, hello)).toMatchObject({ sent: 49, gone: 1, failed: 0 });
    expect(system.log.of("fan_out")).toMatchObject([{ sent: 49, gone: 1, failed: 0 }]);
  });
});

describe("a 410 within 30 s of connectedAt", () => {
  const young = agentOf("c1", { connectedAt: NOW - NEW_CONNECTION_MS + 2_000 });

  test("is retried: its $connect may not have returned yet", async () => {
    const system = fanOutSystem();
    await system.store.with(young, "a");
    system.connections.scripts.set("c1", ["gone", "gone", "sent"]);
    expect(await fanOut(system, hello)).toMatchObject({ sent: 1, gone: 0, failed: 0 });
    expect(system.clock.sleeps).toEqual([50, 100]);
  });

  test("is not believed: nothing is removed, and a worker tries again", async () => {
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

describe("removing what is gone", () => {
  test("that fails is logged, and is no failure of the publication: everybody has been posted to", async () => {
    const system = fanOutSystem();
    await audienceOf(system, 10, "a");
    for (const id of ["c1", "c2"]) system.connections.scripts.set(id, ["gone"]);
    system.store.before.takeConnection = () => {
      delete system.store.before.takeConnection;
      throw new Error("throttled");
    };
    expect(await fanOut(system, hello)).toMatchObject({ sent: 8, gone: 2, failed: 0 });
    expect(system.log.of("removal_failed")).toMatchObject([{ connection: "c1" }]);
    expect(system.store.traces("c2")).toEqual([]);
  });

  test("ends with the fan-out's time: whoever publishes next goes on with it, and the sweep", async () => {
    const system = fanOutSystem({ budgetMs: 4_000 });
    const ids = await audienceOf(system, 100, "a");
    for (const id of ids) system.connections.scripts.set(id, ["gone"]);
    system.guards.disconnected = () => system.clock.sleep(1_000);
    const begun = system.clock.now();
    await fanOut(system, hello);
    expect(system.clock.now() - begun).toBeLessThanOrEqual(5_000);
    const left = ids.filter((id) => system.store.traces(id).length > 0);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(100);
    // Their own registration, and one that is over: a 410 can be wrong, and then they have missed something.
    for (const id of left) expect(system.store.traces(id)).toHaveLength(4);
  });
});

describe("a subscriber that was not renewed in time", () => {
  const told = { channel: "/meta/refresh", successful: false, code: "expired", error: EXPIRED.reason };

  test("gets nothing, is told so, closed and removed; everybody else gets the message", async () => {
    const system = fanOutSystem();
    await audienceOf(system, 3, "a");
    system.store.expired.add("c1");
    expect(await fanOut(system, hello)).toMatchObject({ sent: 2, gone: 1, failed: 0 });
    expect(system.connections.received("c1")).toEqual([told]);
    expect(system.connections.closed).toEqual(["c1"]);
    expect(system.store.traces("c1")).toEqual([]);
    expect(system.left).toEqual(["c1"]);
    expect(system.connections.received("c0")).toEqual([messageOf("a")]);
  });

  test("is not asked about by a delivery guard either", async () => {
    const asked: string[] = [];
    const guards = {
      guardsDelivery: async () => true,
      delivery: async ({ connectionId }: { connectionId: string }) => (asked.push(connectionId), messageOf("a")),
    };
    const system = fanOutSystem({ guards });
    await audienceOf(system, 2, "a");
    system.store.expired.add("c1");
    await fanOut(system, hello);
    expect(asked).toEqual(["c0"]);
    expect(system.connections.received("c1")).toEqual([told]);
  });

  test("is left to the next publication or the sweep once there is no time left", async () => {
    const system = fanOutSystem({ budgetMs: 0 });
    await audienceOf(system, 1, "a");
    system.store.expired.add("c0");
    expect(await fanOut(system, hello)).toMatchObject({ sent: 0, gone: 1, failed: 0 });
    expect(system.connections.posts).toEqual([]);
    expect(system.store.traces("c0")).not.toEqual([]);
  });
});

test("many that are gone are removed side by side, as many as there are connections for", async () => {
  const system = fanOutSystem();
  const ids = await audienceOf(system, 200, "a");
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
  expect(system.store.standings.size).toBe(0);
});
