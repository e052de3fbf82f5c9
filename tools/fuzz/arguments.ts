import { UserError } from "../../local/core/user-error.js";
import { parseInteger, parseOptions } from "../lib/arguments.js";
import { MAX_SEED } from "../lib/random.js";
import type { FuzzOptions } from "./driver.js";

/** What `npm run fuzz -- --help` says. */
export const FUZZ_HELP = `fuzz: fires generated frames at a local Push-It, and judges all that comes back by docs/PROTOCOL.md

  npm run fuzz -- [options]

Options
  --runs N       how many frames and handshakes are judged (default 2000)
  --seed S       a whole number; the same seed fires the same frames (default: chosen, and told)
  --path PATH    with --seed: only the episode, or the shrunk form of it, that a violation names
  --json         print one line of JSON on stdout, and nothing else there
  --help         this

Starts the system itself, talks to 127.0.0.1 only, and ends it. Exits with 1 when there were violations.
`;

/** What was asked for on the command line. */
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
 * Reads the command line.
 * @param chosen the seed where none is given
 * @throws UserError for an option that does not exist, or a value that cannot be
 */
export const parseFuzzArguments = (args: string[], chosen: number): FuzzArguments => {
  const { runs, seed, path, json = false, help = false } = parseOptions("npm run fuzz --", OPTIONS, args);
  if (path !== undefined && seed === undefined) throw new UserError("--path needs the --seed that it belongs to.");
  if (path !== undefined && !/^\d+(:\d+)*$/.test(path))
    throw new UserError(`--path ${path} is no path such as 17:0:3.`);
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
