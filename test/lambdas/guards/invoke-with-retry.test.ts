import { DEFAULT_LIMITS } from "../../../protocol/index.js";
import type { HandlerName } from "../../../protocol/guard-manifest.js";
import { FunctionRunner } from "../../../lambdas/guards/function-runner.js";
import type { Invoked } from "../../../lambdas/guards/invoke-with-retry.js";
import { invokeWithRetry, type InvokeDependencies } from "../../../lambdas/guards/invoke-with-retry.js";
import { TestLog } from "../support/fakes.js";
import { callOf } from "./call-fixture.js";

const ACCEPTED: Invoked = { kind: "accepted" };
const BUSY: Invoked = { kind: "failed", detail: "Lambda answered 429 TooManyRequestsException", passing: true };
const REFUSED: Invoked = { kind: "failed", detail: "Lambda answered 403 AccessDeniedException" };

/** Lambda on a clock of its own. It gives these answers in order, and takes this long for each. */
const setUp = (answers: Invoked[], takesMs = 10) => {
  const clock = { at: 0 };
  const asked: { arn: string; payload: string; timeoutMs: number; asynchronous: boolean; at: number }[] = [];
  const dependencies: InvokeDependencies = {
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
  return {
    asked,
    dependencies,
    invoke: (timeoutMs: number) => invokeWithRetry(dependencies, "arn", "{}", timeoutMs),
    clock,
  };
};

describe("an asynchronous invocation", () => {
  test("is sent once, as an event, if Lambda accepts it", async () => {
    const { asked, invoke } = setUp([ACCEPTED]);
    expect(await invoke(1_000)).toEqual(ACCEPTED);
    expect(asked).toEqual([{ arn: "arn", payload: "{}", timeoutMs: 1_000, asynchronous: true, at: 0 }]);
  });

  test("is retried after growing pauses within its time if Lambda throttles", async () => {
    const { asked, invoke } = setUp([BUSY, BUSY, BUSY, ACCEPTED]);
    expect(await invoke(1_000)).toEqual(ACCEPTED);
    expect(asked.map(({ at, timeoutMs }) => [at, timeoutMs])).toEqual([
      [0, 1_000],
      [85, 915],
      [245, 755],
      [555, 445],
    ]);
  });

  test("is sent at most four times", async () => {
    const { asked, invoke } = setUp([]);
    expect(await invoke(60_000)).toEqual(BUSY);
    expect(asked).toHaveLength(4);
  });

  test("ends within its time limit", async () => {
    const { asked, invoke, clock } = setUp([], 50);
    expect(await invoke(250)).toEqual(BUSY);
    expect(asked).toHaveLength(2);
    expect(clock.at).toBeLessThan(250);
  });

  test.each([[REFUSED], [{ kind: "timeout" } as const]])(
    "is not retried if a retry cannot help: %j",
    async (answer) => {
      const { asked, invoke } = setUp([answer, ACCEPTED]);
      expect(await invoke(1_000)).toEqual(answer);
      expect(asked).toHaveLength(1);
    },
  );
});

test.each<[HandlerName, number, string]>([
  ["onDisconnect", 2, "decided"],
  // The caller waits. It was denied sooner than Lambda would accept the invocation.
  ["onConnectionRequest", 1, "failed"],
])("%s is sent %i times if Lambda throttles at first", async (handler, times, kind) => {
  const { asked, dependencies } = setUp([BUSY, ACCEPTED]);
  const runner = new FunctionRunner({
    functions: { "": { [handler]: "arn" } },
    wildcards: [],
    limits: DEFAULT_LIMITS,
    invoke: dependencies.invoke,
    clock: { ...dependencies.clock, now: () => 0 },
    timing: { ...dependencies.timing, soon: setImmediate },
    log: new TestLog(),
  });
  expect(await runner.run(callOf(handler), 1_000)).toMatchObject({ kind });
  expect(asked).toHaveLength(times);
});
