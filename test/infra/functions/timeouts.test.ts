import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { DEFAULT_TIMEOUTS } from "../../../protocol/deployment-defaults.js";
import { POST_MS } from "../../../lambdas/history/latest-replies.js";
import { FUNCTION_TIMEOUT_MS } from "../../../infra/props/limits.js";
import { MARGIN_MS } from "../../../infra/functions/budgets.js";
import { FUNCTION_NAMES } from "../../../infra/functions/registry.js";
import { timeoutError, timeoutParts, timeoutSeconds } from "../../../infra/functions/timeouts.js";

const secondsOf = (name: (typeof FUNCTION_NAMES)[number], timeouts = DEFAULT_TIMEOUTS) =>
  timeoutSeconds(timeoutParts(name, { ...DEFAULT_SETTINGS, timeouts }));

describe("a function's timeout", () => {
  test.each([
    ["connect", 15],
    ["subscribe", 6],
    ["unsubscribe", 6],
    ["publish", 17],
    ["send", 17],
    ["disconnect", 16],
    ["sweep", 28],
    ["serverApi", 16],
    ["connectStatus", 7],
    ["ping", 7],
    ["heartbeat", 7],
    ["state", 7],
    ["default", 7],
    ["refresh", 16],
    ["lingerFlusher", 300],
    ["presence", 6],
    ["presenceNotifier", 90],
    ["history", 9],
  ] as const)("of %s is %i s with the default settings", (name, seconds) => {
    expect(secondsOf(name)).toBe(seconds);
  });

  test("follows its own guard's timeout only", () => {
    const timeouts = { ...DEFAULT_TIMEOUTS, onSubscriptionRequest: 7_000 };
    const changed = FUNCTION_NAMES.filter((name) => secondsOf(name, timeouts) !== secondsOf(name));
    expect(changed).toEqual(["subscribe", "presence", "history"]);
  });

  // This is so if some channel keeps its latest message.
  test("of subscribe includes the delivery guard and a post for latest", () => {
    const parts = timeoutParts("subscribe", { ...DEFAULT_SETTINGS, channels: { "prices/*": { latest: true } } });
    expect(parts).toEqual({
      "timeouts.onSubscriptionRequest": 1_000,
      "timeouts.onMessageReceived": 1_000,
      posting: POST_MS,
    });
  });

  test("of subscribe includes the delivery guard for history", () => {
    const parts = timeoutParts("subscribe", {
      ...DEFAULT_SETTINGS,
      channels: { "kept/*": { history: { size: 1, seconds: 60 } } },
    });
    expect(parts).toEqual({ "timeouts.onSubscriptionRequest": 1_000, "timeouts.onMessageReceived, 3 times,": 3_000 });
  });

  test("exceeds the guard's by the margin, also when rounded", () => {
    for (const guard of [100, 999, 1_001, 1_500]) {
      const seconds = secondsOf("subscribe", { ...DEFAULT_TIMEOUTS, onSubscriptionRequest: guard });
      expect(Number.isInteger(seconds)).toBe(true);
      expect(seconds * 1_000).toBeGreaterThanOrEqual(guard + MARGIN_MS);
      expect(seconds * 1_000).toBeLessThan(guard + MARGIN_MS + 1_000);
    }
  });
});

describe("a timeout that is too long", () => {
  test("is one over 28 s, with a reason that names its props", () => {
    const reason = timeoutError("publish", timeoutParts("publish", { ...DEFAULT_SETTINGS, fanOutMs: 25_000 }));
    expect(reason).toContain("the publish function would need 32 s");
    expect(reason).toContain("timeouts.onPublicationRequest 1 s");
    expect(reason).toContain("fanOutBudget 25 s");
    expect(reason).toContain("at most 28 s");
  });

  test("is not one of exactly 28 s", () => {
    const parts = timeoutParts("publish", { ...DEFAULT_SETTINGS, fanOutMs: FUNCTION_TIMEOUT_MS - MARGIN_MS - 2_000 });
    expect(timeoutSeconds(parts)).toBe(28);
    expect(timeoutError("publish", parts)).toBeUndefined();
  });
});
