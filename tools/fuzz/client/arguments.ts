import { parseInteger, parseOptions } from "../../lib/arguments.js";
import { MAX_SEED } from "../../lib/random.js";

/** The help text of `npm run fuzz:client -- --help`. */
export const CLIENT_FUZZ_HELP = `npm run fuzz:client -- [options]

  --runs N        number of walks (300)
  --steps N       steps of each walk (60)
  --seed N        seed of the walks (random)
  --path P        run only the walk that a report names, and print its trace
  --workers N     number of processes (all cores)
  --without LIST  leave these commands out: rotate,cut
  --client DIR    use client/ of this folder instead of the repository's
  --keep-going    continue after a violation; report one for each part of the run
  --json          print one line of JSON
  --help          print this
`;

/** The parsed command line. */
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

const OPTIONS = {
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
} as const;

/** Parses the command line. */
export const parseClientFuzzArguments = (
  args: string[],
  defaults: { seed: number; workers: number },
): { help: boolean; json: boolean; options: ClientFuzzOptions } => {
  const values = parseOptions("npm run fuzz:client --", OPTIONS, args);
  const integer = (name: "runs" | "steps" | "seed" | "workers", otherwise: number, min = 1): number =>
    values[name] === undefined ? otherwise : parseInteger(name, values[name], min, MAX_SEED);
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    options: {
      runs: integer("runs", 300),
      steps: integer("steps", 60),
      seed: integer("seed", defaults.seed, -MAX_SEED - 1),
      ...(values.path !== undefined && { path: values.path }),
      workers: integer("workers", defaults.workers),
      without: values.without?.split(",") ?? [],
      ...(values.client !== undefined && { client: values.client }),
      keepGoing: values["keep-going"] ?? false,
    },
  };
};
