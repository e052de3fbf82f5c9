import { setTimeout as sleep } from "node:timers/promises";
import { startBench, stopBenches } from "./support.js";

afterEach(stopBenches);

const PID =
  "export const handler = async ({ ms = 0 }) => {" +
  " await new Promise((resolve) => setTimeout(resolve, ms)); return process.pid; };";

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("environments", () => {
  test("one event after the other is served by the same one", async () => {
    const { runtime, reports } = startBench(PID);
    const first = await runtime.invoke("F", {});
    const second = await runtime.invoke("F", {});
    expect(second).toEqual(first);
    expect(reports.map(({ cold }) => cold)).toEqual([true, false]);
  });

  test("each serves one event at a time: concurrent events get one each", async () => {
    const { runtime } = startBench(PID);
    const results = await Promise.all([1, 2, 3].map(() => runtime.invoke("F", { ms: 600 })));
    expect(new Set(results.map((result) => result.ok && result.payload)).size).toBe(3);
  });

  test("more events than there may be environments wait, and all are served", async () => {
    const { runtime } = startBench(PID, {}, { maxEnvironments: 2 });
    const results = await Promise.all(Array.from({ length: 9 }, () => runtime.invoke("F", { ms: 10 })));
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(runtime.pids).toHaveLength(2);
  });

  test("an idle one ends after a while", async () => {
    const { runtime } = startBench(PID, {}, { idleMs: 50 });
    const { payload } = (await runtime.invoke("F", {})) as { payload: number };
    for (let tries = 0; tries < 1_000 && alive(payload); tries += 1) await sleep(50);
    expect(alive(payload)).toBe(false);
    expect((await runtime.invoke("F", {})).ok).toBe(true);
  });

  test("reserved concurrency throttles invocations above it", async () => {
    const { runtime } = startBench(PID, { reservedConcurrency: 2 });
    const results = await Promise.all([1, 2, 3].map(() => runtime.invoke("F", { ms: 50 })));
    expect(results.map((result) => (result.ok ? "ok" : result.kind))).toEqual(["ok", "ok", "throttled"]);
  });

  test("a reserved concurrency of zero switches the function off", async () => {
    const { runtime } = startBench(PID, { reservedConcurrency: 0 });
    expect(await runtime.invoke("F", {})).toMatchObject({ ok: false, kind: "throttled" });
    expect(runtime.pids).toEqual([]);
  });

  test("a changed function gets new ones, and running invocations end first", async () => {
    const { runtime, model } = startBench(PID);
    const { payload: old } = (await runtime.invoke("F", {})) as { payload: number };
    const running = runtime.invoke("F", { ms: 300 });
    const changed = runtime.update([{ ...model, environment: { NEW: "1" } }]);
    const { payload: next } = (await runtime.invoke("F", {})) as { payload: number };
    expect(changed).toEqual(["F"]);
    expect(next).not.toBe(old);
    expect(await running).toEqual({ ok: true, payload: old });
  });

  test("an unchanged function keeps its own", async () => {
    const { runtime, model } = startBench(PID);
    const first = await runtime.invoke("F", {});
    expect(runtime.update([{ ...model }])).toEqual([]);
    expect(await runtime.invoke("F", {})).toEqual(first);
  });

  test("a removed function cannot run, and leaves no process", async () => {
    const { runtime } = startBench(PID);
    const { payload } = (await runtime.invoke("F", {})) as { payload: number };
    runtime.update([]);
    for (let tries = 0; tries < 1_000 && alive(payload); tries += 1) await sleep(20);
    expect(alive(payload)).toBe(false);
    expect(await runtime.invoke("F", {})).toMatchObject({ ok: false, kind: "error" });
  });
});
