import {
  type AttemptOutcome,
  NEW_EVENT,
  type NextStep,
  nextStep,
} from "../../../../../local/services/lambda/async/policy.js";

const HOURS = 3_600_000;
const DEFAULTS = { retries: 2, maxAgeMs: 6 * HOURS };

/** The actions after these attempts. The attempts themselves take no time. */
const follow = (outcomes: AttemptOutcome[], settings = DEFAULTS): (number | string)[] => {
  let [history, age] = [NEW_EVENT, 0];
  return outcomes.map((outcome) => {
    const step: NextStep = nextStep(outcome, history, settings, age);
    if (step.do !== "retry") return step.do === "discard" ? step.condition : step.do;
    history = step.history;
    age += step.afterMs;
    return step.afterMs;
  });
};

describe("after an attempt", () => {
  test.each<[string, AttemptOutcome[], (number | string)[]]>([
    ["that succeeded, it is over", ["success"], ["finish"]],
    [
      "that failed, one minute later and then two, and no more",
      ["error", "error", "error"],
      [60_000, 120_000, "RetriesExhausted"],
    ],
    [
      "that was throttled, later and later, from a second to five minutes",
      Array<AttemptOutcome>(11).fill("throttled"),
      [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000],
    ],
    [
      "throttles count for nothing, and begin anew after a run",
      ["throttled", "throttled", "error", "throttled", "error", "error"],
      [1000, 2000, 60_000, 1000, 120_000, "RetriesExhausted"],
    ],
    ["that failed, a success ends it", ["error", "success"], [60_000, "finish"]],
  ])("%s", (_, outcomes, steps) => {
    expect(follow(outcomes)).toEqual(steps);
  });

  test.each([
    [0, ["RetriesExhausted"]],
    [1, [60_000, "RetriesExhausted"]],
  ])("a function's own number of retries counts: %d", (retries, steps) => {
    expect(follow(Array<AttemptOutcome>(steps.length).fill("error"), { ...DEFAULTS, retries })).toEqual(steps);
  });

  test("an event is dropped if its next attempt would be too late", () => {
    expect(follow(["error"], { retries: 2, maxAgeMs: 60_000 })).toEqual([60_000]);
    expect(follow(["error", "error"], { retries: 2, maxAgeMs: 100_000 })).toEqual([60_000, "EventAgeExceeded"]);
    expect(follow(["throttled", "throttled", "throttled"], { retries: 0, maxAgeMs: 3000 })).toEqual([
      1000,
      2000,
      "EventAgeExceeded",
    ]);
  });

  test("throttles alone use up the six hours", () => {
    const steps = follow(Array<AttemptOutcome>(100).fill("throttled"));
    const given = steps.indexOf("EventAgeExceeded");
    const waited = steps.slice(0, given).reduce<number>((sum, each) => sum + Number(each), 0);
    expect(waited).toBeLessThanOrEqual(6 * HOURS);
    expect(waited).toBeGreaterThan(6 * HOURS - 300_000);
  });
});
