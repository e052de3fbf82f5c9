import { UserError } from "../../local/core/user-error.js";
import { parseInteger, parseOptions } from "../lib/arguments.js";
import { MAX_SEED } from "../lib/random.js";
import type { FuzzOptions } from "./driver.js";

/** The help text of `npm run fuzz -- --help`. */
export const FUZZ_HELP = `fuzz: sends generated frames to a local Push-It, and checks every answer by docs/PROTOCOL.md

  npm run fuzz -- [options]

Options
  --runs N       number of frames and handshakes (default 2000)
  --seed S       a whole number; the same seed sends the same frames (default: random, and printed)
  --path PATH    with --seed: run only the episode that a violation names, or its shrunk form
  --json         print one line of JSON on stdout, and everything else on stderr
  --help         print this text

Starts the system, connects to 127.0.0.1 only, and stops it. Exits with 1 if there are violations.
`;

/** The parsed command line. */
export interface FuzzArguments {
  help: boolean;
  json: boolean;
  options: FuzzOptions;
}

const RUNS = 2_000;
const MAX_RUNS = 10_000_000;

const OPTIONS = {
  runs: { type: "string" },
  seed: { type: "string" },
  path: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * Parses the command line.
 * @param chosen the seed if `--seed` is missing
 * @throws UserError for an unknown option or an invalid value
 */
export const parseFuzzArguments = (args: string[], chosen: number): FuzzArguments => {
  const { runs, seed, path, json = false, help = false } = parseOptions("npm run fuzz --", OPTIONS, args);
  if (path !== undefined && seed === undefined)
    throw new UserError("--path needs --seed: give the seed of the same violation.");
  if (path !== undefined && !/^\d+(:\d+)*$/.test(path))
    throw new UserError(`--path ${path} is invalid: give a path such as 17:0:3.`);
  return {
    help,
    json,
    options: {
      runs: parseInteger("runs", runs ?? String(RUNS), 1, MAX_RUNS),
      seed: parseInteger("seed", seed ?? String(chosen), 0, MAX_SEED),
      ...(path === undefined ? {} : { path }),
    },
  };
};
