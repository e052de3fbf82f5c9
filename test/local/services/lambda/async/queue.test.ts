import {
  AsyncQueue,
  type AsyncQueueOptions,
  type FinishedEvent,
  type QueuedEvent,
} from "../../../../../local/services/lambda/async/queue.js";
import type { InvokeResult } from "../../../../../local/core/invoker.js";
import { FakeClock, settled } from "./fake-clock.js";

const OK: InvokeResult = { ok: true, payload: "done" };
const ERROR: InvokeResult = { ok: false, kind: "error", message: "bad" };
const TIMEOUT: InvokeResult = { ok: false, kind: "timeout", message: "late" };
const CRASH: InvokeResult = { ok: false, kind: "crash", message: "gone" };
const THROTTLED: InvokeResult = { ok: false, kind: "throttled", message: "busy" };

const EVENT: QueuedEvent = { functionId: "F", event: { a: 1 }, requestId: "r1" };

/** A queue whose attempts come to these results, one after the other. */
const start = (results: (InvokeResult | Promise<InvokeResult>)[], options: Partial<AsyncQueueOptions> = {}) => {
  const clock = new FakeClock();
  const attempts: { at: number; requestId: string; event: unknown }[] = [];
  const finished: FinishedEvent[] = [];
  const queue = new AsyncQueue({
    async invoke({ requestId, event }) {
      attempts.push({ at: clock.now(), requestId, event });
      return await (results.shift() ?? OK);
    },
    settings: () => ({ retries: 2, maxAgeMs: 6 * 3_600_000 }),
    finished: (event) => finished.push(event),
    retrying: () => undefined,
    clock,
    scale: 1,
    ...options,
  });
  return { queue, clock, attempts, finished };
};

describe("an asynchronous event", () => {
  test("is attempted at once, and over when it succeeds", async () => {
    const { queue, clock, attempts, finished } = start([OK]);
    queue.add(EVENT);
    await settled();
    expect(attempts).toEqual([{ at: 0, requestId: "r1", event: { a: 1 } }]);
    expect(finished).toEqual([{ ...EVENT, condition: "Success", attempts: 1, result: OK }]);
    expect(clock.waits).toEqual([]);
    expect(queue.close()).toEqual([]);
  });

  test.each([ERROR, TIMEOUT, CRASH])("is retried after one and two minutes with its id: $kind", async (failure) => {
    const { queue, clock, attempts, finished } = start([failure, failure, failure]);
    queue.add(EVENT);
    await settled();
    await clock.advance(59_999);
    expect(attempts).toHaveLength(1);
    await clock.advance(1);
    expect(attempts).toHaveLength(2);
    await clock.advance(119_999);
    expect(attempts).toHaveLength(2);
    await clock.advance(1);
    expect(attempts.map(({ at, requestId }) => [at, requestId])).toEqual([
      [0, "r1"],
      [60_000, "r1"],
      [180_000, "r1"],
    ]);
    expect(finished).toEqual([{ ...EVENT, condition: "RetriesExhausted", attempts: 3, result: failure }]);
  });

  test("that finds no room is not counted as run", async () => {
    const { queue, clock, finished } = start([THROTTLED, THROTTLED, ERROR, OK]);
    queue.add(EVENT);
    await settled();
    expect(clock.waits).toEqual([1000]);
    await clock.advance(1000);
    expect(clock.waits).toEqual([2000]);
    await clock.advance(2000);
    expect(clock.waits).toEqual([60_000]);
    await clock.advance(60_000);
    expect(finished).toMatchObject([{ condition: "Success", attempts: 2 }]);
  });

  test("ages while its function runs", async () => {
    const clock = new FakeClock();
    let settle: (result: InvokeResult) => void = () => undefined;
    const slow = new Promise<InvokeResult>((resolve) => (settle = resolve));
    const { queue, finished } = start([slow], { clock, settings: () => ({ retries: 2, maxAgeMs: 90_000 }) });
    queue.add(EVENT);
    await clock.advance(31_000);
    settle(ERROR);
    await settled();
    expect(finished).toMatchObject([{ condition: "EventAgeExceeded", attempts: 1 }]);
  });

  test("waits a scaled time, and ages by the full time", async () => {
    const { queue, clock, attempts, finished } = start([ERROR, ERROR], {
      scale: 0.001,
      settings: () => ({ retries: 2, maxAgeMs: 170_000 }),
    });
    queue.add(EVENT);
    await settled();
    expect(clock.waits).toEqual([60]);
    await clock.advance(60);
    expect(attempts).toHaveLength(2);
    expect(finished).toMatchObject([{ condition: "EventAgeExceeded" }]);
  });

  test("is treated as its function wants it at that time", async () => {
    let retries = 2;
    const { queue, clock, finished } = start([ERROR, ERROR], { settings: () => ({ retries, maxAgeMs: 3_600_000 }) });
    queue.add(EVENT);
    await settled();
    retries = 1;
    await clock.advance(60_000);
    expect(finished).toMatchObject([{ condition: "RetriesExhausted", attempts: 2 }]);
  });

  test("does not hold up others", async () => {
    const { queue, finished } = start([new Promise<InvokeResult>(() => undefined), OK]);
    queue.add(EVENT);
    queue.add({ ...EVENT, requestId: "r2" });
    await settled();
    expect(finished).toMatchObject([{ requestId: "r2" }]);
  });
});

test("a closed queue returns lost events, and attempts nothing more", async () => {
  let settle: (result: InvokeResult) => void = () => undefined;
  const under = new Promise<InvokeResult>((resolve) => (settle = resolve));
  const { queue, clock, attempts, finished } = start([ERROR, under]);
  queue.add(EVENT);
  queue.add({ ...EVENT, requestId: "r2" });
  await settled();
  await clock.advance(20_000);
  expect(queue.close()).toEqual([
    { ...EVENT, attempts: 1, dueInMs: 40_000 },
    { ...EVENT, requestId: "r2", attempts: 1 },
  ]);
  settle(CRASH);
  await settled();
  expect(clock.waits).toEqual([]);
  await clock.advance(600_000);
  expect(attempts).toHaveLength(2);
  expect(finished).toEqual([]);
});
