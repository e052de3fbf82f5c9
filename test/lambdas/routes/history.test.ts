import { history } from "../../../lambdas/routes/history.js";
import { RateLimiter } from "../../../lambdas/requests/rate-limiter.js";
import { HISTORY_REQUESTS } from "../../../lambdas/requests/request-rates.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { agentOf, TestClock, TestLog } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";
import { MemoryHistories } from "../history/history-fakes.js";

test("a history request passes its token to the guard", async () => {
  const clock = new TestClock();
  const asked: unknown[] = [];
  const subscription: typeof openGuards.subscription = (agent, channel, token) => {
    asked.push(token);
    return openGuards.subscription(agent, channel);
  };
  const system = {
    settings: { ...DEFAULT_SETTINGS, channels: { "kept/*": { history: { size: 10, seconds: 60 } } } },
    guards: { ...openGuards, subscription },
    clock,
    log: new TestLog(),
    histories: new MemoryHistories(clock, 900, new MemoryStore()),
    rate: new RateLimiter(HISTORY_REQUESTS, clock, 10),
  };
  const ask = (data: object) =>
    history(
      system,
      agentOf("c1"),
      JSON.stringify({ action: "history", channel: "/meta/history", uuid: "u1", data: { channel: "kept/1", ...data } }),
    );
  expect(await ask({ token: { ticket: 7 } })).toMatchObject([{ successful: true }]);
  expect(await ask({})).toMatchObject([{ successful: true }]);
  expect(await ask({ token: "x".repeat(2_047) })).toEqual([
    {
      channel: "/meta/history",
      uuid: "u1",
      successful: false,
      code: "too_large",
      error: "A token may have at most 2048 bytes of JSON.",
      data: { channel: "kept/1" },
    },
  ]);
  expect(asked).toEqual([{ ticket: 7 }, undefined]);
});

// Other agents are not affected.
test("history requests above the rate are refused before any guard or read", async () => {
  const clock = new TestClock();
  const store = new MemoryStore();
  let asked = 0;
  const subscription: typeof openGuards.subscription = (...what) => ((asked += 1), openGuards.subscription(...what));
  const system = {
    settings: { ...DEFAULT_SETTINGS, channels: { "kept/*": { history: { size: 10, seconds: 60 } } } },
    guards: { ...openGuards, subscription },
    clock,
    log: new TestLog(),
    histories: new MemoryHistories(clock, 900, store),
    rate: new RateLimiter(HISTORY_REQUESTS, clock, 10),
  };
  const ask = async (channel = "kept/1", connectionId = "c1") => {
    const [answer] = await history(
      system,
      agentOf(connectionId),
      JSON.stringify({ action: "history", channel: "/meta/history", uuid: "u1", data: { channel } }),
    );
    return answer;
  };
  for (let times = 0; times < HISTORY_REQUESTS.burst; times += 1)
    expect(await ask()).toMatchObject({ successful: true });
  const reads = store.calls.length;
  expect(await ask()).toMatchObject({
    channel: "/meta/history",
    uuid: "u1",
    successful: false,
    code: "rate_limited",
    data: { channel: "kept/1" },
  });
  expect(await ask("plain")).toMatchObject({ code: "no_history" });
  expect([asked, store.calls.length]).toEqual([HISTORY_REQUESTS.burst, reads]);
  expect(await ask("kept/1", "c2")).toMatchObject({ successful: true });
  clock.advance(1_000);
  for (let times = 0; times < HISTORY_REQUESTS.perSecond; times += 1)
    expect(await ask()).toMatchObject({ successful: true });
  expect(await ask()).toMatchObject({ code: "rate_limited" });
});
