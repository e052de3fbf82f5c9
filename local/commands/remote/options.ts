import { parseArgs, type ParseArgsConfig } from "node:util";
import { UserError } from "../../core/user-error.js";

/**
 * Reads the options of a command for deployed systems.
 * @throws UserError for an unknown option. The message repeats no argument without an option: it may be the
 * credentials, after a space too many.
 */
export const optionsOf = <Options extends NonNullable<ParseArgsConfig["options"]>>(
  command: string,
  options: Options,
  args: string[],
) => {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const { message } = error as Error;
    const said = message.includes("Unexpected argument") ? "There is an argument that belongs to no option." : message;
    throw new UserError(said, `push-it-cli ${command} --help lists the options.`);
  }
};
