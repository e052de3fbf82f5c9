import { Failure, messageOf } from "./failure.js";
import { DEV_HELP } from "./dev/arguments.js";
import { dev } from "./dev/command.js";
import { styleFor } from "./dev/style.js";
import { version } from "./package.json";

const HELP = `push-it-cli ${version}: realtime publish and subscribe on AWS serverless

  push-it-cli dev [options]    run a Push-It construct of your CDK app on this machine
  push-it-cli --version
  push-it-cli --help

${DEV_HELP}`;

/** The built package: this file is `dist/cli.js`. */
const DIST = __dirname;

const main = async ([command, ...rest]: string[]): Promise<void> => {
  if (command === "dev") return await dev(rest, DIST);
  if (command === "--version" || command === "-v") return void process.stdout.write(`${version}\n`);
  if (command === undefined || command === "--help" || command === "-h") return void process.stdout.write(HELP);
  throw new Failure(`There is no command ${command}.`, "push-it-cli --help lists what there is.");
};

main(process.argv.slice(2)).catch((error: unknown) => {
  const style = styleFor(process.stderr);
  const next = error instanceof Failure && error.next ? `\n${style.cyan("→")} ${error.next}` : "";
  const detail =
    error instanceof Failure || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message);
  process.stderr.write(`${style.red("✗")} ${detail}${next}\n`);
  process.exit(1);
});
