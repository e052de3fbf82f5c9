/** An axis: its tick values, and the position of a value between both ends, from 0 to 1. */
export interface Axis {
  ticks: number[];
  share(value: number): number;
}

/** Approximate number of ticks. */
const LINES = 5;

/** The smallest of 1, 2, 5, 10, 20 … that is at least the value. */
const niceStep = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5, 10].find((each) => each * power >= value * 0.999) ?? 10);
};

/** From 0 to the first tick that is at least the maximum. */
const linearAxis = (values: readonly number[]): Axis => {
  const step = niceStep(Math.max(...values, Number.MIN_VALUE) / LINES);
  const lines = Math.max(1, Math.ceil(Math.max(...values) / step - 1e-9));
  const ticks = Array.from({ length: lines + 1 }, (_, index) => Number((index * step).toPrecision(12)));
  return { ticks, share: (value) => value / (lines * step) };
};

/** From a power of ten to a power of ten. Values up to 0 are at the lower end. */
const logAxis = (values: readonly number[]): Axis => {
  const positive = values.filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.min(...positive)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...positive)) - 1e-9));
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
  const share = (value: number): number => (value > 0 ? (Math.log10(value) - low) / (high - low) : 0);
  return { ticks, share: (value) => Math.min(1, Math.max(0, share(value))) };
};

/**
 * Creates an axis for values.
 * @param log whether the scale is logarithmic
 * @throws Error if no value is above 0
 */
export const axisFor = (values: readonly number[], log = false): Axis => {
  if (!values.some((value) => value > 0)) throw new Error("a chart needs a value above 0");
  return log ? logAxis(values) : linearAxis(values);
};
