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

/** `c1` and `c2` are Ann's, `c3` is not. */
const setUp = async (options: Parameters<typeof fanOutSystem>[0] = {}) => {
  const system = fanOutSystem(options);
  await system.store.with(agentOf("c1", ann), "a", "b/*", ADMIN);
  await system.store.with(agentOf("c2", ann), "a", ADMIN);
  await system.store.with(agentOf("c3"), "a");
  return system;
};

const revoked = (error = "The server ended this.") => ({
  channel: "/meta/connect",
  successful: false,
  code: "revoked",
  error,
});
const ended = (error = "The server ended this.") => ({
  channel: "/meta/unsubscribe",
  successful: true,
  code: "revoked",
  error,
  data: { channel: "a" },
});

/** A sweep a second later, of what is overdue by then. */
const sweepAll = (system: FanOutSystem) => {
  const now = system.clock.now() / 1_000 + 1;
  const { expiredConnections: overdue } = system.store;
  system.store.expiredConnections = async function* () {
    for await (const each of overdue.call(system.store)) if (Number.parseInt(each.deadline) < now) yield each;
  };
  return sweep({ ...system, onDisconnectMs: 0 }, () => 60_000);
};

describe("disconnecting", () => {
  test("tells and closes every connection of a user, tells onDisconnect, and leaves nothing; others are left alone", async () => {
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

  test("ends one connection; without a reason it says that the server did", async () => {
    const system = await setUp();
    expect(await disconnect(system, { connectionId: "c1" }, undefined)).toBe(1);
    expect(system.connections.received("c1")).toEqual([revoked()]);
    expect(system.connections.closed).toEqual(["c1"]);
    expect(system.store.traces("c2")).not.toEqual([]);
  });

  test("closes a connection of which nothing is known, and does not count it; nor a denied one", async () => {
    const system = await setUp();
    await system.store.putDenial("denied", agentOf("denied").connectedAt, { code: "denied", reason: "No." });
    expect(await disconnect(system, { connectionId: "stranger" }, undefined)).toBe(0);
    expect(await disconnect(system, { connectionId: "denied" }, undefined)).toBe(0);
    expect(await disconnect(system, { userId: "nobody" }, undefined)).toBe(0);
    expect(system.connections.closed).toEqual(["stranger", "denied"]);
    expect(system.left).toEqual([]);
  });

  test("hands the connections to the sweep first, then claims, then closes beside deleting what is left", async () => {
    const system = await setUp();
    await disconnect(system, { connectionId: "c1" }, undefined);
    const [first, second, ...rest] = system.store.calls;
    expect([first, second]).toEqual(["putExpired c1", "takeConnection c1"]);
    expect(rest).toContain("close c1");
    expect(rest.at(-1)).toBe("deleteRegistration c1");
  });

  test.each(["takeConnection", "connectionSubscriptions", "deleteSubscriptions", "deleteRegistration"] as const)(
    "a Lambda that dies at %s leaves it to the sweep: closed, forgotten, and onDisconnect told once at most",
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

  test("a connection whose rows resist is closed all the same, the others are done, and the caller is told", async () => {
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

  test("one that cannot be told is closed", async () => {
    const system = await setUp();
    for (const result of ["failed", "gone", "busy", "refused"] as const) {
      system.connections.scripts.set("c1", [result]);
      await disconnect(system, { connectionId: "c1" }, undefined);
    }
    expect(system.connections.closed).toEqual(["c1", "c1", "c1", "c1"]);
  });

  test("one that API Gateway does not close has no agent any more, and the sweep closes it", async () => {
    const system = await setUp();
    system.connections.unclosable.add("c1");
    expect(await disconnect(system, { connectionId: "c1" }, undefined)).toBe(1);
    expect(system.store.records.has("c1")).toBe(false);
    system.connections.unclosable.clear();
    await sweepAll(system);
    expect(system.connections.closed).toEqual(["c1"]);
    expect(system.store.traces("c1")).toEqual([]);
  });

  test("what time does not allow is not begun: the caller is told, and the sweep does it", async () => {
    const system = await setUp({ budgetMs: 0 });
    await expect(disconnect(system, ann, undefined)).rejects.toThrow("2 of 2 connections are not done");
    expect(system.connections.closed).toEqual([]);
    await sweepAll(system);
    expect(system.connections.closed.sort()).toEqual(["c1", "c2"]);
  });

  test("a publication whose subscribers were read before finds the connection closed; one read later does not find it", async () => {
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
    // It was told, and then nothing reached it.
    expect(outcomes).toEqual(["sent", "gone"]);
    expect(system.connections.to("c1").filter((frame) => frame.includes("after"))).toEqual([]);
    expect(system.connections.received("c3")).toMatchObject([{ data: "before" }, { data: "after" }]);
    expect(system.left.filter((id) => id === "c1")).toHaveLength(1);
  });

  test("a subscription that its guard has just permitted is taken back", async () => {
    const system = await setUp();
    system.store.before.putSubscriptions = async () =>
      void (await disconnect(system, { connectionId: "c1" }, undefined));
    expect(await addSubscriptions(system, agentOf("c1", ann), [["late"]])).toEqual(["unknown_agent"]);
    expect(system.store.traces("c1")).toEqual([]);
  });

  test("a refresh that its guard has just accepted does not bring the agent back", async () => {
    const system = await setUp();
    await disconnect(system, { connectionId: "c1" }, undefined);
    expect(await system.store.renewAgent(agentOf("c1", ann), agentOf("c1", ann))).toBeUndefined();
    expect(system.store.traces("c1")).toEqual([]);
  });
});

describe("unsubscribing", () => {
  test("ends the subscription of every connection of a user, and then tells each", async () => {
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

  test("ends one connection's, and tells it also if it was not subscribed: asking again tells who was not told", async () => {
    const system = await setUp();
    expect(await unsubscribe(system, { connectionId: "c1" }, "a", undefined)).toBe(1);
    expect(await unsubscribe(system, { connectionId: "c1" }, "a", undefined)).toBe(1);
    expect(system.connections.received("c1")).toEqual([ended(), ended()]);
    expect(system.connections.to("c2")).toEqual([]);
  });

  test("tries again where that makes sense, and closes who cannot be told, without counting it", async () => {
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

  test("says so when it could not be done, and changes nothing for who was not told", async () => {
    const system = await setUp();
    system.store.before.deleteSubscriptions = () => Promise.reject(new Error("throttled"));
    await expect(unsubscribe(system, ann, "a", undefined)).rejects.toThrow(Incomplete);
    expect(system.connections.posts).toEqual([]);
  });

  test("tells nothing to agents that were not renewed in time: they are told when they are closed", async () => {
    const system = await setUp();
    for (const id of ["c1", "c2"]) {
      system.store.expired.add(id);
      system.store.records.set(id, { denial: EXPIRED });
    }
    expect(await unsubscribe(system, ann, "a", undefined)).toBe(0);
    expect(system.connections.posts).toEqual([]);
    expect(system.store.traces("c1")).not.toContain("a");
  });

  test("does not take an agent for over whose renewal has not come to its user's row yet", async () => {
    const system = await setUp();
    system.store.expired.add("c1");
    expect(await unsubscribe(system, ann, "a", undefined)).toBe(2);
    expect(system.connections.received("c1")).toEqual([ended()]);
    expect(system.store.traces("c1")).not.toContain("a");
  });
});
