import { LongPolls } from "../../../../local/services/sqs/queue/long-polls.js";
import { bodies, makeQueue, message, TestClock } from "./support.js";

describe("a queue", () => {
  const clock = new TestClock();

  test("delivers in order, each message to one receiver until its visibility timeout", () => {
    const { queue } = makeQueue(clock);
    for (const id of ["a", "b", "c"]) queue.send(message(id));
    expect(bodies(queue.receive(2))).toEqual(["a", "b"]);
    expect(bodies(queue.receive(10))).toEqual(["c"]);
    expect(queue.receive(10)).toEqual([]);
    expect(queue.counts).toEqual({ visible: 0, inFlight: 3, delayed: 0 });
    clock.pass(29_999);
    expect(queue.receive(10)).toEqual([]);
    clock.pass(1);
    const again = queue.receive(10);
    expect(bodies(again)).toEqual(["a", "b", "c"]);
    expect(again.map(({ receiveCount }) => receiveCount)).toEqual([2, 2, 2]);
  });

  test("keeps when a message was first received", () => {
    const { queue } = makeQueue(clock);
    queue.send(message("a"));
    const [first] = queue.receive(1);
    clock.pass(30_000);
    const [second] = queue.receive(1);
    expect(second?.firstReceivedAt).toBe(first?.firstReceivedAt);
    expect(second?.receiptHandle).not.toBe(first?.receiptHandle);
  });

  test("deletes only by the newest receipt handle, also after the timeout", () => {
    const { queue } = makeQueue(clock);
    queue.send(message("a"));
    const [first] = queue.receive(1);
    clock.pass(30_000);
    const [second] = queue.receive(1);
    expect(queue.delete(first!.receiptHandle)).toBe(true);
    expect(queue.counts).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
    clock.pass(30_000);
    expect(queue.delete(second!.receiptHandle)).toBe(true);
    expect(queue.counts).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    expect(queue.delete("no handle")).toBe(false);
  });

  test("changes how long a message stays invisible, from now on", () => {
    const { queue } = makeQueue(clock);
    queue.send(message("a"));
    const { receiptHandle } = queue.receive(1, 5000)[0]!;
    clock.pass(4000);
    expect(queue.changeVisibility(receiptHandle, 10_000)).toBe("changed");
    clock.pass(9999);
    expect(queue.receive(1)).toEqual([]);
    expect(queue.changeVisibility(receiptHandle, 0)).toBe("changed");
    expect(bodies(queue.receive(1))).toEqual(["a"]);
    expect(queue.changeVisibility(receiptHandle, 1)).toBe("gone");
    expect(queue.changeVisibility("x", 1)).toBe("malformed");
  });

  test("delays messages: as it does itself, or as the sender says", () => {
    const { queue } = makeQueue(clock, { delayMs: 5000 });
    queue.send(message("slow"));
    queue.send(message("fast"), 1000);
    expect(queue.counts).toEqual({ visible: 0, inFlight: 0, delayed: 2 });
    clock.pass(1000);
    expect(bodies(queue.receive(10))).toEqual(["fast"]);
    clock.pass(4000);
    expect(bodies(queue.receive(10))).toEqual(["slow"]);
  });

  test("removes messages that were received too often or kept too long", () => {
    const { queue, dead, expired } = makeQueue(clock, { maxReceiveCount: 2, visibilityMs: 1000, retentionMs: 60_000 });
    queue.send(message("a", clock.now()));
    for (let times = 0; times < 2; times += 1) {
      expect(queue.receive(1)).toHaveLength(1);
      clock.pass(1000);
      expect(dead).toEqual([]);
    }
    expect(queue.receive(1)).toEqual([]);
    expect(dead).toEqual(["a"]);
    queue.send(message("b", clock.now()));
    clock.pass(60_000);
    expect(queue.receive(1)).toEqual([]);
    expect([expired, queue.counts]).toEqual([["b"], { visible: 0, inFlight: 0, delayed: 0 }]);
  });

  test("scales each wait on request", () => {
    const { queue } = makeQueue(clock, {}, { scale: 0.001 });
    queue.send(message("a"), 10_000);
    clock.pass(10);
    expect(queue.receive(1)).toHaveLength(1);
    clock.pass(29);
    expect(queue.receive(1)).toEqual([]);
    clock.pass(1);
    expect(queue.receive(1)).toHaveLength(1);
  });

  test("forgets everything when it is purged", () => {
    const { queue } = makeQueue(clock);
    queue.send(message("a"));
    queue.receive(1);
    queue.send(message("b"));
    queue.purge();
    clock.pass(60_000);
    expect(queue.receive(10)).toEqual([]);
  });

  test("injects duplicates and delays, and deletes each duplicate by itself", () => {
    let duplicates = 1;
    const { queue } = makeQueue(
      clock,
      {},
      {
        faults: {
          duplicateDelivery: (name, id) => name === "jobs" && id === "a" && (duplicates -= 1) >= 0,
          delayDelivery: (_, id) => (id === "late" ? 500 : undefined),
        },
      },
    );
    queue.send(message("late"));
    queue.send(message("a"));
    const [first] = queue.receive(10);
    const [second] = queue.receive(10);
    expect([first?.id, second?.id]).toEqual(["a", "a"]);
    queue.delete(first!.receiptHandle);
    expect(queue.counts).toEqual({ visible: 0, inFlight: 1, delayed: 1 });
    queue.delete(second!.receiptHandle);
    clock.pass(500);
    expect(bodies(queue.receive(10))).toEqual(["late"]);
  });
});

describe("receivers that wait", () => {
  const setUp = (settings = {}) => {
    const clock = new TestClock();
    const { queue } = makeQueue(clock, settings);
    return { clock, queue, polls: new LongPolls(queue, clock) };
  };

  test("get available messages at once, and nothing after their wait", async () => {
    const { clock, queue, polls } = setUp();
    queue.send(message("a"));
    expect(bodies(await polls.receive({ max: 10, waitMs: 20_000 }))).toEqual(["a"]);
    expect(await polls.receive({ max: 10, waitMs: 0 })).toEqual([]);
    const waiting = polls.receive({ max: 10, waitMs: 20_000 });
    clock.pass(20_000);
    expect(await waiting).toEqual([]);
    expect(clock.waits).toBe(0);
  });

  test("are served in their order when messages come", async () => {
    const { queue, polls } = setUp();
    const [first, second] = [1, 2].map(() => polls.receive({ max: 1, waitMs: 20_000 }));
    for (const id of ["a", "b"]) queue.send(message(id));
    polls.wake();
    expect([bodies(await first!), bodies(await second!)]).toEqual([["a"], ["b"]]);
  });

  test("are served when a delay or a visibility timeout runs out", async () => {
    const { clock, queue, polls } = setUp();
    queue.send(message("a"), 3000);
    const delayed = polls.receive({ max: 1, waitMs: 20_000, visibilityMs: 5000 });
    clock.pass(3000);
    expect(bodies(await delayed)).toEqual(["a"]);
    const again = polls.receive({ max: 1, waitMs: 20_000 });
    clock.pass(5000);
    expect((await again).map(({ receiveCount }) => receiveCount)).toEqual([2]);
    expect(clock.waits).toBe(0);
  });

  test("take no message with them when they have gone", async () => {
    const { queue, polls } = setUp();
    const gone = new AbortController();
    const waiting = polls.receive({ max: 1, waitMs: 20_000, signal: gone.signal });
    gone.abort();
    queue.send(message("a"));
    polls.wake();
    expect(await waiting).toEqual([]);
    expect(await polls.receive({ max: 1, waitMs: 20_000, signal: gone.signal })).toEqual([]);
    expect(queue.counts.visible).toBe(1);
  });

  test("are all sent away in the end", async () => {
    const { clock, polls } = setUp();
    const waiting = [1, 2].map(() => polls.receive({ max: 1, waitMs: 20_000 }));
    polls.close();
    expect(await Promise.all(waiting)).toEqual([[], []]);
    expect(clock.waits).toBe(0);
  });
});
