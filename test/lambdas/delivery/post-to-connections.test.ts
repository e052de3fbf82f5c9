import { Frame } from "../../../lambdas/delivery/frame.js";
import type { PostResult } from "../../../lambdas/ports.js";
import { postTo, Poster, type PostOutcome } from "../../../lambdas/delivery/post-to-connections.js";
import { NOW, TestClock, TestConnections } from "../support/fakes.js";

const setUp = () => {
  const clock = new TestClock();
  const connections = new TestConnections(clock);
  return { clock, connections };
};

const to = (connectionId: string) => ({ connectionId, connectedAt: NOW - 600_000 });
const [one, two] = [new Frame("1"), new Frame("2")];
const LATER = { postsUntil: NOW + 10_000, patienceMs: Infinity };

describe("posting to one connection", () => {
  test("sends its frames in order, each after the previous one arrived", async () => {
    const system = setUp();
    const { connections } = system;
    connections.scripts.set("c", ["busy", "failed", "sent"]);
    expect(await postTo(system, to("c"), [one, two], LATER)).toBe("done");
    expect(connections.to("c")).toEqual(["1", "1", "1", "2"]);
  });

  test.each([
    ["gone", "remove"],
    ["refused", "give up"],
  ] as const)('that is %s ends with "%s" and sends nothing more', async (result, step) => {
    const system = setUp();
    const { connections } = system;
    connections.scripts.set("c", [result]);
    expect(await postTo(system, to("c"), [one, two], LATER)).toBe(step);
    expect(connections.to("c")).toEqual(["1"]);
  });

  test("of no frames is done", async () => {
    const system = setUp();
    const { connections } = system;
    expect(await postTo(system, to("c"), [], LATER)).toBe("done");
    expect(connections.posts).toEqual([]);
  });

  test("is late if its time is over before the first post", async () => {
    const system = setUp();
    const { connections } = system;
    expect(await postTo(system, to("c"), [one], { ...LATER, postsUntil: NOW })).toBe("late");
    expect(connections.posts).toEqual([]);
  });
});

describe("a connection that fails", () => {
  test("is retried for the retry budget after its first failure", async () => {
    const system = setUp();
    system.connections.scripts.set("c", ["busy"]);
    expect(await postTo(system, to("c"), [one], { ...LATER, patienceMs: 250 })).toBe("slow");
    expect(system.clock.now() - NOW).toBeLessThanOrEqual(250);
    expect(system.connections.to("c").length).toBe(3);
  });

  test("is not retried beyond the deadline of all posts", async () => {
    const system = setUp();
    system.connections.scripts.set("c", ["failed"]);
    expect(await postTo(system, to("c"), [one], { postsUntil: NOW + 1_000, patienceMs: 60_000 })).toBe("slow");
    expect(system.clock.now()).toBeLessThanOrEqual(NOW + 1_000);
  });

  test("after some of its frames continues with the next frame", async () => {
    const system = setUp();
    system.connections.scripts.set("c", ["sent", "busy", "sent"]);
    expect(await postTo(system, to("c"), [one, two], LATER)).toBe("done");
    expect(system.connections.to("c")).toEqual(["1", "2", "2"]);
  });
});

describe("posting to many connections", () => {
  const post = async (system: ReturnType<typeof setUp>, count: number): Promise<PostOutcome[]> => {
    const results: PostOutcome[] = [];
    const poster = new Poster<{ subscriber: ReturnType<typeof to> }>(system, LATER, (_, posted) =>
      results.push(posted),
    );
    for (let at = 0; at < count; at += 1) poster.add([{ subscriber: to(`c${at}`) }], [one]);
    await poster.idle();
    expect(results).toHaveLength(count);
    return results;
  };

  // A connection that waits for a retry does not occupy a slot.
  test("tries every connection once before any retry", async () => {
    const system = setUp();
    const { connections } = system;
    // Fewer than would count as the account's throttling among so many.
    for (let at = 0; at < 400; at += 100) connections.scripts.set(`c${at}`, ["busy", "busy", "busy", "sent"]);
    expect(new Set(await post(system, 400))).toEqual(new Set(["done"]));
    const first = connections.posts.slice(0, 400);
    expect(new Set(first.map(({ connectionId }) => connectionId)).size).toBe(400);
    expect(new Set(first.map(({ at }) => at))).toEqual(new Set([NOW]));
  });

  // This holds even when only their retries are left.
  test("does not count a few slow clients as throttling", async () => {
    const system = setUp();
    for (let at = 0; at < 1_000; at += 100) system.connections.scripts.set(`c${at}`, ["busy"]);
    const results: PostOutcome[] = [];
    const poster = new Poster<{ subscriber: ReturnType<typeof to> }>(system, LATER, (_, posted) =>
      results.push(posted),
    );
    poster.add(
      Array.from({ length: 1_000 }, (_, at) => ({ subscriber: to(`c${at}`) })),
      [one],
    );
    await poster.idle();
    expect(results.filter((posted) => posted === "slow")).toHaveLength(10);
    expect(system.connections.posts.length).toBeGreaterThan(1_050);
    expect(poster.throttled).toBe(false);
  });

  test("counts as throttled if all first attempts are refused", async () => {
    const system = setUp();
    for (let at = 0; at < 100; at += 1) system.connections.scripts.set(`c${at}`, ["busy"]);
    const poster = new Poster<{ subscriber: ReturnType<typeof to> }>(system, LATER, () => undefined);
    poster.add(
      Array.from({ length: 100 }, (_, at) => ({ subscriber: to(`c${at}`) })),
      [one],
    );
    await poster.idle();
    expect(poster.throttled).toBe(true);
  });

  // Every connection is reached in the end.
  test("lowers concurrency when 429s spread, and raises it afterwards", async () => {
    const system = setUp();
    const { clock, connections } = system;
    let throttled = true;
    let most = 0;
    const answer = async (): Promise<PostResult> => {
      if (!throttled) most = Math.max(most, connections.inFlight);
      const result = throttled ? "busy" : "sent";
      await clock.sleep(5);
      return result;
    };
    const ids = Array.from({ length: 600 }, (_, at) => `c${at}`);
    for (const id of ids) connections.scripts.set(id, answer);
    const all = post(system, 600);
    while (connections.inFlight !== 4) await clock.sleep(5);
    throttled = false;
    expect(new Set(await all)).toEqual(new Set(["done"]));
    expect(most).toBeGreaterThan(16);
    expect(most).toBeLessThanOrEqual(64);
  });

  test("ends at once without connections", async () => {
    await new Poster(setUp(), LATER, () => undefined).idle();
  });
});
