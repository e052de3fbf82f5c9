import { guardHandler, type Guards } from "push-it-server/guards";
import type { GuardRequest } from "../../../lambdas/guards/contract.js";
import { logged, logging, recordLog, request, thrown } from "./handler-fixture.js";

recordLog();

describe("guardHandler fails the invocation", () => {
  const failing = (guards: Guards, asked: GuardRequest, context?: { getRemainingTimeInMillis(): number }) =>
    guardHandler(guards)(asked, context).catch((error: unknown) => error as Error);

  test.each<[string, Guards, Partial<GuardRequest>, string, RegExp]>([
    [
      "when a handler throws",
      {
        onConnectionRequest() {
          throw new Error("planted secret");
        },
      },
      {},
      "GuardFailed",
      /onConnectionRequest failed/,
    ],
    [
      "when a handler rejects",
      { onConnectionRequest: () => Promise.reject(new Error("planted secret")) },
      {},
      "GuardFailed",
      /onConnectionRequest failed/,
    ],
    [
      "when a handler passes an invalid channel",
      { onConnectionRequest: (agent) => agent.subscribe("/meta/x") },
      {},
      "GuardFailed",
      /failed/,
    ],
    [
      "when a handler returns without a verdict in time",
      { onConnectionRequest: () => true },
      { timeoutMs: 100 },
      "GuardTimeout",
      /onConnectionRequest did not decide in time/,
    ],
    ["when the handler is missing", { onDisconnect() {} }, {}, "GuardMissing", /has no onConnectionRequest/],
    [
      "when the guard does not exist",
      { onConnectionRequest: (agent) => agent.connected() },
      { guard: "constructor" as never },
      "GuardMissing",
      /no constructor/,
    ],
    [
      "when the version is unknown",
      { onConnectionRequest: (agent) => agent.connected() },
      { version: 2 as never },
      "GuardVersion",
      /supports only version 1/,
    ],
    [
      "when the request is empty",
      { onConnectionRequest: (agent) => agent.connected() },
      { version: undefined },
      "GuardVersion",
      /supports only version 1/,
    ],
  ])("%s, without the thrown message", async (_, guards, more, name, message) => {
    const error = await failing(guards, { ...request("onConnectionRequest"), ...more });
    expect(error).toMatchObject({ name, message: expect.stringMatching(message) });
    expect(String((error as Error).stack)).not.toContain("planted secret");
    if (name === "GuardFailed") expect(logged).toMatchObject(thrown("onConnectionRequest"));
    expect(JSON.stringify(logged.filter(({ level }) => level !== "debug"))).not.toContain("planted secret");
  });

  test("when no entry decides about the channel", async () => {
    const error = await failing(
      { channels: { "news/*": { onSubscriptionRequest() {} } } },
      request("onSubscriptionRequest"),
    );
    expect(error).toMatchObject({
      name: "GuardMissing",
      message: "this guard function has no onSubscriptionRequest for stories/5",
    });
  });

  test("before Lambda ends it, if that is sooner than the caller's timeout", async () => {
    const error = await failing({ onConnectionRequest: () => undefined }, request("onConnectionRequest"), {
      getRemainingTimeInMillis: () => 100,
    });
    expect(error).toMatchObject({ name: "GuardTimeout" });
  });

  // It waits for onDisconnect for longer than the timeout of other guards.
  test("when onDisconnect rejects, so that Lambda retries", async () => {
    let done = (): void => undefined;
    const wait = new Promise<void>((resolve) => (done = resolve));
    const told = failing(
      { onDisconnect: () => wait.then(() => Promise.reject(new Error("planted secret"))) },
      request("onDisconnect", { timeoutMs: 1 }),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    done();
    expect(await told).toMatchObject({ name: "GuardFailed" });
  });
});

test.each([
  [undefined, undefined, false],
  ["Text", undefined, false],
  // Variables that the function sets itself: its log has no levels all the same.
  ["Text", "DEBUG", false],
  [undefined, "DEBUG", false],
  ["JSON", undefined, false],
  ["JSON", "INFO", false],
  ["JSON", "DEBUG", true],
  ["JSON", "TRACE", true],
])("a %s log at level %s has the thrown message: %s", async (format, level, told) => {
  logging(format, level);
  const handler = guardHandler({ onConnectionRequest: () => Promise.reject(new Error("planted secret")) });
  await expect(handler(request("onConnectionRequest"))).rejects.toThrow("failed");
  expect(logged).toMatchObject(thrown("onConnectionRequest").slice(0, told ? 2 : 1));
  expect(JSON.stringify(logged).includes("planted secret")).toBe(told);
});

test("the first verdict stands even if the guard throws later", async () => {
  const handler = guardHandler({
    onConnectionRequest(agent) {
      agent.connectionDenied("First.");
      agent.connected();
      throw new Error("after");
    },
  });
  expect(await handler(request("onConnectionRequest"))).toMatchObject({
    verdict: "connectionDenied",
    reason: "First.",
  });
  expect(logged).toMatchObject([
    { level: "warn", line: { event: "guard_verdict_ignored" } },
    ...thrown("onConnectionRequest"),
  ]);
});

test.each<[string, unknown, RegExp]>([
  ["nothing", undefined, /default export/],
  ["a handler that is not a function", { onConnectionRequest: 1 }, /onConnectionRequest is not a function/],
  ["an invalid channel pattern", { channels: { "a*": {} } }, /neither a channel name nor a pattern/],
  [
    "an empty channel name, which would hide the default",
    { channels: { "": {} } },
    /"" is not a valid channel pattern/,
  ],
  ["a guard that would never run", { channels: { a: { onDisconnect() {} } } }, /would never run/],
])("guardHandler throws at start for %s", (_, guards, message) => {
  expect(() => guardHandler(guards as Guards)).toThrow(message);
});
