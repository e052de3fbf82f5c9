import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { FunctionModel } from "../../../../../local/assembly/model/functions.js";
import { pythonTest } from "../../../../python.js";
import { type Bench, startBench, stopBenches } from "./support.js";

afterEach(stopBenches);

/** A bench whose function `F` is a Python module with this source. */
const startPython = (source: string, model: Partial<FunctionModel> = {}): Bench => {
  const bench = startBench("", { runtime: "python3.14", timeoutSeconds: 20, ...model });
  bench.write("index.py", source);
  return bench;
};

describe("a Python handler", () => {
  pythonTest("gets its event, Lambda's context and environment, and answers", async () => {
    const { runtime, reports } = startPython(
      `
import os, sys
def handler(event, context):
    names = ["aws_request_id", "function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb",
             "log_group_name", "log_stream_name"]
    return {"event": event, "context": {name: getattr(context, name) for name in names},
            "left": context.get_remaining_time_in_millis(), "env": dict(os.environ), "path": sys.path[0],
            "identity": context.identity.cognito_identity_id, "client": context.client_context}
`,
      { timeoutSeconds: 5 },
    );
    const { payload } = (await runtime.invoke("F", { text: "ünï 🎉", n: 1.5 })) as { payload: Record<string, unknown> };
    expect(payload).toMatchObject({
      event: { text: "ünï 🎉", n: 1.5 },
      context: {
        aws_request_id: reports[0]?.requestId,
        function_name: "stack-F-1",
        function_version: "$LATEST",
        invoked_function_arn: "arn:aws:lambda:eu-west-1:123456789012:function:stack-F-1",
        memory_limit_in_mb: "128",
        log_group_name: "/aws/lambda/stack-F-1",
        log_stream_name: expect.stringContaining("[$LATEST]"),
      },
      env: { TABLE_NAME: "table", AWS_REGION: "eu-west-1", AWS_EXECUTION_ENV: "AWS_Lambda_python3.14" },
      path: expect.stringMatching(/code$/),
      identity: null,
      client: null,
    });
    expect(payload["left"]).toBeGreaterThan(1000);
    expect(payload["left"]).toBeLessThanOrEqual(5000);
  });

  pythonTest("serves one event after the other in one process, and megabytes unharmed", async () => {
    const { runtime } = startPython("import os\ndef handler(event, context):\n    return [os.getpid(), event]\n");
    const large = "é🎉x".repeat(400_000);
    const first = (await runtime.invoke("F", large)) as { payload: [number, string] };
    const second = (await runtime.invoke("F", null)) as { payload: [number, null] };
    expect(first.payload[1]).toBe(large);
    expect(second.payload).toEqual([first.payload[0], null]);
  });

  pythonTest("stands still between events: threads, and what they write", async () => {
    const { runtime, scratch } = startPython(`
import threading, time
started = False
def tick(file):
    while True:
        with open(file, "a") as out:
            out.write("x")
        time.sleep(0.005)
def handler(event, context):
    global started
    if not started:
        started = True
        threading.Thread(target=tick, args=(event,), daemon=True).start()
    time.sleep(0.1)
`);
    writeFileSync(scratch, "");
    await runtime.invoke("F", scratch);
    await sleep(50);
    const written = readFileSync(scratch).length;
    await sleep(300);
    expect(readFileSync(scratch)).toHaveLength(written);
    await runtime.invoke("F", scratch);
    expect(readFileSync(scratch).length).toBeGreaterThan(written);
  });

  pythonTest("may be nested and import its neighbours, without writing files there", async () => {
    const { runtime, write, model } = startPython("");
    write("lib/api.py", "from beside import WORD\ndef run(event, context):\n    return WORD\n");
    write("beside.py", "import os\nWORD = sorted(os.listdir(os.path.dirname(__file__)))\n");
    runtime.update([{ ...model, handler: "lib/api.run" }]);
    expect(await runtime.invoke("F", {})).toEqual({ ok: true, payload: ["beside.py", "index.mjs", "index.py", "lib"] });
  });
});

describe("a Python handler that fails", () => {
  const BAD = `
import sys, time, os, decimal
class Odd(Exception):
    pass
def deeper():
    raise Odd("no such thing")
def handler(how, context):
    if how == "raise": deeper()
    if how == "exit": sys.exit(3)
    if how == "kill": os.kill(os.getpid(), 9)
    if how == "hang": time.sleep(60)
    if how == "set": return {1, 2}
    if how == "nan": return float("nan")
    if how == "large": return "x" * (7 * 1024 * 1024)
    return [how, decimal.Decimal("1.5")]
`;

  pythonTest("is reported like in Lambda, without the bootstrap's own stack frames", async () => {
    const { runtime, reports, log, model } = startPython(BAD);
    const result = await runtime.invoke("F", "raise");
    expect(result).toEqual({
      ok: false,
      kind: "error",
      message: "Odd: no such thing",
      error: {
        errorType: "Odd",
        errorMessage: "no such thing",
        requestId: reports[0]?.requestId,
        stackTrace: [
          expect.stringContaining(`  File "${model.code}/index.py", line 8, in handler\n`),
          expect.stringContaining(`  File "${model.code}/index.py", line 6, in deeper\n`),
        ],
      },
    });
    expect(log).toContainEqual({
      level: "error",
      source: "F",
      message: expect.stringMatching(
        /^\[ERROR\] Odd: no such thing\rTraceback \(most recent call last\):\r {2}File ".*in handler\r/,
      ),
    });
  });

  pythonTest.each([
    ["set", "error", "Runtime.MarshalError", "not JSON serializable"],
    ["nan", "error", "Runtime.MarshalError", "not JSON compliant"],
    ["large", "error", "Function.ResponseSizeTooLarge", "at most 6291456"],
    ["exit", "crash", "Runtime.ExitError", "exit status 3"],
    ["kill", "crash", "Runtime.ExitError", "signal: SIGKILL"],
  ])("%s: %s, %s", async (how, kind, errorType, message) => {
    const { runtime } = startPython(BAD);
    const result = await runtime.invoke("F", how);
    expect(result).toMatchObject({
      ok: false,
      kind,
      error: { errorType, errorMessage: expect.stringContaining(message) },
    });
    expect(await runtime.invoke("F", "well")).toEqual({ ok: true, payload: ["well", 1.5] });
  });

  pythonTest("is killed at its timeout, and the next event is served", async () => {
    const { runtime } = startPython(BAD, { timeoutSeconds: 1 });
    expect(await runtime.invoke("F", "hang")).toMatchObject({
      kind: "timeout",
      message: "Task timed out after 1.00 seconds",
    });
    expect(await runtime.invoke("F", "well")).toMatchObject({ ok: true });
  });

  pythonTest.each([
    ["a missing module", "", "other.handler", "Runtime.ImportModuleError", "Unable to import module 'other'"],
    [
      "a missing function",
      "other = 1",
      "index.handler",
      "Runtime.HandlerNotFound",
      "Handler 'handler' missing on module 'index'",
    ],
    ["a bad name", "", "index", "Runtime.MalformedHandlerName", "Bad handler 'index'"],
    [
      "a syntax error",
      "def handler(:",
      "index.handler",
      "Runtime.UserCodeSyntaxError",
      "Syntax error in module 'index'",
    ],
    ["a module that raises", "raise ValueError('at once')", "index.handler", "ValueError", "at once"],
    ["an exit while loading", "import sys; sys.exit(4)", "index.handler", "Runtime.ExitError", "exit status 4"],
  ])("to load (%s) says why", async (_, source, handler, errorType, message) => {
    const { runtime } = startPython(source, { handler });
    const result = await runtime.invoke("F", {});
    expect(result).toMatchObject({
      ok: false,
      kind: "error",
      error: { errorType, errorMessage: expect.stringContaining(message) },
    });
  });
});

describe("what a Python handler logs", () => {
  const SOURCE = `
import logging, sys
log = logging.getLogger("app")
log.setLevel("DEBUG")
def handler(event, context):
    print("printed\\ntwice")
    log.debug("at %s level", "debug")
    log.warning("two\\nlines", extra={"who": "me"})
    try:
        raise TypeError("why")
    except TypeError:
        log.exception("went wrong")
    print("to stderr", file=sys.stderr)
    print("no end of line", end="")
    sys.stdout = None
`;

  pythonTest("is reported line by line, in order, in Lambda's text format", async () => {
    const { runtime, log, reports } = startPython(SOURCE);
    const lines: string[] = [];
    await runtime.invoke("F", {}, { logged: (line) => void lines.push(line) });
    const id = reports[0]?.requestId;
    expect(log.map(({ level, message }) => [level, message.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, "T")])).toEqual([
      ["info", "printed"],
      ["info", "twice"],
      ["debug", `[DEBUG]\tT\t${id}\tat debug level`],
      ["warn", `[WARNING]\tT\t${id}\ttwo\rlines`],
      ["error", expect.stringMatching(/^\[ERROR\]\tT\t.*\twent wrong\rTraceback.*TypeError: why$/s)],
      ["error", "to stderr"],
      ["info", "no end of line"],
    ]);
    expect(lines).toEqual(log.map(({ message }) => message));
    expect(await runtime.invoke("F", {})).toEqual({ ok: true, payload: null });
  });

  pythonTest("is reported in Lambda's JSON format, from the least level on", async () => {
    const { runtime, log, reports } = startPython(SOURCE.replace('log.setLevel("DEBUG")', ""), {
      logFormat: "JSON",
      logLevel: "WARN",
    });
    await runtime.invoke("F", {});
    const lines = log
      .filter(({ message }) => message.startsWith("{"))
      .map(({ message }) => JSON.parse(message) as object);
    expect(lines).toMatchObject([
      { level: "WARNING", message: "two\nlines", logger: "app", who: "me", requestId: reports[0]?.requestId },
      {
        level: "ERROR",
        message: "went wrong",
        errorType: "TypeError",
        errorMessage: "why",
        stackTrace: [expect.any(String)],
      },
    ]);
  });
});

test("without Python, invoking a Python function reports it", async () => {
  const { PATH } = process.env;
  process.env["PATH"] = "/nowhere";
  try {
    const { runtime } = startPython("def handler(event, context): pass");
    expect(await runtime.invoke("F", {})).toMatchObject({
      ok: false,
      error: {
        errorType: "Runtime.StartError",
        errorMessage: "The function needs python3, which is not installed here, or not on the PATH.",
      },
    });
  } finally {
    process.env["PATH"] = PATH;
  }
});
