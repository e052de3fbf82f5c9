/** How many measurements there are, and how they are spread, in milliseconds. */
export interface Spread {
  count: number;
  p50: number;
  p95: number;
  p99: number;
}

/** The value below which a share of the measurements lies (nearest rank). */
export const rank = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;

/** The spread of some measurements, in any order; `undefined` if there are none. */
export const spreadOf = (measurements: readonly number[]): Spread | undefined => {
  if (measurements.length === 0) return undefined;
  const sorted = [...measurements].sort((a, b) => a - b);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => Math.round(rank(sorted, share) * 10) / 10) as [
    number,
    number,
    number,
  ];
  return { count: sorted.length, p50, p95, p99 };
};

/** Longer times are written in minutes. */
const MINUTES_MS = 120_000;

/** A time for people. */
export const inWords = (ms: number): string => {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${ms.toFixed(0)} ms`;
  return ms < MINUTES_MS ? `${(ms / 1_000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
};
