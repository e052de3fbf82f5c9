import { parseArgs, type ParseArgsConfig } from "node:util";
import { UserError } from "../../core/user-error.js";

/**
 * Reads the options of a command for what is deployed.
 * @throws UserError for an option that does not exist. The message repeats no argument that belongs to no option: it may be
 * the credentials, after a space too many.
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
