import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { startBench, stopBenches } from "./support.js";

afterEach(stopBenches);

const BAD = `
  export const handler = async ({ how }) => {
    if (how === "throw") throw new TypeError("no such thing");
    if (how === "throw text") throw "just text";
    if (how === "exit") process.exit(3);
    if (how === "loop") for (;;);
    if (how === "hang") await new Promise((resolve) => setTimeout(resolve, 60_000));
    if (how === "kill") process.kill(process.pid, "SIGKILL");
    if (how === "memory") for (const kept = []; ; ) kept.push(new Array(100_000).fill(Math.random()));
    if (how === "reject") { Promise.reject(new Error("nobody caught it")); await new Promise((r) => setTimeout(r, 1000)); }
    if (how === "uncaught") { setTimeout(() => { throw new RangeError("nobody caught it"); }, 1); await new Promise((r) => setTimeout(r, 1000)); }
    if (how === "cycle") { const cycle = {}; cycle.cycle = cycle; return cycle; }
    if (how === "large") return "x".repeat(7 * 1024 * 1024);
    if (how === "never") await new Promise(() => undefined);
    return how;
  };`;

describe("a handler that fails", () => {
  test.each([
    ["throw", "error", "TypeError", "no such thing"],
    ["throw text", "error", "string", "just text"],
    ["cycle", "error", "Runtime.MarshalError", "circular"],
    ["large", "error", "Function.ResponseSizeTooLarge", "at most 6291456"],
    ["exit", "crash", "Runtime.ExitError", "exit status 3"],
    ["kill", "crash", "Runtime.ExitError", "signal: SIGKILL"],
    ["reject", "crash", "Runtime.UnhandledPromiseRejection", "nobody caught it"],
    ["uncaught", "crash", "RangeError", "nobody caught it"],
    ["memory", "crash", "Runtime.ExitError", "signal: SIGABRT"],
  ])("%s: %s, %s", async (how, kind, errorType, message) => {
    const { runtime } = startBench(BAD, { timeoutSeconds: 20 });
    const result = await runtime.invoke("F", { how });
    expect(result).toMatchObject({ ok: false, kind, error: { errorType } });
    expect(result).toHaveProperty("message", expect.stringContaining(message));
    expect(await runtime.invoke("F", { how: "well" })).toEqual({ ok: true, payload: "well" });
  });

  test.each(["loop", "hang"])("%s: is killed at its timeout, and the next event is served", async (how) => {
    const { runtime } = startBench(BAD, { timeoutSeconds: 1 });
    await runtime.invoke("F", { how: "warm up" });
    const [pid] = runtime.pids;
    const started = performance.now();
    const result = await runtime.invoke("F", { how });
    expect(result).toMatchObject({ ok: false, kind: "timeout", message: "Task timed out after 1.00 seconds" });
    expect(performance.now() - started).toBeGreaterThan(990);
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(await runtime.invoke("F", { how: "well" })).toEqual({ ok: true, payload: "well" });
    expect(runtime.pids).not.toContain(pid);
  });

  test("a promise that never settles ends with null once nothing is pending", async () => {
    const { runtime } = startBench(BAD);
    expect(await runtime.invoke("F", { how: "never" })).toEqual({ ok: true, payload: null });
    expect(await runtime.invoke("F", { how: "well" })).toEqual({ ok: true, payload: "well" });
  });

  test("what it had started ends with it", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { runtime } = startBench(
      `import { spawn } from "node:child_process";
       export const handler = async ({ port, loop }) => {
         if (loop) for (;;);
         spawn(process.execPath, ["-e", "require('node:net').connect(" + port + ", '127.0.0.1')"]);
       };`,
      { timeoutSeconds: 1 },
    );
    const connected = once(server, "connection") as Promise<[Socket]>;
    await runtime.invoke("F", { port: (server.address() as AddressInfo).port });
    const looped = runtime.invoke("F", { loop: true });
    const [socket] = await connected;
    const ended = once(
      socket.resume().on("error", () => undefined),
      "close",
    );
    expect(await looped).toMatchObject({ kind: "timeout" });
    await ended;
    server.close();
  });
});

describe("a function that cannot be loaded", () => {
  test.each([
    ["a module that throws", "throw new SyntaxError('at once')", "index.handler", "SyntaxError", "at once"],
    ["a missing module", "", "other.handler", "Runtime.ImportModuleError", "Cannot find module"],
    ["a missing export", "export const other = 1;", "index.handler", "Runtime.HandlerNotFound", "index.handler"],
    ["a bad name", "", "index", "Runtime.MalformedHandlerName", "index"],
    ["an exit while loading", "process.exit(4)", "index.handler", "Runtime.ExitError", "exit status 4"],
    [
      "a callback on Node 24",
      "export const handler = (a, b, c) => c()",
      "index.handler",
      "Runtime.CallbackHandlerDeprecated",
      "async",
    ],
  ])("%s", async (_, source, handler, errorType, message) => {
    const { runtime } = startBench(source, { handler });
    const result = await runtime.invoke("F", {});
    expect(result).toMatchObject({ ok: false, kind: "error", error: { errorType } });
    expect(result).toHaveProperty("message", expect.stringContaining(message));
  });

  test("each of several waiting events gets an answer", async () => {
    const { runtime } = startBench("throw new Error('broken')");
    const results = await Promise.all([1, 2, 3].map(() => runtime.invoke("F", {})));
    expect(results.map(({ ok }) => ok)).toEqual([false, false, false]);
  });
});
