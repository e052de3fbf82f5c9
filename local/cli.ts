import { join } from "node:path";
import { UserError, messageOf } from "./core/user-error.js";
import { DEV_HELP } from "./dev/command/arguments.js";
import { dev } from "./dev/command/command.js";
import { styleFor } from "./core/terminal-style.js";
import { version } from "./package.json";

const HELP = `push-it-cli ${version}: realtime publish and subscribe on AWS serverless

  push-it-cli dev [options]    run a Push-It construct of your CDK app on this machine
  push-it-cli check --url URL  tell whether a deployed Push-It keeps its promises (check --help)
  push-it-cli load --url URL   a load test of a Push-It of your own (load --help)
  push-it-cli --version
  push-it-cli --help

${DEV_HELP}`;

/** The built package: this file is `dist/cli.js`. */
const DIST = __dirname;

/** A command for deployed systems. Its bundle in `dist` is loaded on demand. It returns the exit status. */
interface Tool {
  run(args: string[]): Promise<number>;
}

const TOOLS = ["check", "load"];

/** The exit status of a command for deployed systems if it could not run. For `dev` it is 1. */
const NOT_RUN = 2;

const main = async ([command, ...rest]: string[]): Promise<void> => {
  if (command === "dev") return await dev(rest, DIST);
  if (command !== undefined && TOOLS.includes(command)) {
    const tool = (await import(join(DIST, `${command}.js`))) as Tool;
    return void (process.exitCode = await tool.run(rest));
  }
  if (command === "--version" || command === "-v") return void process.stdout.write(`${version}\n`);
  if (command === undefined || command === "--help" || command === "-h") return void process.stdout.write(HELP);
  throw new UserError(`There is no command ${command}.`, "push-it-cli --help lists what there is.");
};

/** Each bundle has its own `UserError` class, so the name decides. */
const isUserError = (error: unknown): error is UserError => error instanceof Error && error.name === "UserError";

main(process.argv.slice(2)).catch((error: unknown) => {
  const style = styleFor(process.stderr);
  const next = isUserError(error) && error.next ? `\n${style.cyan("→")} ${error.next}` : "";
  const detail = isUserError(error) || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message);
  process.stderr.write(`${style.red("✗")} ${detail}${next}\n`);
  process.exit(TOOLS.includes(process.argv[2] ?? "") ? NOT_RUN : 1);
});
