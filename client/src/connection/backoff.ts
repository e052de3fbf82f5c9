/**
 * How long to wait before a retry, in milliseconds: "full jitter", anything from 0 to a bound that doubles with each
 * attempt. Clients that one outage cut off come back spread over the whole bound.
 * @param attempt how many attempts have failed before, from 0
 * @param base the bound of the first retry, in milliseconds
 * @param cap the largest bound, in milliseconds
 * @param random a number from 0 to 1, such as `Math.random()` gives
 * @example backoff(3, 1_000, 30_000, Math.random()) // 0 … 8,000
 */
export const backoff = (attempt: number, base: number, cap: number, random: number): number =>
  random * Math.min(cap, base * 2 ** attempt);
