import { rank } from "../../local/commands/remote/numbers.js";

/** Percentiles of measurements. */
export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

/** Rounds to two decimals. */
export const roundTo2 = (value: number): number => Math.round(value * 100) / 100;

/** The percentiles of measurements in any order. */
export const percentilesOf = (measurements: readonly number[]): Percentiles => {
  const sorted = [...measurements].sort((a, b) => a - b);
  return { p50: roundTo2(rank(sorted, 0.5)), p95: roundTo2(rank(sorted, 0.95)), p99: roundTo2(rank(sorted, 0.99)) };
};
