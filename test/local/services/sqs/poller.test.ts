import type { InvokeResult } from "../../../../local/core/invoker.js";
import type { MappingModel } from "../../../../local/assembly/model/queues.js";
import { LongPolls } from "../../../../local/services/sqs/queue/long-polls.js";
import type { QueueRequestMeter } from "../../../../local/services/sqs/metering.js";
import { Concurrency } from "../../../../local/services/sqs/poller/concurrency.js";
import { type SqsRecord, sqsRecord } from "../../../../local/services/sqs/poller/event.js";
import { failedItems } from "../../../../local/services/sqs/poller/failures.js";
import { toEvents } from "../../../../local/services/sqs/poller/batch.js";
import { Poller } from "../../../../local/services/sqs/poller/poller.js";
import { makeQueue, MAPPING, message, queueModel, settle, TestClock } from "./support.js";

const setUp = (mapping: Partial<MappingModel> = {}, settings = {}, meter?: QueueRequestMeter) => {
  const clock = new TestClock();
  const { queue, dead } = makeQueue(clock, settings);
  const polls = new LongPolls(queue, clock);
  const logs: string[] = [];
  const running: { records: SqsRecord[]; ids: string[]; end: (result: InvokeResult) => Promise<void> }[] = [];
  const poller = new Poller({
    mapping: { ...MAPPING, ...mapping },
    served: { model: queueModel("jobs"), queue, polls },
    invoke: ({ Records }) =>
      new Promise((resolve) => {
        const ids = Records.map(({ messageId }) => messageId);
        running.push({ records: Records, ids, end: (result) => (resolve(result), settle()) });
      }),
    clock,
    maxBatches: 50,
    scale: 1,
    log: (level, text) => logs.push(`${level}: ${text}`),
    meter,
  });
  const send = (...ids: string[]): Promise<void> => {
    for (const id of ids) queue.send(message(id));
    polls.wake();
    return settle();
  };
  const pass = (ms: number): Promise<void> => (clock.pass(ms), settle());
  return { clock, queue, dead, logs, running, poller, send, pass };
};

const OK: InvokeResult = { ok: true, payload: null };
const ERROR: InvokeResult = {
  ok: false,
  kind: "error",
  message: "secret",
  error: { errorType: "TypeError", errorMessage: "secret" },
};
const THROTTLED: InvokeResult = { ok: false, kind: "throttled", message: "" };

describe("a poller", () => {
  test("has empty receives billed, and deletes in batches of ten", async () => {
    const requests: number[] = [];
    const { running, send, pass, poller } = setUp(
      { batchSize: 10 },
      {},
      { queueRequest: (...payloads) => void requests.push(...payloads) },
    );
    await pass(20_000);
    expect(requests).toEqual([0, 0, 0, 0, 0]);
    requests.length = 0;
    await send("a", "bcd");
    await running[0]!.end(OK);
    expect(requests).toEqual([4, 0]);
    await poller.close();
  });

  test("runs the function with available messages, and deletes them after success", async () => {
    const { queue, running, send } = setUp();
    await send("a", "b");
    expect(running.map(({ ids }) => ids)).toEqual([["a", "b"]]);
    expect(queue.counts.inFlight).toBe(2);
    await running[0]!.end(OK);
    expect(queue.counts).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  test("leaves a failed batch in the queue until its visibility timeout", async () => {
    const { queue, running, send, pass, logs } = setUp();
    await send("a", "b");
    await running[0]!.end(ERROR);
    expect(queue.counts.inFlight).toBe(2);
    await pass(29_999);
    expect(running).toHaveLength(1);
    await pass(1);
    expect(running[1]!.records.map(({ attributes }) => attributes["ApproximateReceiveCount"])).toEqual(["2", "2"]);
    expect(logs).toEqual([
      "warn: Worker has failed 2 of 2 messages of jobs, which stay in the queue: error, TypeError",
    ]);
  });

  test("leaves only what the function reports, where it may", async () => {
    const { queue, running, send } = setUp({ reportsFailures: true });
    await send("a", "b", "c");
    await running[0]!.end({ ok: true, payload: { batchItemFailures: [{ itemIdentifier: "b" }] } });
    expect(queue.counts.inFlight).toBe(1);
  });

  test("takes the same answer for success where it may not", async () => {
    const { queue, running, send } = setUp();
    await send("a", "b");
    await running[0]!.end({ ok: true, payload: { batchItemFailures: [{ itemIdentifier: "b" }] } });
    expect(queue.counts.inFlight).toBe(0);
  });

  test("gives a message up to the dead-letter queue after its receives", async () => {
    const { dead, running, send, pass } = setUp({}, { maxReceiveCount: 2 });
    await send("a");
    for (const times of [1, 2]) {
      expect(running).toHaveLength(times);
      await running.at(-1)!.end(ERROR);
      await pass(30_000);
    }
    expect([running.length, dead]).toEqual([2, ["a"]]);
  });

  test("processes no more batches at a time than it may", async () => {
    const { running, send } = setUp({ maxConcurrency: 2, batchSize: 1 });
    await send("a", "b", "c");
    expect(running.map(({ ids }) => ids)).toEqual([["a"], ["b"]]);
    await running[0]!.end(OK);
    expect(running.map(({ ids }) => ids)).toEqual([["a"], ["b"], ["c"]]);
  });

  test("begins with five invocations, and adds more while there is work", async () => {
    const { running, send, pass } = setUp({ batchSize: 1 });
    await send(...Array.from({ length: 20 }, (_, index) => `${index}`));
    expect(running).toHaveLength(5);
    await pass(1000);
    await running[0]!.end(OK);
    expect(running).toHaveLength(11);
  });

  test("gathers a batch until its window closes, or it is full", async () => {
    const { running, send, pass } = setUp({ batchSize: 12, windowSeconds: 5, maxConcurrency: 2 });
    await send("a");
    await pass(4999);
    expect(running).toEqual([]);
    await pass(1);
    expect(running.map(({ ids }) => ids)).toEqual([["a"]]);
    const ids = Array.from({ length: 12 }, (_, index) => `${index}`);
    await send(...ids);
    await pass(5000);
    expect(
      running
        .slice(1)
        .flatMap((each) => each.ids)
        .sort(),
    ).toEqual([...ids].sort());
  });

  test("retries a throttled function within the visibility timeout, without another receive", async () => {
    const { queue, running, send, pass } = setUp();
    await send("a");
    await running[0]!.end(THROTTLED);
    await pass(1000);
    expect(running[1]!.records[0]!.attributes["ApproximateReceiveCount"]).toBe("1");
    await running[1]!.end(OK);
    expect(queue.counts.inFlight).toBe(0);
  });

  test("gives a throttled batch back when its visibility timeout is over", async () => {
    const { running, send, pass } = setUp();
    await send("a");
    await pass(29_500);
    await running[0]!.end(THROTTLED);
    await pass(500);
    expect(running[1]!.records[0]!.attributes["ApproximateReceiveCount"]).toBe("2");
  });

  test("receives nothing more after closing, but finishes running batches", async () => {
    const { queue, running, send, poller } = setUp();
    await send("a");
    const closed = poller.close();
    await send("b");
    await running[0]!.end(OK);
    await closed;
    expect(running).toHaveLength(1);
    expect(queue.counts).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
  });

  test("says nothing of what is cut off in the end", async () => {
    const { queue, running, send, poller, logs } = setUp();
    await send("a");
    poller.abandon();
    await running[0]!.end({ ok: false, kind: "crash", message: "" });
    expect([logs, queue.counts.inFlight]).toEqual([[], 1]);
  });
});

describe("concurrency", () => {
  test("grows by 300 a minute up to its bound, until idle", () => {
    const clock = new TestClock();
    const concurrency = new Concurrency(20, clock.now);
    concurrency.busy();
    clock.pass(2000);
    concurrency.busy();
    expect(concurrency.limit).toBe(15);
    clock.pass(60_000);
    expect(concurrency.limit).toBe(20);
    concurrency.idle();
    expect(concurrency.limit).toBe(5);
  });
});

describe("what a function reports", () => {
  const ids = new Set(["a", "b"]);
  test.each<[string, unknown, string[] | "all"]>([
    ["nothing", null, []],
    ["no answer", undefined, []],
    ["an empty object", {}, []],
    ["a list that is null", { batchItemFailures: null }, []],
    ["an empty list", { batchItemFailures: [] }, []],
    ["one message", { batchItemFailures: [{ itemIdentifier: "b" }] }, ["b"]],
    ["text", "done", "all"],
    ["a list", [], "all"],
    ["no list", { batchItemFailures: "b" }, "all"],
    ["an empty id", { batchItemFailures: [{ itemIdentifier: "" }] }, "all"],
    ["an id that is null", { batchItemFailures: [{ itemIdentifier: null }] }, "all"],
    ["another key", { batchItemFailures: [{ id: "b" }] }, "all"],
    ["a message of another batch", { batchItemFailures: [{ itemIdentifier: "c" }] }, "all"],
    ["null for an item", { batchItemFailures: [null] }, "all"],
  ])("%s", (_, answer, failed) => {
    expect(failedItems(answer, ids)).toEqual(failed === "all" ? "all" : new Set(failed));
  });
});

describe("the event", () => {
  const delivery = { ...message("a"), receiptHandle: "handle", receiveCount: 1, firstReceivedAt: 5, sentAt: 4 };

  test("has the shape that AWS gives it", () => {
    const attributes = {
      Kind: { DataType: "String", StringValue: "x" },
      Raw: { DataType: "Binary", BinaryValue: "AAE=" },
    };
    expect(sqsRecord({ ...delivery, attributes, system: { SenderId: "AROAX:me" } }, MAPPING.queueArn)).toEqual({
      messageId: "a",
      receiptHandle: "handle",
      body: "a",
      attributes: {
        ApproximateReceiveCount: "1",
        SentTimestamp: "4",
        SenderId: "AROAX:me",
        ApproximateFirstReceiveTimestamp: "5",
      },
      messageAttributes: {
        Kind: { stringValue: "x", stringListValues: [], binaryListValues: [], dataType: "String" },
        Raw: { binaryValue: "AAE=", stringListValues: [], binaryListValues: [], dataType: "Binary" },
      },
      md5OfBody: "0cc175b9c0f1b6a831c399e269772661",
      md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventSource: "aws:sqs",
      eventSourceARN: MAPPING.queueArn,
      awsRegion: "eu-west-1",
    });
  });

  test("is no larger than an invocation may be", () => {
    const large = Array.from({ length: 8 }, () => ({ ...delivery, body: "x".repeat(1_000_000) }));
    expect(toEvents(large, MAPPING.queueArn).map(({ length }) => length)).toEqual([6, 2]);
  });
});
