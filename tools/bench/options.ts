import { UserError } from "../../local/core/user-error.js";

/** The values of a benchmark's own options by name. */
export type Options = Readonly<Record<string, string | boolean | undefined>>;

/** The bounds of a numeric option. */
interface Bounds {
  /** The value if the option is missing. */
  defaultValue: number;
  /** @default 1 */
  min?: number;
  max: number;
}

/**
 * Reads a numeric option.
 * @throws UserError if it is not a number, or out of bounds
 * @example numberOption({ seconds: "60" }, "seconds", { defaultValue: 30, max: 3600 })
 */
export const numberOption = (options: Options, name: string, { defaultValue, min = 1, max }: Bounds): number => {
  const given = options[name];
  if (given === undefined) return defaultValue;
  const number = typeof given === "string" && given.trim() !== "" ? Number(given) : NaN;
  if (number >= min && number <= max) return number;
  throw new UserError(`--${name} ${given} is not a number from ${min} to ${max}.`);
};

/**
 * Reads an integer option.
 * @throws UserError if it is not an integer, or out of bounds
 */
export const integerOption = (options: Options, name: string, bounds: Bounds): number => {
  const number = numberOption(options, name, bounds);
  if (Number.isInteger(number)) return number;
  throw new UserError(`--${name} ${number} is not a whole number.`);
};
