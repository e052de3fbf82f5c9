import { Frame } from "../../../lambdas/core/frame.js";
import type { PostResult } from "../../../lambdas/core/ports.js";
import { createPoster } from "../../../lambdas/core/posting.js";
import { NOW, TestClock, TestConnections } from "./fakes.js";

const setUp = () => {
  const clock = new TestClock();
  const connections = new TestConnections(clock);
  return { clock, connections, poster: createPoster({ connections, clock }) };
};

const to = (connectionId: string) => ({ connectionId, connectedAt: NOW - 600_000 });
const [one, two] = [new Frame("1"), new Frame("2")];
const LATER = NOW + 10_000;

describe("posting to one connection", () => {
  test("sends its frames in their order, the next when the last was taken", async () => {
    const { connections, poster } = setUp();
    connections.scripts.set("c", ["busy", "failed", "sent"]);
    expect(await poster.post(to("c"), [one, two], LATER)).toBe("done");
    expect(connections.to("c")).toEqual(["1", "1", "1", "2"]);
  });

  test.each([
    ["gone", "remove"],
    ["refused", "give up"],
  ] as const)("that is %s ends in %s, and sends nothing more", async (result, step) => {
    const { connections, poster } = setUp();
    connections.scripts.set("c", [result]);
    expect(await poster.post(to("c"), [one, two], LATER)).toBe(step);
    expect(connections.to("c")).toEqual(["1"]);
  });

  test("of nothing is done", async () => {
    const { connections, poster } = setUp();
    expect(await poster.post(to("c"), [], LATER)).toBe("done");
    expect(connections.posts).toEqual([]);
  });

  test("is given up when its time is over before it could begin, and nothing is sent", async () => {
    const { connections, poster } = setUp();
    expect(await poster.post(to("c"), [one], NOW)).toBe("give up");
    expect(connections.posts).toEqual([]);
  });
});

describe("posting to many", () => {
  const post = ({ poster }: ReturnType<typeof setUp>, count: number, until = LATER) =>
    Promise.all(Array.from({ length: count }, (_, at) => poster.post(to(`c${at}`), [one], until)));

  test("who waits for a retry holds no place: everybody else is posted to before anybody is retried", async () => {
    const system = setUp();
    const { connections } = system;
    // Fewer than would be taken for the account's rate among so many.
    for (let at = 0; at < 400; at += 100) connections.scripts.set(`c${at}`, ["busy", "busy", "busy", "sent"]);
    expect(new Set(await post(system, 400))).toEqual(new Set(["done"]));
    const first = connections.posts.slice(0, 400);
    expect(new Set(first.map(({ connectionId }) => connectionId)).size).toBe(400);
    expect(new Set(first.map(({ at }) => at))).toEqual(new Set([NOW]));
  });

  test("429s that spread lower the number under way at once; when they end it rises, and everybody is reached", async () => {
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

  test("closing waits for a place like a post does, and is not begun when its time is over", async () => {
    const { connections, poster } = setUp();
    expect(await poster.close("c", LATER)).toBe(true);
    expect(await poster.close("d", NOW)).toBe(false);
    expect(connections.closed).toEqual(["c"]);
  });
});
