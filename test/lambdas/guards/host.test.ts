import { GuardHost } from "../../../lambdas/guards/host.js";
import type { CallResult } from "../../../lambdas/guards/runner.js";
import type { FromWorker } from "../../../lambdas/guards/messages.js";
import { TestLog } from "../support/fakes.js";
import { callOf } from "./call-fixture.js";
import { closeGuards, GRACE, type GuardFolder, guardFolder, LONG_TIMEOUT, TIMEOUT, timed } from "./harness.js";
import { scripted, ScriptedWorker } from "./scripted-worker.js";

afterEach(closeGuards);
afterEach(() => void jest.useRealTimers());

/** Calls the subscription guard for a channel. */
const ask = ({ host }: GuardFolder, channel: string, timeout = LONG_TIMEOUT): Promise<CallResult> =>
  host.run(callOf("onSubscriptionRequest", { channel }), timeout);

const granted = { kind: "decided", decision: { permitted: true } };

/** Grants every channel except those with the names below, which make the guard misbehave. */
const MODULE = `{
  async onSubscriptionRequest(channel, agent) {
    if (channel.name === "wait") return;
    if (channel.name === "loop") for (;;);
    if (channel.name === "exit") process.exit(1);
    if (channel.name === "slow") await new Promise((resolve) => setTimeout(resolve, 150));
    agent.subscribe(channel);
  },
}`;

const loaded = (source = MODULE): Promise<GuardFolder> => guardFolder(source).ready();

describe("a thread", () => {
  test("loads the module during the cold start", () => {
    expect(guardFolder(MODULE).started).toBe(1);
  });

  test("lists the guards that its module defines", async () => {
    const folder = guardFolder('{ onDisconnect() {}, helper() {}, channels: { "a/*": { onMessageReceived() {} } } }');
    expect(await folder.host.manifest(5_000)).toEqual({ "": ["onDisconnect"], "a/*": ["onMessageReceived"] });
  });

  test("that only waits is kept, and costs its own call only", async () => {
    const folder = await loaded();
    const [waiting, ...others] = await Promise.all([
      ask(folder, "wait", TIMEOUT),
      ask(folder, "a"),
      ask(folder, "slow"),
    ]);
    expect(waiting).toEqual({ kind: "timeout" });
    expect(others).toMatchObject([granted, granted]);
    expect(await ask(folder, "b")).toMatchObject(granted);
    expect(folder.started).toBe(1);
  });

  test("that is blocked is replaced, and its calls time out", async () => {
    const folder = await loaded();
    const { value, took } = await timed(Promise.all([ask(folder, "loop", TIMEOUT), ask(folder, "a", TIMEOUT)]));
    expect(value).toEqual([{ kind: "timeout" }, { kind: "timeout" }]);
    expect(took).toBeLessThan(TIMEOUT + GRACE);
    expect(await ask(folder, "b")).toMatchObject(granted);
    expect(folder.started).toBe(2);
  });

  test("that exits is replaced, and its pending calls fail", async () => {
    const folder = await loaded();
    const results = await Promise.all([ask(folder, "wait"), ask(folder, "exit"), ask(folder, "a")]);
    expect(results.map(({ kind }) => kind)).toEqual(["failed", "failed", "failed"]);
    expect(await ask(folder, "b")).toMatchObject(granted);
    expect(folder.started).toBe(2);
  });

  test("that exits while idle is replaced on the next call", async () => {
    const folder = await loaded(
      '{ onSubscriptionRequest(channel, agent) { agent.subscribe(channel); if (channel.name === "last") setTimeout(process.exit, 30); } }',
    );
    expect(await ask(folder, "last")).toMatchObject(granted);
    await folder.ended;
    expect(await ask(folder, "a")).toMatchObject(granted);
    expect(folder.started).toBe(2);
  });

  test("can be blocked, exit and wait again and again", async () => {
    const folder = await loaded();
    for (const trouble of ["exit", "loop", "wait", "exit"]) {
      expect(await ask(folder, trouble, TIMEOUT)).not.toMatchObject(granted);
      expect(await ask(folder, "a")).toMatchObject(granted);
    }
  });
});

describe("closing", () => {
  test("ends the thread and fails the pending calls", async () => {
    const folder = await loaded();
    const pending = ask(folder, "wait", 60_000);
    await folder.host.close();
    expect(await pending).toEqual({ kind: "failed", detail: "closed" });
    await folder.host.close();
  });

  test("ends a thread that is blocked", async () => {
    const folder = await loaded();
    const pending = ask(folder, "loop", 60_000);
    const { took } = await timed(folder.host.close());
    expect(await pending).toMatchObject({ kind: "failed" });
    expect(took).toBeLessThan(GRACE);
  });
});

describe("memory outside of the heap", () => {
  // The thread ends before the process runs out of memory.
  test("is watched, and a guard that uses too much is ended", async () => {
    const folder = await loaded(`{
      async onSubscriptionRequest(channel, agent) {
        const all = [];
        while (channel.name === "hoard") {
          all.push(Buffer.alloc(16 * 2 ** 20, 1));
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        agent.subscribe(channel);
      },
    }`);
    const before = process.memoryUsage.rss();
    folder.exhausted = () => process.memoryUsage.rss() > before + 256 * 2 ** 20;
    expect(await ask(folder, "hoard", 10_000)).toMatchObject({
      kind: "failed",
      detail: expect.stringContaining("memory"),
    });
    folder.exhausted = () => false;
    expect(await ask(folder, "a")).toMatchObject(granted);
    expect(folder.started).toBe(2);
  });
});

describe("a module that takes long to load", () => {
  test("keeps loading after a call's timeout, for later calls", async () => {
    const { host, workers } = scripted();
    for (const _ of [1, 2, 3]) {
      const call = host.manifest(1_000);
      await jest.advanceTimersByTimeAsync(1_000);
      expect(await call).toBe("timeout");
      jest.setSystemTime(Date.now() + 60_000);
    }
    workers[0]?.emit({ kind: "loaded", manifest: { "": ["onDisconnect"] } });
    expect(await host.manifest(1_000)).toEqual({ "": ["onDisconnect"] });
    expect(workers).toHaveLength(1);
  });

  test("is loaded anew after callers waited for ten seconds", async () => {
    const { host, workers, log } = scripted();
    for (let second = 1; second <= 10; second += 1) {
      expect(workers).toHaveLength(1);
      const calls = Promise.all(Array.from({ length: 25 }, () => host.manifest(1_000)));
      await jest.advanceTimersByTimeAsync(1_000);
      // The caller that ends the loading learns that the module could not be loaded.
      expect(new Set(await calls)).toEqual(new Set(second < 10 ? ["timeout"] : ["timeout", undefined]));
    }
    expect(workers[0]?.terminated).toBe(true);
    expect(log.of("guards_not_loaded")).toEqual([{ detail: expect.stringContaining("not loaded after 10 seconds") }]);
    const next = host.manifest(1_000);
    workers[1]?.emit({ kind: "loaded", manifest: {} });
    expect(await next).toEqual({});
  });
});

describe("deliveries of a thread that was lost", () => {
  // The call that ran when the thread was lost has failed. The others are retried if there is time left.
  test("fail, are late, or are retried in a new thread", async () => {
    const spawned: { worker: ScriptedWorker; begun: Int32Array; exit: () => void }[] = [];
    const host = new GuardHost(({ begun }) => {
      const worker = new ScriptedWorker();
      const one = { worker, begun: new Int32Array(begun), exit: () => undefined };
      const on = worker.on.bind(worker);
      worker.on = (event: string, listener: (argument: never) => void) => {
        if (event === "exit") one.exit = listener as () => undefined;
        on(event, listener);
      };
      spawned.push(one);
      return worker;
    }, new TestLog());
    const call = callOf("onMessageReceived");
    const results = [
      host.run(call, 1_000, 5_000),
      host.run(call, 1_000, 1_000),
      host.run(callOf("onSubscriptionRequest"), 1_000, 1_000),
    ];
    const again = host.run(call, 1_000, 5_000);
    if (spawned[0]) spawned[0].begun[0] = 1;
    spawned[0]?.exit();
    expect((await Promise.all(results)).map(({ kind }) => kind)).toEqual(["failed", "late", "failed"]);
    expect(spawned[1]?.worker.received).toMatchObject([{ kind: "call", id: 5 }]);
    await host.close();
    expect(await again).toMatchObject({ kind: "failed" });
  });
});

describe("a verdict from the thread", () => {
  test("for a call that is over is not used for another call", async () => {
    const { host, workers } = scripted();
    const worker = workers[0] as ScriptedWorker;
    worker.emit({ kind: "loaded", manifest: {} });
    const decision = JSON.stringify({ permitted: true, subscribe: [], publish: [] });
    const first = host.run(callOf("onSubscriptionRequest"), 1_000);
    await jest.advanceTimersByTimeAsync(1_000);
    worker.emit({ kind: "alive" });
    expect(await first).toEqual({ kind: "timeout" });
    const second = host.run(callOf("onSubscriptionRequest"), 1_000);
    worker.emit({ kind: "decided", id: 1, decision });
    await jest.advanceTimersByTimeAsync(1_000);
    worker.emit({ kind: "alive" });
    expect(await second).toEqual({ kind: "timeout" });
  });

  const YES: FromWorker = {
    kind: "decided",
    id: 1,
    decision: '{"permitted":true,"subscribe":["stories/5"],"publish":[]}',
  };
  const FAILED: FromWorker = { kind: "failed", id: 1, detail: "Error", said: "Error" };

  // The time is over, whether the thread is still alive or not.
  test.each([YES, FAILED])("is late if it comes while the thread is probed ($kind)", async (said) => {
    for (const alive of [true, false]) {
      const { host, workers } = scripted();
      const call = host.run(callOf("onSubscriptionRequest"), 1_000);
      await jest.advanceTimersByTimeAsync(1_000);
      workers[0]?.emit(said);
      if (alive) workers[0]?.emit({ kind: "alive" });
      await jest.advanceTimersByTimeAsync(100);
      expect(await call).toEqual({ kind: "timeout" });
      expect(workers[0]?.terminated).toBe(!alive);
    }
  });

  test.each([YES, FAILED])("is late if it is read before the timer fires ($kind)", async (said) => {
    const { host, workers } = scripted();
    const now = jest.spyOn(performance, "now");
    const call = host.run(callOf("onSubscriptionRequest"), 1_000);
    now.mockReturnValue(performance.now() + 1_000);
    workers[0]?.emit(said);
    now.mockRestore();
    await jest.advanceTimersByTimeAsync(1_000);
    workers[0]?.emit({ kind: "alive" });
    expect(await call).toEqual({ kind: "timeout" });
  });

  test("counts if it comes just before the time is over", async () => {
    const { host, workers } = scripted();
    const call = host.run(callOf("onSubscriptionRequest"), 1_000);
    await jest.advanceTimersByTimeAsync(999);
    workers[0]?.emit(YES);
    expect(await call).toMatchObject(granted);
  });

  test("denies if the guard blocked its thread for too long", async () => {
    const folder = await loaded(`{
      onSubscriptionRequest(channel, agent) {
        if (channel.name === "block") for (const until = performance.now() + ${TIMEOUT + 50}; performance.now() < until;);
        agent.subscribe(channel);
      },
    }`);
    expect(await ask(folder, "block", TIMEOUT)).toEqual({ kind: "timeout" });
    expect(await ask(folder, "a")).toMatchObject(granted);
  });

  test.each([
    [1, 1_000, "timeout"],
    [2, 1_000, "late"],
    [2, 60_000, "decided"],
  ])("after a delivery that call %i delayed, %i ms in all: %s", async (runningCall, withinMs, kind) => {
    const { host, workers, begun } = scripted();
    const call = host.run(callOf("onMessageReceived"), 1_000, withinMs);
    void host.run(callOf("onMessageReceived"), 1_000, 1_000);
    begun()[0] = runningCall;
    await jest.advanceTimersByTimeAsync(1_000);
    workers[0]?.emit(YES);
    workers[0]?.emit({ kind: "alive" });
    await jest.advanceTimersByTimeAsync(10);
    workers[0]?.emit({ ...YES, id: 3 });
    expect(await call).toMatchObject({ kind });
    // Other calls were not retried.
    expect(workers[0]?.received.filter((message) => message.kind === "call")).toHaveLength(kind === "decided" ? 3 : 2);
    expect(workers).toHaveLength(1);
  });
});
