import { UserError } from "../../local/core/user-error.js";
import { parseInteger, parseOptions } from "../lib/arguments.js";
import { MAX_SEED } from "../lib/random.js";
import type { ChaosOptions } from "./chaos.js";

/** The help text of `npm run chaos -- --help`. */
export const CHAOS_HELP = `chaos: runs a local Push-It, injects faults everywhere, and checks the delivery of each message

  npm run chaos -- [options]

Options
  --messages N      number of publications (default 5000)
  --seed S          a whole number; the same seed gives the same publications and fault times (default: random, and printed)
  --dynamodb D      embedded, or local (Amazon's DynamoDB Local; default: embedded)
  --json            print one line of JSON on stdout, and everything else on stderr
  --help            print this text

Starts the system, connects to 127.0.0.1 only, and stops it. Exits with 1 if a message is lost, duplicated, reordered or
delivered without a guard's permission, if rows of ended connections stay, or if a fault struck less than 20 times in 5,000
messages. See docs/CHAOS.md.
`;

/** The parsed command line. */
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
 * Parses the command line.
 * @param chosen the seed if `--seed` is missing
 * @throws UserError for an unknown option or an invalid value
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
    throw new UserError(`--dynamodb ${dynamodb} is invalid: use embedded or local.`);
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
