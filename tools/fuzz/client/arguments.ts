import { parseArgs } from "node:util";
import { UserError } from "../../../local/core/user-error.js";

/** What `npm run fuzz:client` prints for `--help`. */
export const CLIENT_FUZZ_HELP = `npm run fuzz:client -- [options]

  --runs N        how many walks to take (300)
  --steps N       how many steps each has (60)
  --seed N        where they begin (random)
  --path P        take one walk only, as a report names it, and print all that happens in it
  --workers N     how many processes to use (all cores)
  --without LIST  leave these commands out: rotate,cut
  --client DIR    take client/ from this folder instead of the repository
  --keep-going    go on after a violation; report one for each part of the run
  --json          print one line of JSON
  --help          print this
`;

/** What the command line asks for. */
export interface ClientFuzzOptions {
  runs: number;
  steps: number;
  seed: number;
  path?: string;
  workers: number;
  without: string[];
  keepGoing: boolean;
  /** A folder whose `client/` is used instead of the repository's. */
  client?: string;
}

const number = (name: string, text: string | undefined, otherwise: number, least: number): number => {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new UserError(`--${name} ${text}: not a whole number from ${least} on`);
  return value;
};

/** Reads the command line. */
export const parseClientFuzzArguments = (
  args: string[],
  defaults: { seed: number; workers: number },
): { help: boolean; json: boolean; options: ClientFuzzOptions } => {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: "string" },
      steps: { type: "string" },
      seed: { type: "string" },
      path: { type: "string" },
      workers: { type: "string" },
      without: { type: "string" },
      client: { type: "string" },
      "keep-going": { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    options: {
      runs: number("runs", values.runs, 300, 1),
      steps: number("steps", values.steps, 60, 1),
      seed: number("seed", values.seed, defaults.seed, -(2 ** 31)),
      ...(values.path !== undefined && { path: values.path }),
      workers: number("workers", values.workers, defaults.workers, 1),
      without: values.without?.split(",") ?? [],
      ...(values.client !== undefined && { client: values.client }),
      keepGoing: values["keep-going"] ?? false,
    },
  };
};
