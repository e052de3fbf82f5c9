import { parseArgs, type ParseArgsConfig } from "node:util";
import { UserError } from "../../local/core/user-error.js";

/**
 * Parses the options of a tool.
 * @param command how the tool is started, such as `npm run fuzz --`
 * @throws UserError for an unknown option or a missing value
 */
export const parseOptions = <Options extends NonNullable<ParseArgsConfig["options"]>>(
  command: string,
  options: Options,
  args: string[],
) => {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UserError((error as Error).message, `${command} --help lists the options.`);
  }
};

/**
 * Reads the value of an option as an integer.
 * @throws UserError if it is not an integer from `min` to `max`
 */
export const parseInteger = (option: string, text: string, min: number, max: number): number => {
  const value = Number(text);
  if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UserError(`--${option} ${text} is not a whole number from ${min} to ${max}.`);
};
