import type { Message } from "../../../protocol/index.js";
import { type AgentData, RECIPIENTS_PER_REQUEST, REQUEST_BYTES } from "../../../lambdas/guards/contract.js";
import {
  BATCHES_IN_FLIGHT,
  type BatchTime,
  DeliveryBatches,
  type DeliveryBatch,
} from "../../../lambdas/guards/delivery-batches.js";
import type { CallResult } from "../../../lambdas/guards/runner.js";
import { messageOf } from "../support/fakes.js";

const agentData = (uuid: string, more: Partial<AgentData> = {}): AgentData => ({
  uuid,
  isConnected: true,
  connection: { id: uuid, sourceIp: "203.0.113.7", userAgent: "test" },
  ...more,
});

/** A result that names its recipient. */
const resultFor = ({ uuid }: AgentData): CallResult => ({ kind: "failed", detail: uuid });

/** Batches on a clock of their own, which go out when the test calls `close`. */
const setUp = (
  answer: (batch: DeliveryBatch, time: BatchTime) => Promise<CallResult[]> = async ({ recipients }) =>
    recipients.map(resultFor),
) => {
  const asked: { batch: DeliveryBatch; time: BatchTime }[] = [];
  const soon: (() => void)[] = [];
  const clock = { now: 0 };
  const batches = new DeliveryBatches(
    (batch, time) => {
      asked.push({ batch, time });
      return answer(batch, time);
    },
    { now: () => clock.now, soon: (close) => void soon.push(close) },
  );
  const add = (uuid: string, message: Message, fn = "fn", timeoutMs = 1_000, withinMs = 5_000, more = {}) =>
    batches.add({ function: fn, agent: agentData(uuid, more), message }, timeoutMs, withinMs);
  return { asked, clock, add, close: () => soon.splice(0).forEach((close) => close()) };
};

const sizes = (asked: { batch: DeliveryBatch }[]) => asked.map(({ batch }) => batch.recipients.length);
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("recipients of one message", () => {
  test("share one batch, and each recipient gets its own result", async () => {
    const { asked, add, close } = setUp();
    const message = messageOf("a");
    const results = Promise.all(["a1", "a2", "a3"].map((uuid) => add(uuid, message)));
    expect(asked).toEqual([]);
    close();
    expect(await results).toEqual(["a1", "a2", "a3"].map((detail) => ({ kind: "failed", detail })));
    expect(asked).toMatchObject([{ batch: { function: "fn", message }, time: { timeoutMs: 1_000, cut: false } }]);
    expect(asked[0]?.batch).toEqual({
      function: "fn",
      message,
      recipients: ["a1", "a2", "a3"].map((uuid) => agentData(uuid)),
    });
  });

  test("go out in batches of 100, as soon as each is full", async () => {
    const { asked, add, close } = setUp();
    const message = messageOf("a");
    const results = Promise.all(Array.from({ length: 250 }, (_, at) => add(`a${at}`, message)));
    expect(sizes(asked)).toEqual([RECIPIENTS_PER_REQUEST, RECIPIENTS_PER_REQUEST]);
    close();
    expect(await results).toEqual(Array.from({ length: 250 }, (_, at) => ({ kind: "failed", detail: `a${at}` })));
    expect(sizes(asked)).toEqual([100, 100, 50]);
  });

  test("go out in smaller batches if their credentials are large", async () => {
    const { asked, add, close } = setUp();
    const message = messageOf("a");
    const credentials = "é".repeat(50_000);
    const results = Promise.all(
      Array.from({ length: 99 }, (_, at) => add(`a${at}`, message, "fn", 1_000, 5_000, { credentials })),
    );
    close();
    await results;
    expect(sizes(asked)).toEqual([49, 49, 1]);
    for (const { batch } of asked) expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThan(REQUEST_BYTES + 1_000);
  });

  /** The number of bytes of an answer by a runtime that writes ASCII alone. */
  const written = (json: string): number => json.replace(/[^ -~]/g, "\\u0000").length;

  // A response that changes all messages of a batch must fit into the 6 MB that Lambda returns.
  test.each([
    ["of 32 KB of ASCII", "x".repeat(32_000), [100, 50]],
    // Escaped letters need three times as many bytes as in UTF-8.
    ["of 32 KB of letters that some runtimes escape", "é".repeat(16_000), [52, 52, 46]],
    ["of 32 KB of line breaks", "\n".repeat(16_000), [100, 50]],
  ])("share smaller batches if a message %s leaves less room", async (_, data, expected) => {
    const { asked, add, close } = setUp();
    const message = messageOf("a", data);
    const results = Promise.all(Array.from({ length: 150 }, (_, at) => add(`agent-with-an-id-${at}`, message)));
    close();
    await results;
    expect(sizes(asked)).toEqual(expected);
    for (const {
      batch: { recipients },
    } of asked) {
      const deliveries = recipients.map(({ uuid }) => ({ agent: uuid, data }));
      expect(
        written(JSON.stringify({ version: 1, verdict: "deliver", channel: "a", deliveries }, null, 1)),
      ).toBeLessThan(6 * 2 ** 20);
    }
  });

  test("start another batch after the first one was sent", async () => {
    const { asked, add, close } = setUp();
    const message = messageOf("a");
    const first = add("a1", message);
    close();
    await first;
    const second = add("a2", message);
    close();
    expect(await second).toEqual({ kind: "failed", detail: "a2" });
    expect(sizes(asked)).toEqual([1, 1]);
  });
});

// Messages with the same content are two messages all the same.
test("batches do not mix messages or functions", async () => {
  const { asked, add, close } = setUp();
  const [one, other] = [messageOf("a"), messageOf("a")];
  const results = Promise.all([add("a1", one), add("a2", other), add("a3", one), add("a4", one, "another")]);
  close();
  await results;
  expect(
    asked.map(({ batch }) => [batch.function, batch.message === one, batch.recipients.map(({ uuid }) => uuid)]),
  ).toEqual([
    ["fn", true, ["a1", "a3"]],
    ["fn", false, ["a2"]],
    ["another", true, ["a4"]],
  ]);
});

describe("more batches than may be in flight", () => {
  /** Starts one batch more than may be in flight. Each takes until it is released. */
  const setUpWithFullQueue = () => {
    const release: (() => void)[] = [];
    let result: CallResult = { kind: "timeout" };
    const system = setUp(async ({ recipients }) => {
      await new Promise<void>((done) => release.push(done));
      return recipients.map(() => result);
    });
    const running = Promise.all(
      Array.from({ length: BATCHES_IN_FLIGHT }, (_, at) => system.add(`a${at}`, messageOf("a"))),
    );
    const waiting = system.add("late", messageOf("a"));
    system.close();
    return {
      ...system,
      running,
      waiting,
      release: () => release.splice(0).forEach((done) => done()),
      answer: (next: CallResult) => (result = next),
    };
  };

  test("the last batch waits until another one has finished", async () => {
    const { asked, running, waiting, release } = setUpWithFullQueue();
    expect(asked).toHaveLength(BATCHES_IN_FLIGHT);
    release();
    await running;
    await settled();
    expect(asked).toHaveLength(BATCHES_IN_FLIGHT + 1);
    release();
    await waiting;
  });

  test("a batch that waited gives the guard its full time", async () => {
    const { asked, clock, running, waiting, release } = setUpWithFullQueue();
    clock.now = 3_000;
    release();
    await running;
    await settled();
    expect(asked.at(-1)?.time).toEqual({ timeoutMs: 1_000, cut: false });
    release();
    expect(await waiting).toEqual({ kind: "timeout" });
  });

  test("a late batch gives the guard less time, marked as cut", async () => {
    const { asked, clock, running, release, waiting } = setUpWithFullQueue();
    clock.now = 4_700;
    release();
    await running;
    await settled();
    expect(asked.at(-1)?.time).toEqual({ timeoutMs: 300, cut: true });
    release();
    await waiting;
  });

  test("a batch without time left is late and is not sent", async () => {
    const { asked, clock, running, release, waiting } = setUpWithFullQueue();
    clock.now = 5_000;
    release();
    await running;
    expect(await waiting).toEqual({ kind: "late" });
    expect(asked).toHaveLength(BATCHES_IN_FLIGHT);
  });
});

test("a timeout that was short from the start is not cut", async () => {
  const { asked, add, close } = setUp();
  const result = add("a1", messageOf("a"), "fn", 1_000, 400);
  close();
  await result;
  expect(asked[0]?.time).toEqual({ timeoutMs: 400, cut: false });
});
