import { DEFAULT_LIMITS } from "../../../protocol/index.js";
import type { HandlerName } from "../../../protocol/guard-manifest.js";
import { FunctionRunner, type Invoked } from "../../../lambdas/guards/function-runner.js";
import { invokeWithRetry, type InvokeDependencies } from "../../../lambdas/guards/invoke-with-retry.js";
import { TestLog } from "../support/fakes.js";
import { callOf } from "./call-fixture.js";

const ACCEPTED: Invoked = { kind: "accepted" };
const BUSY: Invoked = { kind: "failed", detail: "Lambda answered 429 TooManyRequestsException", passing: true };
const REFUSED: Invoked = { kind: "failed", detail: "Lambda answered 403 AccessDeniedException" };

/** Lambda on a clock of its own: it answers in this order, and takes so long for each answer. */
const setUp = (answers: Invoked[], takesMs = 10) => {
  const clock = { at: 0 };
  const asked: { arn: string; payload: string; timeoutMs: number; asynchronous: boolean; at: number }[] = [];
  const telling: InvokeDependencies = {
    invoke: async (arn, payload, options) => {
      asked.push({ arn, payload, ...options, at: clock.at });
      clock.at += takesMs;
      return answers[asked.length - 1] ?? BUSY;
    },
    timing: { now: () => clock.at },
    clock: {
      random: () => 0.5,
      sleep: async (milliseconds) => void (clock.at += milliseconds),
    },
  };
  return { asked, telling, tell: (timeoutMs: number) => invokeWithRetry(telling, "arn", "{}", timeoutMs), clock };
};

describe("what nobody waits for is told", () => {
  test("once, as an event, where Lambda takes it", async () => {
    const { asked, tell } = setUp([ACCEPTED]);
    expect(await tell(1_000)).toEqual(ACCEPTED);
    expect(asked).toEqual([{ arn: "arn", payload: "{}", timeoutMs: 1_000, asynchronous: true, at: 0 }]);
  });

  test("again where Lambda could not take it just then, after longer and longer pauses, in what is left of its time", async () => {
    const { asked, tell } = setUp([BUSY, BUSY, BUSY, ACCEPTED]);
    expect(await tell(1_000)).toEqual(ACCEPTED);
    expect(asked.map(({ at, timeoutMs }) => [at, timeoutMs])).toEqual([
      [0, 1_000],
      [85, 915],
      [245, 755],
      [555, 445],
    ]);
  });

  test("four times at most", async () => {
    const { asked, tell } = setUp([]);
    expect(await tell(60_000)).toEqual(BUSY);
    expect(asked).toHaveLength(4);
  });

  test("no longer than it may take", async () => {
    const { asked, tell, clock } = setUp([], 50);
    expect(await tell(250)).toEqual(BUSY);
    expect(asked).toHaveLength(2);
    expect(clock.at).toBeLessThan(250);
  });

  test.each([[REFUSED], [{ kind: "timeout" } as const]])(
    "once, where asking again will not help: %j",
    async (answer) => {
      const { asked, tell } = setUp([answer, ACCEPTED]);
      expect(await tell(1_000)).toEqual(answer);
      expect(asked).toHaveLength(1);
    },
  );
});

test.each<[HandlerName, number, string]>([
  ["onDisconnect", 2, "decided"],
  // Who asks waits, and has been denied sooner than Lambda would take it.
  ["onConnectionRequest", 1, "failed"],
])("%s is asked %i times where Lambda cannot take it at first", async (handler, times, kind) => {
  const { asked, telling } = setUp([BUSY, ACCEPTED]);
  const runner = new FunctionRunner({
    functions: { "": { [handler]: "arn" } },
    wildcards: [],
    limits: DEFAULT_LIMITS,
    invoke: telling.invoke,
    clock: { ...telling.clock, now: () => 0 },
    timing: { ...telling.timing, soon: setImmediate },
    log: new TestLog(),
  });
  expect(await runner.run(callOf(handler), 1_000)).toMatchObject({ kind });
  expect(asked).toHaveLength(times);
});
