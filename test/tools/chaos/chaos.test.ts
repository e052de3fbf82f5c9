import { join } from "node:path";
import { chaos, type Outcome } from "../../../tools/chaos/chaos.js";
import { failureText, failuresOf } from "../../../tools/chaos/report.js";
import { FAULT_KINDS } from "../../../tools/chaos/schedule.js";

const OPTIONS = { seed: 1, messages: 200, dynamodb: process.env["PUSH_IT_TEST_DYNAMODB"] ?? "embedded" };
const TIME_MS = 900_000;

describe(`a chaos run of ${OPTIONS.messages} messages`, () => {
  let outcome: Outcome;
  beforeAll(async () => {
    const nothing = (): void => undefined;
    outcome = await chaos(join(__dirname, "../../.."), OPTIONS, { published: nothing, phase: nothing });
  }, TIME_MS);

  it("finds nothing wrong", () => {
    const wrong = failuresOf(outcome, OPTIONS);
    expect(wrong.length === 0 ? "" : failureText(outcome, OPTIONS)).toBe("");
  });

  it("has struck with everything", () => {
    expect(FAULT_KINDS.filter((kind) => outcome.faults[kind] < 1)).toEqual([]);
    const { lifetime, guardSlow, guardDead } = outcome.faults;
    expect(Math.min(lifetime, guardSlow, guardDead)).toBeGreaterThan(0);
  });

  it("has had clients do everything that they do with their subscriptions", () => {
    expect(Object.entries(outcome.churn).filter(([, times]) => times < 1)).toEqual([]);
    expect(Object.entries(outcome.checked).filter(([, times]) => times < 1)).toEqual([]);
  });

  it("has published, and recovered", () => {
    expect(outcome.published).toBeGreaterThanOrEqual(OPTIONS.messages);
    expect(outcome.acknowledged).toBeGreaterThan(OPTIONS.messages / 2);
    expect(outcome.recoveries).toBeGreaterThan(0);
  });
});
