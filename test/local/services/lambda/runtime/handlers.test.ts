import { randomBytes } from "node:crypto";
import { startBench, stopBenches } from "./support.js";

afterEach(stopBenches);

describe("a handler", () => {
  test("finds the template's environment, what Lambda sets, and nothing of the developer's", async () => {
    process.env.A_SECRET_OF_THE_DEVELOPER = "x";
    const { runtime } = startBench("export const handler = async () => process.env;");
    const { payload } = (await runtime.invoke("F", {})) as { payload: Record<string, string> };
    expect(payload).toMatchObject({
      TABLE_NAME: "table",
      AWS_REGION: "eu-west-1",
      AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:1",
      AWS_LAMBDA_FUNCTION_NAME: "stack-F-1",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
      AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA[0-9A-F]{16}$/),
      _HANDLER: "index.handler",
    });
    expect(payload).not.toHaveProperty("A_SECRET_OF_THE_DEVELOPER");
    delete process.env.A_SECRET_OF_THE_DEVELOPER;
  });

  test("gets Lambda's context", async () => {
    const { runtime, reports } = startBench(
      `export const handler = async (event, context) => ({
         ...context, left: context.getRemainingTimeInMillis(),
       });`,
      { timeoutSeconds: 5 },
    );
    const { payload } = (await runtime.invoke("F", {})) as { payload: Record<string, unknown> };
    expect(payload).toMatchObject({
      functionName: "stack-F-1",
      memoryLimitInMB: "128",
      awsRequestId: reports[0]?.requestId,
      invokedFunctionArn: "arn:aws:lambda:eu-west-1:123456789012:function:stack-F-1",
      logGroupName: "/aws/lambda/stack-F-1",
      callbackWaitsForEmptyEventLoop: true,
    });
    expect(payload.left).toBeGreaterThan(1000);
    expect(payload.left).toBeLessThanOrEqual(5000);
  });

  test("has the heap that the template's memory leaves it", async () => {
    const { runtime } = startBench(
      `import { getHeapStatistics } from "node:v8";
       export const handler = async () => getHeapStatistics().heap_size_limit / 2 ** 20;`,
      { memoryMb: 256 },
    );
    const { payload } = (await runtime.invoke("F", {})) as { payload: number };
    expect(payload).toBeGreaterThan(220);
    expect(payload).toBeLessThan(300);
  });

  test("gets and returns megabytes unharmed", async () => {
    const { runtime } = startBench("export const handler = async ({ text }) => ({ text });");
    const text = `${randomBytes(1_500_000).toString("base64")} ünïcödé 🎉`;
    expect(await runtime.invoke("F", { text })).toEqual({ ok: true, payload: { text } });
  });

  test("may be nested in folders and exports, and CommonJS", async () => {
    const { runtime, write, model } = startBench("");
    write("lib/api.cjs", "exports.v1 = { run: async () => 'nested' };");
    runtime.update([{ ...model, handler: "lib/api.v1.run" }]);
    expect(await runtime.invoke("F", {})).toEqual({ ok: true, payload: "nested" });
  });

  test("may use a callback before Node 24, once its loop is empty", async () => {
    const { runtime } = startBench(
      `let late = false;
       export const handler = (event, context, callback) => {
         context.callbackWaitsForEmptyEventLoop = event.wait;
         setTimeout(() => (late = true), 100);
         setTimeout(() => callback(event.fail ? new Error("told back") : null, { late }), 1);
       };`,
      { runtime: "nodejs22.x" },
    );
    const before = performance.now();
    expect(await runtime.invoke("F", { wait: true })).toEqual({ ok: true, payload: { late: false } });
    expect(performance.now() - before).toBeGreaterThan(100);
    expect(await runtime.invoke("F", { wait: false, fail: true })).toMatchObject({
      kind: "error",
      message: "Error: told back",
    });
  });
});

test("a caller may choose the request's id, and receive its logs", async () => {
  const { runtime, reports } = startBench(
    "export const handler = async (event, { awsRequestId }) => { console.log(event); return awsRequestId; };",
  );
  const lines: string[] = [];
  await runtime.invoke("F", "first");
  const options = { requestId: "mine", logged: (line: string) => void lines.push(line) };
  expect(await runtime.invoke("F", "second", options)).toEqual({ ok: true, payload: "mine" });
  await runtime.invoke("F", "third");
  expect(lines).toEqual([expect.stringMatching(/mine\tINFO\tsecond$/)]);
  expect(reports[1]?.requestId).toBe("mine");
});

describe("what a handler logs", () => {
  const SOURCE = `
    export const handler = async () => {
      console.debug("at %s level", "debug");
      console.info({ an: "object" });
      console.warn("two\\nlines");
      console.error("went wrong", new TypeError("why"));
      process.stdout.write("straight out\\n");
    };`;

  test("is reported line by line, in Lambda's text format", async () => {
    const { runtime, log, reports } = startBench(SOURCE);
    await runtime.invoke("F", {});
    const id = reports[0]?.requestId;
    const lines = log
      .filter(({ message }) => message.includes("\t"))
      .map(({ level, message }) => [level, message.split("\t").slice(1)]);
    expect(lines.slice(0, 3)).toEqual([
      ["debug", [id, "DEBUG", "at debug level"]],
      ["info", [id, "INFO", "{ an: 'object' }"]],
      ["warn", [id, "WARN", "two\rlines"]],
    ]);
    expect(log.every(({ source }) => source === "F")).toBe(true);
  });

  test("is reported in Lambda's JSON format, from the least level on", async () => {
    const { runtime, log, reports } = startBench(SOURCE, { logFormat: "JSON" });
    await runtime.invoke("F", {});
    const lines = log
      .filter(({ message }) => message.startsWith("{"))
      .map(({ message }) => JSON.parse(message) as object);
    expect(lines).toMatchObject([
      { level: "INFO", requestId: reports[0]?.requestId, message: { an: "object" } },
      { level: "WARN", message: "two\nlines" },
      { level: "ERROR", errorType: "TypeError", errorMessage: "why", stackTrace: expect.any(Array) },
    ]);
  });

  test("is reported even if it does not use console", async () => {
    const { runtime, log } = startBench(SOURCE);
    await runtime.invoke("F", {});
    await runtime.close();
    expect(log).toContainEqual({ level: "info", source: "F", message: "straight out" });
  });
});
