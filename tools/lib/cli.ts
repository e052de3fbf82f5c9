import { UserError } from "../../local/core/user-error.js";

/** Runs the main function of a tool with the arguments of the process. Prints an error and exits with 1 if it fails. */
export const runCli = (main: (args: string[]) => Promise<void>): void => {
  main(process.argv.slice(2)).catch((error: unknown) => {
    const text =
      error instanceof UserError ? [error.message, error.next].filter(Boolean).join("\n") : (error as Error).stack;
    process.stderr.write(`✗ ${text ?? String(error)}\n`);
    process.exitCode = 1;
  });
};
