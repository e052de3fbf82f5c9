import { AsyncInvocations } from "../../../../../local/services/lambda/async/invocations.js";
import type { AsyncModel } from "../../../../../local/assembly/model/functions.js";
import type { InvokeResult } from "../../../../../local/core/invoker.js";
import type { LogEntry } from "../../../../../local/core/log.js";
import { arnOf, fn, permissionsFor } from "../invoke/support.js";
import { FakeClock, settled } from "./fake-clock.js";

const OK: InvokeResult = { ok: true, payload: { fine: true } };
const ERROR: InvokeResult = {
  ok: false,
  kind: "error",
  message: "TypeError: the secret is 42",
  error: { errorType: "TypeError", errorMessage: "the secret is 42", trace: [] },
};
const THROTTLED: InvokeResult = { ok: false, kind: "throttled", message: "busy" };

/** Functions `Fn` and `Target`. `Fn` has this result, and its destination may be `Target` if it may invoke that. */
const start = (result: InvokeResult, async?: AsyncModel, patterns = [arnOf("App-Target")]) => {
  const functions = [fn("Fn", async ? { async } : {}), fn("Target")];
  const log: LogEntry[] = [];
  const received: unknown[] = [];
  const clock = new FakeClock();
  const invocations = new AsyncInvocations({
    invoker: {
      async invoke(functionId, event) {
        if (functionId === "Target") received.push(event);
        return functionId === "Target" ? OK : result;
      },
    },
    permissions: permissionsFor(functions, patterns, log),
    functions: () => functions,
    log: (entry) => log.push(entry),
    clock,
    scale: 1,
  });
  const run = async (...waits: number[]): Promise<void> => {
    invocations.add("Fn", { a: 1 }, "r1");
    await settled();
    for (const wait of waits) await clock.advance(wait);
    await settled();
  };
  return { invocations, log, received, run, clock };
};

const messages = (log: LogEntry[], level: LogEntry["level"]): string[] =>
  log.flatMap((entry) => (entry.level === level ? entry.message : []));

describe("an asynchronous invocation", () => {
  test("that fails for good is an error without the function's message", async () => {
    const { log, run } = start(ERROR);
    await run(60_000, 120_000);
    expect(log).toEqual([
      { level: "warn", source: "lambda", message: "Fn is invoked again in 60 s (r1): error, TypeError" },
      { level: "warn", source: "lambda", message: "Fn is invoked again in 120 s (r1): error, TypeError" },
      {
        level: "error",
        source: "lambda",
        message: "RetriesExhausted: Fn ran 3 times for r1, which is given up: error, TypeError",
      },
    ]);
  });

  test("honours the function's retries and age", async () => {
    const none = start(ERROR, { retries: 0 });
    await none.run();
    expect(messages(none.log, "error")).toEqual([expect.stringContaining("RetriesExhausted: Fn ran once")]);
    const young = start(THROTTLED, { maxAgeSeconds: 2 });
    await young.run(1000);
    expect(messages(young.log, "error")).toEqual([expect.stringContaining("EventAgeExceeded: Fn ran 0 times")]);
  });

  test("invokes the function's failure destination", async () => {
    const { received, run, log } = start(ERROR, {
      retries: 0,
      onFailure: arnOf("App-Target"),
      onSuccess: arnOf("App-Fn"),
    });
    await run();
    expect(received).toEqual([
      {
        version: "1.0",
        timestamp: "1970-01-01T00:00:00.000Z",
        requestContext: {
          requestId: "r1",
          functionArn: `${arnOf("App-Fn")}:$LATEST`,
          condition: "RetriesExhausted",
          approximateInvokeCount: 1,
        },
        requestPayload: { a: 1 },
        responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
        responsePayload: { errorType: "TypeError", errorMessage: "the secret is 42", trace: [] },
      },
    ]);
    expect(messages(log, "error")).toHaveLength(1);
  });

  test("invokes the success destination, if there is one", async () => {
    const { received, run, log } = start(OK, { onSuccess: arnOf("App-Target"), onFailure: arnOf("App-None") });
    await run();
    expect(received).toMatchObject([{ requestContext: { condition: "Success" }, responsePayload: { fine: true } }]);
    expect(log).toEqual([]);
  });

  test("sends no response to its destination when its function never ran", async () => {
    const { received, run } = start(THROTTLED, { maxAgeSeconds: 0, onFailure: arnOf("App-Target") });
    await run();
    expect(received).toMatchObject([{ requestContext: { condition: "EventAgeExceeded", approximateInvokeCount: 0 } }]);
    expect(received[0]).not.toHaveProperty("responsePayload");
  });

  test("reports a destination that its function may not invoke", async () => {
    const { received, run, log } = start(ERROR, { retries: 0, onFailure: arnOf("App-Target") }, []);
    await run();
    expect(received).toEqual([]);
    expect(log.map(({ source }) => source)).toEqual(["lambda", "iam", "lambda"]);
    expect(messages(log, "error")[2]).toMatch(/^Target is not told of r1: User: .*\/App-Fn is not authorized/);
  });

  test("says which destinations and queues are not served", async () => {
    const queue = "arn:aws:sqs:eu-west-1:123456789012:dead";
    const { run, log } = start(ERROR, {
      retries: 0,
      onFailure: "arn:aws:sns:eu-west-1:123456789012:topic",
      deadLetter: queue,
    });
    await run();
    expect(messages(log, "warn")).toEqual([
      "The destination arn:aws:sns:eu-west-1:123456789012:topic of Fn is not served here: nothing is sent to it.",
      `The dead-letter queue ${queue} of Fn is not served here: nothing is sent to it.`,
    ]);
  });

  test("that is pending at the end is reported as lost", async () => {
    const { invocations, run, log } = start(ERROR);
    await run(5000);
    invocations.close();
    expect(messages(log, "warn").at(-1)).toBe(
      "Asynchronous invocations that were still pending are lost:\n  Fn (r1): attempt 2 was due in 55 s",
    );
    const quiet = start(OK);
    await quiet.run();
    quiet.invocations.close();
    expect(quiet.log).toEqual([]);
  });
});
