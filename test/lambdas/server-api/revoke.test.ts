import { EXPIRED } from "../../../lambdas/connection/agent.js";
import { fanOut } from "../../../lambdas/delivery/fan-out.js";
import { disconnect, Incomplete, unsubscribe } from "../../../lambdas/server-api/revoke.js";
import type { PostResult } from "../../../lambdas/ports.js";
import { addSubscriptions } from "../../../lambdas/subscriptions/subscriptions.js";
import { sweep } from "../../../lambdas/connection/sweep.js";
import { agentOf, messageOf } from "../support/fakes.js";
import { fanOutSystem, type FanOutSystem } from "../delivery/fan-out-system.js";

const ann = { userId: "ann" };
const ADMIN = "/meta/user/ann";

/** `c1` and `c2` are Ann's connections, `c3` is not. */
const setUp = async (options: Parameters<typeof fanOutSystem>[0] = {}) => {
  const system = fanOutSystem(options);
  await system.store.with(agentOf("c1", ann), "a", "b/*", ADMIN);
  await system.store.with(agentOf("c2", ann), "a", ADMIN);
  await system.store.with(agentOf("c3"), "a");
  return system;
};

const revoked = (error = "The server revoked this connection or subscription.") => ({
  channel: "/meta/connect",
  successful: false,
  code: "revoked",
  error,
});
const ended = (error = "The server revoked this connection or subscription.") => ({
  channel: "/meta/unsubscribe",
  successful: true,
  code: "revoked",
  error,
  data: { channel: "a" },
});

/** A sweep a second later, of the connections that have expired by then. */
const sweepAll = (system: FanOutSystem) => {
  const now = system.clock.now() / 1_000 + 1;
  const { expiredConnections } = system.store;
  system.store.expiredConnections = async function* () {
    for await (const each of expiredConnections.call(system.store))
      if (Number.parseInt(each.deadline) < now) yield each;
  };
  return sweep({ ...system, onDisconnectMs: 0 }, () => 60_000);
};

describe("disconnecting", () => {
  // It calls onDisconnect. Other connections stay.
  test("notifies and closes all connections of a user without leftover rows", async () => {
    const system = await setUp();
    expect(await disconnect(system, ann, "Spam.")).toBe(2);
    for (const id of ["c1", "c2"]) {
      expect(system.connections.received(id)).toEqual([revoked("Spam.")]);
      expect(system.store.traces(id)).toEqual([]);
    }
    expect(system.connections.closed.sort()).toEqual(["c1", "c2"]);
    expect(system.left.sort()).toEqual(["c1", "c2"]);
    expect(system.connections.to("c3")).toEqual([]);
    expect(system.store.traces("c3")).toContain("a");
  });

  test("ends one connection, with a default reason", async () => {
    const system = await setUp();
    expect(await disconnect(system, { connectionId: "c1" }, undefined)).toBe(1);
    expect(system.connections.received("c1")).toEqual([revoked()]);
    expect(system.connections.closed).toEqual(["c1"]);
    expect(system.store.traces("c2")).not.toEqual([]);
  });

  test("closes unknown and denied connections without counting them", async () => {
    const system = await setUp();
    await system.store.putDenial("denied", agentOf("denied").connectedAt, { code: "denied", reason: "No." });
    expect(await disconnect(system, { connectionId: "stranger" }, undefined)).toBe(0);
    expect(await disconnect(system, { connectionId: "denied" }, undefined)).toBe(0);
    expect(await disconnect(system, { userId: "nobody" }, undefined)).toBe(0);
    expect(system.connections.closed).toEqual(["stranger", "denied"]);
    expect(system.left).toEqual([]);
  });

  // The close runs in parallel with the deletion of the rows.
  test("registers connections for the sweep, takes them, then closes them", async () => {
    const system = await setUp();
    await disconnect(system, { connectionId: "c1" }, undefined);
    const [first, second, ...rest] = system.store.calls;
    expect([first, second]).toEqual(["putExpired c1", "takeConnection c1"]);
    expect(rest).toContain("close c1");
    expect(rest.at(-1)).toBe("deleteRegistration c1");
  });

  // The sweep closes and removes the connection. onDisconnect is called at most once.
  test.each(["takeConnection", "connectionSubscriptions", "deleteSubscriptions", "deleteRegistration"] as const)(
    "leaves the rest to the sweep if it dies at %s",
    async (step) => {
      const system = await setUp();
      system.store.before[step] = () => new Promise(() => undefined);
      void disconnect(system, ann, undefined);
      await new Promise((resolve) => setImmediate(resolve));
      system.store.before = {};
      await sweepAll(system);
      for (const id of ["c1", "c2"]) {
        expect(system.connections.closed).toContain(id);
        expect(system.store.traces(id).filter((trace) => !/^\d/.test(trace))).toEqual([]);
        expect(system.left.filter((each) => each === id).length).toBeLessThanOrEqual(1);
      }
    },
  );

  test("closes connections whose rows cannot be deleted, and reports failure", async () => {
    const system = await setUp();
    const { takeConnection: claim } = system.store;
    system.store.takeConnection = (id) =>
      id === "c1" ? Promise.reject(new Error("throttled")) : claim.call(system.store, id);
    await expect(disconnect(system, ann, undefined)).rejects.toThrow(Incomplete);
    expect(system.connections.closed.sort()).toEqual(["c1", "c2"]);
    expect(system.store.traces("c2")).toEqual([]);
    expect(system.log.of("revocation_failed")).toMatchObject([{ connection: "c1" }]);
    system.store.takeConnection = claim;
    expect(await disconnect(system, ann, undefined)).toBe(1);
    expect(system.store.traces("c1")).toEqual([]);
  });

  test("closes a connection that cannot be notified", async () => {
    const system = await setUp();
    for (const result of ["failed", "gone", "busy", "refused"] as const) {
      system.connections.scripts.set("c1", [result]);
      await disconnect(system, { connectionId: "c1" }, undefined);
    }
    expect(system.connections.closed).toEqual(["c1", "c1", "c1", "c1"]);
  });

  test("removes the agent of a connection that the sweep must close", async () => {
    const system = await setUp();
    system.connections.unclosable.add("c1");
    expect(await disconnect(system, { connectionId: "c1" }, undefined)).toBe(1);
    expect(system.store.records.has("c1")).toBe(false);
    system.connections.unclosable.clear();
    await sweepAll(system);
    expect(system.connections.closed).toEqual(["c1"]);
    expect(system.store.traces("c1")).toEqual([]);
  });

  test("does not begin without time, reports it, and the sweep continues", async () => {
    const system = await setUp({ budgetMs: 0 });
    await expect(disconnect(system, ann, undefined)).rejects.toThrow("2 of 2 connections failed; repeat the request");
    expect(system.connections.closed).toEqual([]);
    await sweepAll(system);
    expect(system.connections.closed.sort()).toEqual(["c1", "c2"]);
  });

  // A publication that reads subscribers later does not find them.
  test("closes connections before a concurrent publication reaches them", async () => {
    const system = await setUp();
    const outcomes: PostResult[] = [];
    system.connections.scripts.set("c1", async () => {
      const outcome = system.connections.closed.includes("c1") ? "gone" : "sent";
      outcomes.push(outcome);
      return outcome;
    });
    let resume = (): void => undefined;
    const paused = new Promise<void>((resolve) => (resume = resolve));
    const { subscribers } = system.store;
    system.store.subscribers = async function* (channel) {
      for await (const page of subscribers.call(system.store, channel)) {
        await paused;
        yield page;
      }
    };
    const inFlight = fanOut(system, [{ message: messageOf("a", "before") }]);
    system.store.subscribers = subscribers;
    await disconnect(system, ann, undefined);
    resume();
    await inFlight;
    await fanOut(system, [{ message: messageOf("a", "after") }]);
    // The client was notified, and received nothing after it.
    expect(outcomes).toEqual(["sent", "gone"]);
    expect(system.connections.to("c1").filter((frame) => frame.includes("after"))).toEqual([]);
    expect(system.connections.received("c3")).toMatchObject([{ data: "before" }, { data: "after" }]);
    expect(system.left.filter((id) => id === "c1")).toHaveLength(1);
  });

  test("takes back a subscription that its guard has just permitted", async () => {
    const system = await setUp();
    system.store.before.putSubscriptions = async () =>
      void (await disconnect(system, { connectionId: "c1" }, undefined));
    expect(await addSubscriptions(system, agentOf("c1", ann), [["late"]])).toEqual(["unknown_agent"]);
    expect(system.store.traces("c1")).toEqual([]);
  });

  test("is not undone by a refresh that its guard has just accepted", async () => {
    const system = await setUp();
    await disconnect(system, { connectionId: "c1" }, undefined);
    expect(await system.store.renewAgent(agentOf("c1", ann), agentOf("c1", ann))).toBeUndefined();
    expect(system.store.traces("c1")).toEqual([]);
  });
});

describe("unsubscribing", () => {
  test("ends the subscription of all connections of a user, then notifies", async () => {
    const system = await setUp();
    expect(await unsubscribe(system, ann, "a", "Over.")).toBe(2);
    for (const id of ["c1", "c2"]) {
      expect(system.connections.received(id)).toEqual([ended("Over.")]);
      expect(system.store.traces(id)).not.toContain("a");
      expect(system.store.traces(id)).toContain(ADMIN);
    }
    expect(system.store.traces("c1")).toContain("b/*");
    expect(system.store.traces("c3")).toContain("a");
    expect(system.connections.closed).toEqual([]);
    expect(system.left).toEqual([]);
  });

  // So a repeated request reaches a client that was not notified.
  test("of one connection notifies it even without a subscription", async () => {
    const system = await setUp();
    expect(await unsubscribe(system, { connectionId: "c1" }, "a", undefined)).toBe(1);
    expect(await unsubscribe(system, { connectionId: "c1" }, "a", undefined)).toBe(1);
    expect(system.connections.received("c1")).toEqual([ended(), ended()]);
    expect(system.connections.to("c2")).toEqual([]);
  });

  // It does not count them.
  test("retries, and closes connections that it cannot notify", async () => {
    const system = await setUp();
    system.connections.scripts.set("c1", ["busy", "failed", "sent"]);
    system.connections.scripts.set("c2", ["refused"]);
    expect(await unsubscribe(system, ann, "a", undefined)).toBe(1);
    expect(system.connections.to("c1")).toHaveLength(3);
    expect(system.connections.closed).toEqual(["c2"]);
    expect(system.log.of("not_told")).toEqual([{ connection: "c2" }]);
    system.connections.unclosable.add("c2");
    await expect(unsubscribe(system, ann, "a", undefined)).rejects.toThrow(Incomplete);
  });

  test("reports a failure and does not notify clients then", async () => {
    const system = await setUp();
    system.store.before.deleteSubscriptions = () => Promise.reject(new Error("throttled"));
    await expect(unsubscribe(system, ann, "a", undefined)).rejects.toThrow(Incomplete);
    expect(system.connections.posts).toEqual([]);
  });

  test("does not notify expired agents, which are notified when closed", async () => {
    const system = await setUp();
    for (const id of ["c1", "c2"]) {
      system.store.expired.add(id);
      system.store.records.set(id, { denial: EXPIRED });
    }
    expect(await unsubscribe(system, ann, "a", undefined)).toBe(0);
    expect(system.connections.posts).toEqual([]);
    expect(system.store.traces("c1")).not.toContain("a");
  });

  test("works for an agent whose renewal is not in its user's row", async () => {
    const system = await setUp();
    system.store.expired.add("c1");
    expect(await unsubscribe(system, ann, "a", undefined)).toBe(2);
    expect(system.connections.received("c1")).toEqual([ended()]);
    expect(system.store.traces("c1")).not.toContain("a");
  });
});
