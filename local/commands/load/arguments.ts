import type { Json } from "../../../protocol/index.js";
import { UserError } from "../../core/user-error.js";
import { CREDENTIALS_HELP, credentialsOf } from "../remote/credentials.js";
import { optionsOf } from "../remote/options.js";
import { prefixOf } from "../remote/prefix.js";
import { isOwnMachine } from "../../core/own-machine.js";
import { urlOf } from "../remote/url.js";
import { DEFAULT_PREFIX, DEFAULTS, MOST, RAMP_PER_SECOND } from "./limits.js";

/** The plan of a load. */
export interface LoadPlan {
  url: string;
  credentials: Json | undefined;
  prefix: string;
  clients: number;
  /** Publications a second. */
  rate: number;
  seconds: number;
}

/** The text of `push-it-cli load --help`. */
export const LOAD_HELP = `push-it-cli load: a load test of a Push-It of your own

  push-it-cli load --url wss://… --clients N --rate R [options]

N clients subscribe to one channel, and R messages a second are published on it.

Options
  --url URL                the stack's output: wss://….execute-api.….amazonaws.com/live
  --i-own-this             the stack is yours: needed unless it runs on this machine. AWS bills its account for the load
  --clients N              subscribers (default ${DEFAULTS.clients}, at most ${MOST.clients})
  --rate R                 publications a second (default ${DEFAULTS.rate}, at most ${MOST.rate}; --clients times --rate at most
                           ${MOST.deliveriesPerSecond})
  --seconds S              how long to publish (default ${DEFAULTS.seconds}, at most ${MOST.seconds})
  --channel PREFIX         the channel is below this one (default ${DEFAULT_PREFIX})
  ${CREDENTIALS_HELP}
  --json                   print one JSON object at the end, and nothing else, on stdout; progress goes to stderr
  --help                   this

It connects ${RAMP_PER_SECOND} clients a second. If the server answers that it is too much (rate_limited, throttled, channel_busy), it
halves its rate, and ends if the server goes on refusing. Ctrl-C ends it early, closes all connections and prints what
came of it.

Exit status
  0    every acknowledged message reached every client once
  1    messages were lost or came twice, or publications failed
  2    wrong use, or the load could not begin
  130  ended by Ctrl-C
`;

const OPTIONS = {
  url: { type: "string" },
  "i-own-this": { type: "boolean" },
  clients: { type: "string" },
  rate: { type: "string" },
  seconds: { type: "string" },
  channel: { type: "string" },
  credentials: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

const parse = (args: string[]) => optionsOf("load", OPTIONS, args);

const whole = (name: "clients" | "seconds", text: string | undefined): number => {
  if (text === undefined) return DEFAULTS[name];
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= MOST[name]) return value;
  throw new UserError(`--${name} ${text} is not a whole number from 1 to ${MOST[name]}.`);
};

/** The slowest: one message in ten seconds. */
const LEAST_RATE = 0.1;

const rateOf = (text: string | undefined): number => {
  if (text === undefined) return DEFAULTS.rate;
  const value = Number(text);
  if (text.trim() !== "" && value >= LEAST_RATE && value <= MOST.rate) return value;
  throw new UserError(`--rate ${text} is not a number from ${LEAST_RATE} to ${MOST.rate}.`);
};

/**
 * Reads the arguments of `push-it-cli load`.
 * @returns `undefined` for `--help`
 * @throws UserError for an unknown option, an invalid value, or a system that is not confirmed to be the user's
 */
export const parseLoadArguments = (args: string[]): { plan: LoadPlan; json: boolean } | undefined => {
  const { help, json = false, ...values } = parse(args);
  if (help) return undefined;
  const url = urlOf(values.url);
  if (!isOwnMachine(url) && values["i-own-this"] !== true) {
    throw new UserError(
      `${url} is not on this machine, and a load costs its owner.`,
      "If it is yours, add --i-own-this. AWS bills its account for each message.",
    );
  }
  const [clients, rate] = [whole("clients", values.clients), rateOf(values.rate)];
  if (clients * rate > MOST.deliveriesPerSecond) {
    throw new UserError(
      `--clients ${clients} and --rate ${rate} are ${Math.round(clients * rate)} deliveries a second.`,
      `At most ${MOST.deliveriesPerSecond} are possible: half of what an AWS account may make by default.`,
    );
  }
  const plan = {
    url,
    credentials: credentialsOf(values.credentials),
    prefix: prefixOf(values.channel ?? DEFAULT_PREFIX),
    clients,
    rate,
    seconds: whole("seconds", values.seconds),
  };
  return { plan, json };
};
