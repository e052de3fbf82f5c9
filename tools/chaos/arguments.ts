import { UserError } from "../../local/core/user-error.js";
import { parseInteger, parseOptions } from "../lib/arguments.js";
import { MAX_SEED } from "../lib/random.js";
import type { ChaosOptions } from "./chaos.js";

/** What `npm run chaos -- --help` says. */
export const CHAOS_HELP = `chaos: runs a local Push-It in which everything fails now and then, and judges what became of each message

  npm run chaos -- [options]

Options
  --messages N      how many are published (default 5000)
  --seed S          a whole number; the same seed publishes the same, and strikes at the same times (default: chosen, and told)
  --dynamodb D      embedded, or local (Amazon's DynamoDB Local; default: embedded)
  --json            print one line of JSON on stdout, and nothing else there
  --help            this

Starts the system itself, talks to 127.0.0.1 only, and ends it. Exits with 1 when something is lost, comes twice, in another
order, or to whom no guard permits it, when rows of dead agents stay, or when a fault struck less than 20 times in 5,000
messages. See docs/CHAOS.md.
`;

/** What was asked for on the command line. */
export interface ChaosArguments {
  help: boolean;
  json: boolean;
  options: ChaosOptions;
}

const MESSAGES = 5_000;
const MAX_MESSAGES = 1_000_000;

const OPTIONS = {
  messages: { type: "string" },
  seed: { type: "string" },
  dynamodb: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * Reads the command line.
 * @param chosen the seed where none is given
 * @throws UserError for an option that does not exist, or a value that cannot be
 */
export const parseChaosArguments = (args: string[], chosen: number): ChaosArguments => {
  const {
    messages,
    seed,
    dynamodb = "embedded",
    json = false,
    help = false,
  } = parseOptions("npm run chaos --", OPTIONS, args);
  if (dynamodb !== "embedded" && dynamodb !== "local")
    throw new UserError(`--dynamodb ${dynamodb} is neither embedded nor local.`);
  return {
    help,
    json,
    options: {
      messages: parseInteger("messages", messages ?? String(MESSAGES), 1, MAX_MESSAGES),
      seed: parseInteger("seed", seed ?? String(chosen), 0, MAX_SEED),
      dynamodb,
    },
  };
};
