import { MAX_FRAME_BYTES } from "../../../protocol/index.js";
import { fanOut, DELIVERY_DEADLINE_MS } from "../../../lambdas/delivery/fan-out.js";
import { SLOW_CLIENT_GRACE_MS } from "../../../lambdas/delivery/segment-dispatcher.js";
import { agentOf, messageOf, NOW } from "../support/fakes.js";
import { addSubscribers, fanOutSystem } from "./fan-out-system.js";

const publication = (channel: string, data: string | number = "hello", uuid = "m1") => ({
  message: messageOf(channel, data, uuid),
});

describe("a publication", () => {
  test("reaches every subscriber of its channel once", async () => {
    const system = fanOutSystem();
    await system.store.with(agentOf("other"), "b");
    const ids = await addSubscribers(system, 200, "a");
    expect(await fanOut(system, [publication("a")])).toMatchObject({ sent: 200, gone: 0, failed: 0 });
    expect(system.connections.posts.map((post) => post.connectionId).sort()).toEqual([...ids].sort());
    expect(system.connections.received("c0")).toEqual([messageOf("a")]);
  });

  test("without subscribers costs one read and no post", async () => {
    const system = fanOutSystem();
    expect(await fanOut(system, [publication("a")])).toMatchObject({ sent: 0, gone: 0, failed: 0 });
    expect(system.store.calls).toEqual(["subscribers a"]);
  });

  test("reaches subscribers of the channel and of matching wildcards once", async () => {
    const system = fanOutSystem({ wildcards: ["a/*"] });
    await system.store.with(agentOf("c1"), "a/b/c", "a/*", "a/b/*");
    await system.store.with(agentOf("c2"), "a/*");
    await system.store.with(agentOf("c3"), "a/x/*");
    await fanOut(system, [publication("a/b/c")]);
    expect(system.connections.received("c1")).toEqual([messageOf("a/b/c")]);
    expect(system.connections.received("c2")).toEqual([messageOf("a/b/c")]);
    expect(system.connections.received("c3")).toEqual([]);
  });

  test("does not reach the publisher if it asked for no echo", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 3, "a");
    await fanOut(system, [{ ...publication("a"), except: "c1" }]);
    expect(system.connections.posts.map((post) => post.connectionId)).toEqual(["c0", "c2"]);
  });

  test("reaches the publisher unless this message excludes it", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 1, "a");
    await fanOut(system, [{ ...publication("a", 1, "m1"), except: "c0" }, publication("a", 2, "m2")]);
    expect(system.connections.received("c0")).toEqual([messageOf("a", 2, "m2")]);
  });
});

describe("several publications of one frame", () => {
  test("arrive in order, in one frame, also across channels", async () => {
    const system = fanOutSystem();
    await system.store.with(agentOf("both"), "a", "b");
    await system.store.with(agentOf("one"), "b");
    await fanOut(system, [publication("a", 1, "m1"), publication("b", 2, "m2"), publication("a", 3, "m3")]);
    expect(system.connections.to("both")).toHaveLength(1);
    expect(system.connections.received("both")).toMatchObject([{ uuid: "m1" }, { uuid: "m2" }, { uuid: "m3" }]);
    expect(system.connections.received("one")).toMatchObject([{ uuid: "m2" }]);
  });

  test("read each channel's subscribers once", async () => {
    const system = fanOutSystem();
    await fanOut(system, [publication("a", 1, "m1"), publication("b", 2, "m2"), publication("a", 3, "m3")]);
    expect(system.store.calls).toEqual(["subscribers a", "subscribers b"]);
  });

  test("that exceed one frame arrive in several, one after the other", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 2, "a");
    const big = "x".repeat(MAX_FRAME_BYTES / 2);
    await fanOut(system, [publication("a", big, "m1"), publication("a", big, "m2"), publication("a", "small", "m3")]);
    expect(system.connections.to("c0")).toHaveLength(2);
    expect(system.connections.received("c0")).toMatchObject([{ uuid: "m1" }, { uuid: "m2" }, { uuid: "m3" }]);
  });

  // So the recipient has no gap that it cannot see.
  test("stop after a frame that could not be delivered", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 1, "a");
    system.connections.scripts.set("c0", ["refused", "sent"]);
    const big = "x".repeat(MAX_FRAME_BYTES / 2);
    const delivered = await fanOut(system, [publication("a", big, "m1"), publication("a", big, "m2")]);
    expect(delivered).toMatchObject({ sent: 0, gone: 0, failed: 1 });
    expect(system.connections.to("c0")).toHaveLength(1);
  });

  test("keep their order for a recipient that needs retries", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 1, "a");
    system.connections.scripts.set("c0", ["busy", "busy", "sent"]);
    const big = "x".repeat(MAX_FRAME_BYTES / 2);
    await fanOut(system, [publication("a", big, "m1"), publication("a", big, "m2")]);
    const uuids = system.connections.received("c0").map((message) => (message as { uuid: string }).uuid);
    expect(uuids).toEqual(["m1", "m1", "m1", "m2"]);
  });
});

describe("a recipient with 429 or 5xx", () => {
  test.each(["busy", "failed"] as const)("that is %s is retried until it succeeds", async (result) => {
    const system = fanOutSystem();
    await addSubscribers(system, 1, "a");
    system.connections.scripts.set("c0", [result, result, "sent"]);
    expect(await fanOut(system, [publication("a")])).toMatchObject({ sent: 1, gone: 0, failed: 0 });
    expect(system.clock.sleeps).toEqual([50, 100]);
  });

  // It does not delay other recipients.
  test("delays the publisher by 250 ms only, and is then enqueued", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 300, "a");
    system.connections.scripts.set("c0", ["busy"]);
    const begun = system.clock.now();
    expect(await fanOut(system, [publication("a")])).toMatchObject({ sent: 299, gone: 0, failed: 0, enqueued: 1 });
    expect(system.clock.now() - begun).toBeLessThanOrEqual(250);
    const others = system.connections.posts.filter((post) => post.connectionId !== "c0");
    expect(new Set(others.map((post) => post.at))).toEqual(new Set([begun]));
    expect(system.segments.sent).toEqual([
      {
        segment: {
          publications: [publication("a")],
          recipients: [{ connectionId: "c0", connectedAt: NOW - 600_000 }],
          until: NOW + DELIVERY_DEADLINE_MS,
          slowUntil: system.clock.now() + SLOW_CLIENT_GRACE_MS,
        },
        delaySeconds: 0,
      },
    ]);
    expect(system.log.of("fan_out")).toEqual([{ sent: 299, gone: 0, failed: 0, enqueued: 1, uuids: ["m1"] }]);
  });

  test("that refuses is closed at once, logged and counted", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 2, "a");
    system.connections.scripts.set("c0", ["refused"]);
    expect(await fanOut(system, [publication("a")])).toMatchObject({ sent: 1, failed: 1, enqueued: 0 });
    expect(system.connections.closed).toEqual(["c0"]);
    expect(system.store.traces("c0")).toContain("a");
    expect(system.log.of("not_delivered")).toEqual([{ connection: "c0", messages: 1, uuids: ["m1"] }]);
  });
});

describe("a recipient that can be neither reached nor enqueued", () => {
  // Only a 410 removes rows.
  test("is closed, and keeps its rows", async () => {
    const system = fanOutSystem({ budgetMs: 500 });
    await addSubscribers(system, 1, "a");
    system.connections.scripts.set("c0", ["failed"]);
    system.segments.refuses = () => true;
    expect(await fanOut(system, [publication("a")])).toMatchObject({ failed: 1, enqueued: 0 });
    expect(system.connections.closed).toEqual(["c0"]);
    expect(system.store.traces("c0")).toContain("a");
  });

  test("nor closed is left to the sweep", async () => {
    const system = fanOutSystem({ budgetMs: 500 });
    await addSubscribers(system, 2, "a");
    system.connections.scripts.set("c0", ["failed"]);
    system.connections.unclosable.add("c0");
    system.segments.refuses = () => true;
    await fanOut(system, [publication("a")]);
    expect(system.store.calls).toContain("putExpired c0");
  });
});

describe("a slow recipient", () => {
  test("does not delay others", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 20, "a");
    system.connections.scripts.set("c0", () => system.clock.sleep(2_900).then(() => "sent" as const));
    const begun = system.clock.now();
    expect(await fanOut(system, [publication("a")])).toMatchObject({ sent: 20, gone: 0, failed: 0 });
    expect(new Set(system.connections.posts.map((post) => post.at))).toEqual(new Set([begun]));
  });

  // Recipients without a post by then are enqueued.
  test("does not extend the fan-out, even together with many others", async () => {
    const system = fanOutSystem({ budgetMs: 5_000 });
    const ids = await addSubscribers(system, 400, "a");
    for (const id of ids)
      system.connections.scripts.set(id, () => system.clock.sleep(3_000).then(() => "sent" as const));
    const begun = system.clock.now();
    expect(await fanOut(system, [publication("a")])).toMatchObject({ sent: 128, failed: 0, enqueued: 1 });
    expect(system.clock.now() - begun).toBeLessThanOrEqual(5_000 + 3_000);
    expect(system.segments.ids).toHaveLength(272);
    expect(system.segments.sent[0]!.segment.until).toBe(begun + DELIVERY_DEADLINE_MS);
  });
});

test("at most 64 posts run at once", async () => {
  const system = fanOutSystem();
  const ids = await addSubscribers(system, 200, "a");
  for (const id of ids) system.connections.scripts.set(id, () => system.clock.sleep(10).then(() => "sent" as const));
  expect(await fanOut(system, [publication("a")])).toMatchObject({ sent: 200, gone: 0, failed: 0 });
  expect(system.connections.mostInFlight).toBe(64);
});

test("a fan-out that reaches all subscribers does not log", async () => {
  const system = fanOutSystem();
  await addSubscribers(system, 3, "a");
  await fanOut(system, [publication("a")]);
  expect(system.log.entries).toEqual([]);
});
