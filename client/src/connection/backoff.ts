/**
 * How long to wait before a retry, in milliseconds. This is "full jitter": a random time up to a bound that doubles
 * with each attempt. So clients that lost their connections together reconnect spread over the whole bound.
 * @param attempt the number of failed attempts before, from 0
 * @param base the bound of the first retry, in milliseconds
 * @param cap the largest bound, in milliseconds
 * @param random a number from 0 to 1, as `Math.random()` returns it
 * @example backoff(3, 1_000, 30_000, Math.random()) // 0 … 8,000
 */
export const backoff = (attempt: number, base: number, cap: number, random: number): number =>
  random * Math.min(cap, base * 2 ** attempt);
