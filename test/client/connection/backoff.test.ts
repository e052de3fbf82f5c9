import { backoff } from "../../../client/src/connection/backoff.js";

describe("backoff", () => {
  it("doubles its bound with each attempt, up to the cap", () => {
    const bounds = [0, 1, 2, 3, 4, 5, 6, 100].map((attempt) => backoff(attempt, 1_000, 30_000, 1));
    expect(bounds).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("has full jitter: from 0 to the bound", () => {
    expect(backoff(3, 1_000, 30_000, 0)).toBe(0);
    expect(backoff(3, 1_000, 30_000, 0.25)).toBe(2_000);
    expect(backoff(3, 1_000, 30_000, 0.999)).toBeLessThan(8_000);
  });

  it("stays finite after weeks of failures", () => {
    expect(backoff(5_000, 1_000, 30_000, 0.5)).toBe(15_000);
  });
});
