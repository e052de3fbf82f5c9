import { UserError } from "../../local/core/user-error.js";

/** What a benchmark's own options were given, by name. */
export type Options = Readonly<Record<string, string | boolean | undefined>>;

/** What an option's number may be. */
interface Bounds {
  /** Where the option is not given. */
  defaultValue: number;
  /** @default 1 */
  min?: number;
  max: number;
}

/**
 * An option that is a number.
 * @throws UserError when it is none, or out of bounds
 * @example numberOf({ seconds: "60" }, "seconds", { otherwise: 30, max: 3600 })
 */
export const numberOption = (options: Options, name: string, { defaultValue, min = 1, max }: Bounds): number => {
  const given = options[name];
  if (given === undefined) return defaultValue;
  const number = typeof given === "string" && given.trim() !== "" ? Number(given) : NaN;
  if (number >= min && number <= max) return number;
  throw new UserError(`--${name} ${given} is not a number from ${min} to ${max}.`);
};

/**
 * An option that is a whole number.
 * @throws UserError when it is none, or out of bounds
 */
export const integerOption = (options: Options, name: string, bounds: Bounds): number => {
  const number = numberOption(options, name, bounds);
  if (Number.isInteger(number)) return number;
  throw new UserError(`--${name} ${number} is not a whole number.`);
};
