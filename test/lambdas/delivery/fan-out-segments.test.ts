import {
  deliverSegment,
  fanOut,
  DELIVERY_DEADLINE_MS,
  MAX_ENQUEUED_PER_WORKER,
} from "../../../lambdas/delivery/fan-out.js";
import { SLOW_CLIENT_GRACE_MS } from "../../../lambdas/delivery/segment-dispatcher.js";
import type { Segment } from "../../../lambdas/delivery/segments.js";
import { agentOf, messageOf, NOW } from "../support/fakes.js";
import { addSubscribers, type FanOutSystem, fanOutSystem } from "./fan-out-system.js";

const hello = [{ message: messageOf("a") }];

const posted = (system: FanOutSystem): string[] => system.connections.posts.map(({ connectionId }) => connectionId);

/** Lets workers deliver the segments in the queue, until it is empty. */
const work = async (system: FanOutSystem, pauses: number[] = []): Promise<void> => {
  while (system.segments.sent.length > 0) {
    const [next] = system.segments.sent.splice(0, 1);
    pauses.push(next!.delaySeconds);
    system.clock.advance(next!.delaySeconds * 1_000);
    await deliverSegment(system, next!.segment);
  }
};

const segmentOf = (ids: readonly string[], more: Partial<Segment> = {}): Segment => ({
  publications: hello,
  recipients: ids.map((connectionId) => ({ connectionId, connectedAt: NOW - 600_000 })),
  until: NOW + DELIVERY_DEADLINE_MS,
  ...more,
});

describe("a fan-out beyond its threshold", () => {
  test("posts to the first, enqueues the others, and reaches each once", async () => {
    const system = fanOutSystem({ threshold: 300 });
    system.store.pageSize = 700;
    const ids = await addSubscribers(system, 2_500, "a");
    expect(await fanOut(system, hello)).toMatchObject({ sent: 300, failed: 0, enqueued: 3 });
    expect(posted(system)).toHaveLength(300);
    expect(
      system.segments.sent.map(({ segment }) => "after" in segment.recipients || segment.recipients.length),
    ).toEqual([1_000, 1_000, 200]);
    await work(system);
    expect(posted(system).sort()).toEqual([...ids].sort());
  });

  test("enqueues while it still reads", async () => {
    const system = fanOutSystem({ threshold: 1 });
    system.store.pageSize = 1_001;
    await addSubscribers(system, 2_500, "a");
    const { send } = system.segments;
    system.segments.send = (...args) => (system.store.calls.push("send"), send.apply(system.segments, args));
    await fanOut(system, hello);
    expect(system.store.calls).toEqual(["subscribers a", "subscribers a …", "send", "subscribers a …", "send", "send"]);
  });

  test("keeps the recipients of each message separate", async () => {
    const system = fanOutSystem({ threshold: 1 });
    for (let at = 0; at < 9; at += 1)
      await system.store.with(agentOf(`c${at}`), ...(at % 3 === 0 ? ["a", "b"] : at % 3 === 1 ? ["a"] : ["b"]));
    await fanOut(system, [{ message: messageOf("a", 1, "m1"), except: "c4" }, { message: messageOf("b", 2, "m2") }]);
    await work(system);
    const uuids = (id: string) => system.connections.received(id).map((each) => (each as { uuid: string }).uuid);
    expect(["c0", "c1", "c2", "c3", "c4", "c8"].map(uuids)).toEqual([
      ["m1", "m2"],
      ["m1"],
      ["m2"],
      ["m1", "m2"],
      [],
      ["m2"],
    ]);
    expect(system.connections.to("c3")).toHaveLength(1);
  });

  test("enqueues its position when time is over, and workers continue", async () => {
    const system = fanOutSystem({ threshold: 10, budgetMs: 4_000 });
    system.store.pageSize = 100;
    const ids = await addSubscribers(system, 900, "a");
    system.store.before.subscribers = () => system.clock.advance(1_600);
    expect(await fanOut(system, hello)).toMatchObject({ enqueued: 2 });
    expect(system.segments.sent.map(({ segment: { recipients } }) => "after" in recipients)).toContain(true);
    await work(system);
    expect(posted(system).sort()).toEqual([...ids].sort());
  });

  test("is continued by workers within the limit of a crash's duplicates", async () => {
    const system = fanOutSystem({ threshold: 10 });
    system.store.pageSize = MAX_ENQUEUED_PER_WORKER / 2;
    const ids = await addSubscribers(system, 2 * MAX_ENQUEUED_PER_WORKER + 1, "a");
    const first = ids.toSorted()[0]!;
    await deliverSegment(system, {
      publications: hello,
      recipients: { after: first },
      until: NOW + DELIVERY_DEADLINE_MS,
    });
    const rests = (): Segment[] =>
      system.segments.sent.map(({ segment }) => segment).filter(({ recipients }) => "after" in recipients);
    const named = (): number =>
      system.segments.sent.reduce(
        (sum, { segment: { recipients } }) => sum + ("after" in recipients ? 0 : recipients.length),
        0,
      );
    expect([named(), rests().length]).toEqual([MAX_ENQUEUED_PER_WORKER - 10, 1]);
    await deliverSegment(system, rests()[0]!);
    expect(named()).toBe(2 * MAX_ENQUEUED_PER_WORKER - 20);
  });

  test("fails after its posts are done if subscribers cannot be read", async () => {
    const system = fanOutSystem();
    system.store.pageSize = 10;
    await addSubscribers(system, 20, "a");
    for (const id of ["c0", "c1"])
      system.connections.scripts.set(id, () => system.clock.sleep(50).then(() => "sent" as const));
    let pages = 0;
    system.store.before.subscribers = () => {
      if ((pages += 1) === 2) throw new Error("throttled");
    };
    await expect(fanOut(system, hello)).rejects.toThrow("throttled");
    expect(posted(system)).toHaveLength(10);
    expect(system.connections.inFlight).toBe(0);
  });

  test("fails if the unread subscribers cannot be enqueued", async () => {
    const system = fanOutSystem({ threshold: 10, budgetMs: 1_000 });
    system.store.pageSize = 10;
    await addSubscribers(system, 50, "a");
    system.store.before.subscribers = () => system.clock.advance(800);
    system.segments.refuses = ({ recipients }) => "after" in recipients;
    await expect(fanOut(system, hello)).rejects.toThrow("could not enqueue");
  });

  test("closes subscribers that could not be enqueued", async () => {
    const system = fanOutSystem({ threshold: 2 });
    await addSubscribers(system, 5, "a");
    system.segments.send = () => Promise.reject(new Error("the queue is not there"));
    expect(await fanOut(system, hello)).toMatchObject({ sent: 2, failed: 3, enqueued: 0 });
    expect(system.connections.closed).toEqual(["c2", "c3", "c4"]);
    expect(system.log.of("hand_on_failed")).toEqual([
      { segments: 1, uuids: ["m1"], error: "Error: the queue is not there" },
    ]);
  });
});

describe("the publisher that gets a reply", () => {
  const own = { connectionId: "c7", room: 1_000 };

  test("gets its messages with the reply, wherever it is listed", async () => {
    for (const threshold of [5, 100]) {
      const system = fanOutSystem({ threshold });
      await addSubscribers(system, 20, "a");
      const fannedOut = await fanOut(system, hello, own);
      expect(fannedOut.own.map(({ json }) => JSON.parse(json) as unknown)).toEqual([messageOf("a")]);
      await work(system);
      expect(posted(system)).toHaveLength(19);
      expect(posted(system)).not.toContain("c7");
    }
  });

  test("gets its messages separately if they do not fit the reply", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 9, "a");
    const bytes = Buffer.byteLength(JSON.stringify(messageOf("a"))) + 1;
    expect((await fanOut(system, hello, { ...own, room: bytes - 1 })).own).toEqual([]);
    expect(system.connections.received("c7")).toEqual([messageOf("a")]);
    expect((await fanOut(system, hello, { ...own, room: bytes })).own).toHaveLength(1);
  });

  test("gets no message that its own delivery guard drops", async () => {
    const system = fanOutSystem({
      guards: {
        guardsDelivery: async () => true,
        delivery: async (agent, message) => (agent.connectionId === "c7" ? undefined : message),
      },
    });
    await addSubscribers(system, 9, "a");
    expect((await fanOut(system, hello, own)).own).toEqual([]);
    expect(posted(system)).toHaveLength(8);
  });
});

describe("a worker", () => {
  test("delivers to the recipients of its segment without reading subscribers", async () => {
    const system = fanOutSystem({ threshold: 1 });
    await addSubscribers(system, 9, "a");
    expect(await deliverSegment(system, segmentOf(["c3", "c5"]))).toMatchObject({ sent: 2, enqueued: 0 });
    expect(posted(system)).toEqual(["c3", "c5"]);
    expect(system.store.calls).toEqual([]);
  });

  test("runs delivery guards, as the publisher does", async () => {
    const system = fanOutSystem({
      guards: {
        guardsDelivery: async () => true,
        delivery: async (agent, message) => (agent.connectionId === "c1" ? undefined : { ...message, data: "changed" }),
      },
    });
    await addSubscribers(system, 3, "a");
    await deliverSegment(system, segmentOf(["c1", "c2"]));
    expect(posted(system)).toEqual(["c2"]);
    expect(system.connections.received("c2")).toEqual([messageOf("a", "changed")]);
  });

  test("removes gone recipients and closes expired ones", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 3, "a");
    system.connections.scripts.set("c0", ["gone"]);
    const expired = { connectionId: "c1", connectedAt: NOW - 600_000, expired: true as const };
    expect(
      await deliverSegment(system, segmentOf([], { recipients: [...(segmentOf(["c0"]).recipients as []), expired] })),
    ).toMatchObject({ gone: 2 });
    expect(system.store.traces("c0")).toEqual([]);
    expect(system.store.traces("c1")).toEqual([]);
  });

  test("enqueues busy recipients for half a minute, then closes them", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 2, "a");
    system.connections.scripts.set("c0", ["busy"]);
    const begun = system.clock.now();
    await fanOut(system, hello);
    const pauses = [];
    while (system.segments.sent.length > 0) {
      const [next] = system.segments.sent.splice(0, 1);
      pauses.push(next!.delaySeconds);
      system.clock.advance(next!.delaySeconds * 1_000);
      await deliverSegment(system, next!.segment);
    }
    expect(pauses[0]).toBe(0);
    expect(new Set(pauses.slice(1))).toEqual(new Set([5]));
    expect(pauses.length).toBeLessThanOrEqual(7);
    expect(system.clock.now() - begun).toBeGreaterThanOrEqual(SLOW_CLIENT_GRACE_MS);
    expect(system.clock.now() - begun).toBeLessThanOrEqual(SLOW_CLIENT_GRACE_MS + 10_000);
    expect(system.connections.closed).toEqual(["c0"]);
    expect(system.log.of("not_delivered")).toEqual([{ connection: "c0", messages: 1, uuids: ["m1"] }]);
  });

  // They do not mean that the account is throttled.
  test("closes ten slow clients of a thousand after half a minute", async () => {
    const system = fanOutSystem();
    const ids = await addSubscribers(system, 1_000, "a");
    const slow = ids.filter((_, at) => at % 100 === 0);
    for (const id of slow) system.connections.scripts.set(id, ["busy"]);
    expect(await fanOut(system, hello)).toMatchObject({ sent: 990, failed: 0, enqueued: 1 });
    expect(system.segments.ids.sort()).toEqual([...slow].sort());
    const enqueuedBy = system.clock.now() + SLOW_CLIENT_GRACE_MS;
    expect(system.segments.sent[0]!.segment.slowUntil).toBeLessThanOrEqual(enqueuedBy);
    const pauses: number[] = [];
    await work(system, pauses);
    // The workers' segments hold slow clients alone. This does not mean that the account is throttled either.
    expect(new Set(pauses)).toEqual(new Set([0, 5]));
    expect([...system.connections.closed].sort()).toEqual([...slow].sort());
    expect(system.clock.now()).toBeLessThanOrEqual(enqueuedBy + 10_000);
  });

  // All posts are refused for a minute. Then all clients are reached.
  test("closes no client while the account is throttled", async () => {
    const system = fanOutSystem();
    const ids = await addSubscribers(system, 100, "a");
    const answer = async () => (system.clock.now() < NOW + 60_000 ? ("busy" as const) : ("sent" as const));
    for (const id of ids) system.connections.scripts.set(id, answer);
    expect(await fanOut(system, hello)).toMatchObject({ sent: 0, failed: 0, enqueued: 1 });
    expect(system.segments.sent[0]!.segment.until).toBe(NOW + DELIVERY_DEADLINE_MS);
    await work(system);
    expect(system.connections.closed).toEqual([]);
    for (const id of ids) expect(system.connections.to(id).length).toBeGreaterThan(1);
    expect(system.clock.now()).toBeGreaterThan(NOW + 60_000);
  });

  // The account's rate is per second.
  test("retries after a second if the account was throttled", async () => {
    const system = fanOutSystem();
    const ids = await addSubscribers(system, 100, "a");
    for (const id of ids.slice(0, 20)) system.connections.scripts.set(id, ["busy"]);
    expect(await deliverSegment(system, segmentOf(ids))).toMatchObject({ sent: 80, enqueued: 1 });
    expect(system.segments.sent).toMatchObject([{ delaySeconds: 1, segment: { until: NOW + DELIVERY_DEADLINE_MS } }]);
  });

  test("reaches a client that was busy for a while", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 1, "a");
    system.connections.scripts.set("c0", [...Array<"busy">(8).fill("busy"), "sent"]);
    await fanOut(system, hello);
    await work(system);
    expect(system.connections.closed).toEqual([]);
    expect(system.connections.posts).toHaveLength(9);
  });

  test("closes the recipients of a segment that is too late", async () => {
    const system = fanOutSystem();
    await addSubscribers(system, 3, "a");
    expect(await deliverSegment(system, segmentOf(["c0", "c2"], { until: NOW }))).toMatchObject({ sent: 0, failed: 2 });
    expect(system.connections.closed).toEqual(["c0", "c2"]);
    expect(system.connections.posts).toEqual([]);
  });

  test("enqueues recipients that it had no time for", async () => {
    const system = fanOutSystem({ budgetMs: 4_000 });
    const ids = await addSubscribers(system, 200, "a");
    for (const id of ids)
      system.connections.scripts.set(id, () => system.clock.sleep(2_900).then(() => "sent" as const));
    expect(await deliverSegment(system, segmentOf(ids))).toMatchObject({ sent: 128, enqueued: 1 });
    expect(system.segments.ids).toHaveLength(72);
    expect(system.segments.sent).toMatchObject([{ delaySeconds: 0, segment: { until: NOW + DELIVERY_DEADLINE_MS } }]);
  });
});

// The sweep closes it. It is in two segments, because its messages do not fit into one.
test("a recipient that can neither be enqueued nor closed is registered once", async () => {
  const system = fanOutSystem({ threshold: 1 });
  const ids = await addSubscribers(system, 3, "a");
  system.segments.refuses = () => true;
  for (const id of ids) system.connections.unclosable.add(id);
  // 180 KB: two segments for the same recipients.
  const publications = Array.from({ length: 6 }, (_, at) => ({
    message: messageOf("a", "x".repeat(30_000), `m${at}`),
  }));
  expect(await fanOut(system, publications)).toMatchObject({ sent: 1, failed: 2 });
  expect(system.store.calls.filter((call) => call.startsWith("putExpired"))).toEqual(["putExpired c1 c2"]);
  expect(system.log.of("not_delivered").map(({ messages }) => messages)).toEqual([6, 6]);
});
