import { nextAttempt, type NextStep, NEW_CONNECTION_MS } from "../../../lambdas/delivery/retry.js";
import type { PostResult } from "../../../lambdas/ports.js";

const OLD = NEW_CONNECTION_MS;
const YOUNG = NEW_CONNECTION_MS - 1;
const PLENTY = 60_000;

/** All steps after one result that repeats, with plenty of time. */
const course = (result: PostResult, age: number, chance = 0.5, attempts = 8): NextStep[] =>
  Array.from({ length: attempts }, (_, at) => nextAttempt(result, at + 1, age, PLENTY, chance));

const waits = (steps: NextStep[]): number[] => steps.flatMap((next) => (next.step === "retry" ? [next.afterMs] : []));

test("a frame that was sent is done", () => {
  expect(nextAttempt("sent", 1, YOUNG, PLENTY, 0.5)).toEqual({ step: "done" });
});

test("a frame that was refused (403, 413) is not retried", () => {
  expect(nextAttempt("refused", 1, OLD, PLENTY, 0.5)).toEqual({ step: "give up" });
});

describe("a 410", () => {
  test("removes a connection of 30 s or more at once", () => {
    expect(nextAttempt("gone", 1, OLD, PLENTY, 0.5)).toEqual({ step: "remove" });
  });

  test("within 30 s of connectedAt is retried and never removes", () => {
    const steps = course("gone", YOUNG);
    expect(steps.map(({ step }) => step)).not.toContain("remove");
    expect(steps[0]).toEqual({ step: "retry", afterMs: 50 });
    expect(steps.at(-1)).toEqual({ step: "slow" });
  });

  test("of a new connection delays a publication by less than a second", () => {
    expect(waits(course("gone", YOUNG)).reduce((sum, wait) => sum + wait, 0)).toBeLessThan(1_000);
  });

  test("removes a connection that reaches 30 s during retries", () => {
    expect(nextAttempt("gone", 3, YOUNG, PLENTY, 0.5).step).toBe("retry");
    expect(nextAttempt("gone", 4, OLD, PLENTY, 0.5).step).toBe("remove");
  });
});

describe.each(["busy", "failed"] as const)("%s (429, 5xx)", (result) => {
  test("is retried with full jitter: up to twice the last maximum", () => {
    expect(waits(course(result, OLD, 0))).toEqual(Array.from({ length: 8 }, () => 0));
    expect(waits(course(result, OLD, 0.999_999))).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
    expect(waits(course(result, OLD, 0.5))).toEqual([50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  test("is retried alike for a new connection", () => {
    expect(course(result, YOUNG)).toEqual(course(result, OLD));
  });

  test("is left to a worker if the wait exceeds the remaining time", () => {
    expect(nextAttempt(result, 1, OLD, 51, 0.5)).toEqual({ step: "retry", afterMs: 50 });
    expect(nextAttempt(result, 1, OLD, 50, 0.5)).toEqual({ step: "slow" });
    expect(nextAttempt(result, 1, OLD, 0, 0)).toEqual({ step: "slow" });
    expect(nextAttempt(result, 1, OLD, -1, 0)).toEqual({ step: "slow" });
  });
});
