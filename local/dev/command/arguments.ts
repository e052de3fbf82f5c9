import { parseArgs } from "node:util";
import { UserError } from "../../core/user-error.js";
import type { GatewayLimits } from "../../services/gateway/gateway.js";
import type { SystemOptions } from "../system/options.js";
import { isQuotaProfile, QUOTA_PROFILES, type QuotaProfile } from "../system/quotas.js";

/** The default port. */
const PORT = 8787;

/** The text of `push-it-cli dev --help`. */
export const DEV_HELP = `push-it-cli dev: runs a Push-It construct of your CDK app on this machine

  push-it-cli dev [options] [-- COMMAND]

  COMMAND is a program to run with it, such as the server of your page: push-it-cli dev -- vite
  It starts when the run is ready, and gets PUSH_IT_URL and the variables of a back end. The run ends with it.

Options
  --port PORT              where to listen; other parts take the ports after it; 0: any free ports (default ${PORT})
  --host ADDRESS           the address to listen at; 0.0.0.0: all of this machine, for phones and containers (default 127.0.0.1)
  --guards FILE            a guard module to try instead of the app's own; its guard functions stay
  --secrets FILE           values of guards' secrets: a JSON object by name
  --env NAME=VALUE         an environment variable of functions, instead of the template's; repeatable
  --dynamodb ENGINE        embedded (default), local (Amazon's DynamoDB Local; needs Java 17), or a URL
  --app FOLDER             an app that is synthesized already (default: the app of cdk.json is synthesized)
  --fresh                  synthesize the app even if nothing has changed since the last run
  --construct PATH         which construct, where the app has several
  --idle-timeout SECONDS   close connections that are idle for so long (AWS: 600)
  --max-duration SECONDS   close connections that are as old as that (AWS: 7200)
  --sweep-every SECONDS    run schedules this often, instead of as the template says
  --meter                  count what AWS would bill: shown in the console page, and printed at the end
  --quotas[=WHOSE]         enforce AWS's quotas: 10,000 requests and 500 new connections a second, 3,000 read and 1,000
                           write units a second of a partition, 1,000 functions at a time (default);
                           new-account: 10 functions at a time; small-region: 2,500 requests a second
  --logs LEVEL             debug (default): functions also log what guards throw, with its message;
                           template: they log as the template says, as they do in AWS
  --json                   print one line of JSON when ready, and nothing else, on stdout; logs go to stderr
  --help                   this

Guards reload when their files change; open connections stay open.
Events as AWS services send them to EventBridge are taken as POSTs of application/json to /events of the same port.
`;

const OPTIONS = {
  port: { type: "string" },
  host: { type: "string" },
  guards: { type: "string" },
  secrets: { type: "string" },
  env: { type: "string", multiple: true },
  dynamodb: { type: "string" },
  app: { type: "string" },
  construct: { type: "string" },
  fresh: { type: "boolean" },
  "idle-timeout": { type: "string" },
  "max-duration": { type: "string" },
  "sweep-every": { type: "string" },
  meter: { type: "boolean" },
  quotas: { type: "string" },
  logs: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** The arguments of the command line. */
export interface DevArguments {
  help: boolean;
  json: boolean;
  /** The program that runs next to the system, and its arguments. */
  command: string[] | undefined;
  options: Omit<SystemOptions, "dist" | "project" | "log">;
}

/**
 * Reads the arguments of `push-it-cli dev`.
 * @throws UserError for an option that does not exist, or a value that cannot be
 */
export const parseDevArguments = (args: string[]): DevArguments => {
  const end = args.indexOf("--");
  const values = parse(end < 0 ? args : args.slice(0, end));
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    command: end < 0 ? undefined : commandOf(args.slice(end + 1)),
    options: systemOptions(values),
  };
};

type Values = ReturnType<typeof parse>;

const parse = (args: string[]) => {
  try {
    return parseArgs({ args: args.map(withProfile), options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UserError((error as Error).message, "push-it-cli dev --help lists the options.");
  }
};

const commandOf = (words: string[]): string[] => {
  if (words[0]) return words;
  throw new UserError("There is no command after --.", "For example: push-it-cli dev -- vite");
};

/** `--quotas` alone is `--quotas=default`. */
const withProfile = (argument: string): string => (argument === "--quotas" ? "--quotas=default" : argument);

const systemOptions = (values: Values): DevArguments["options"] => {
  const { host, guards, secrets, dynamodb, app, construct, env } = values;
  const sweep = seconds(values, "sweep-every");
  return {
    port: values.port === undefined ? PORT : number("port", values.port, MAX_PORT),
    limits: limitsOf(values),
    debugLogs: isDebug(values.logs ?? "debug"),
    ...(host !== undefined && { host }),
    ...(guards !== undefined && { guards }),
    ...(secrets !== undefined && { secrets }),
    ...(dynamodb !== undefined && { dynamodb }),
    ...(app !== undefined && { assembly: app }),
    ...(construct !== undefined && { construct }),
    ...(env && { environment: Object.fromEntries(env.map(variable)) }),
    ...(sweep !== undefined && { sweepEveryMs: sweep }),
    ...(values.fresh && { fresh: true }),
    ...(values.meter && { meter: true }),
    ...(values.quotas !== undefined && { quotas: profile(values.quotas) }),
  };
};

const limitsOf = (values: Values): Partial<GatewayLimits> => {
  const idle = seconds(values, "idle-timeout");
  const duration = seconds(values, "max-duration");
  return { ...(idle !== undefined && { idleMs: idle }), ...(duration !== undefined && { connectionMs: duration }) };
};

const MAX_PORT = 65_535;

/** Longest that a timer of Node runs, in seconds. */
const MAX_SECONDS = 2_147_483;

/** An option in seconds, as milliseconds. */
const seconds = (values: Values, name: "idle-timeout" | "max-duration" | "sweep-every"): number | undefined => {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = number(name, text, MAX_SECONDS);
  if (value === 0) throw new UserError(`--${name} must be more than 0.`);
  return value * 1000;
};

const number = (name: string, text: string, most: number): number => {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= most && (name !== "port" || Number.isInteger(value))) return value;
  throw new UserError(`--${name} ${text} is not a number from 0 to ${most}.`);
};

const profile = (text: string): QuotaProfile => {
  if (isQuotaProfile(text)) return text;
  throw new UserError(`--quotas=${text} is not known.`, `Choose one of ${Object.keys(QUOTA_PROFILES).join(", ")}.`);
};

const isDebug = (text: string): boolean => {
  if (text === "debug" || text === "template") return text === "debug";
  throw new UserError(`--logs ${text} is not known.`, "Choose debug or template.");
};

const variable = (text: string): [string, string] => {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UserError(`--env ${text} names no value.`, "For example: --env AUDIENCE=example.com");
};
