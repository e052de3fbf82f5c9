import { UserError } from "../../core/user-error.js";
import { CREDENTIALS_HELP, credentialsOf } from "../remote/credentials.js";
import { optionsOf } from "../remote/options.js";
import { prefixOf } from "../remote/prefix.js";
import { regionOfUrl, urlOf } from "../remote/url.js";
import type { Check } from "./check.js";
import { DEFAULT_PREFIXES, TIMEOUT_MS } from "./limits.js";
import { ALL_CHECKS, AWS_CHECKS, CHECKS } from "./registry.js";
import { type CheckSettings, DEFAULT_SETTINGS } from "./settings.js";

const NAMES = ALL_CHECKS.map(({ name }) => name);

const lineOf = ({ name, promise }: Check): string => `  ${name.padEnd(25)}${promise}`;

/** The text of `push-it-cli check --help`. */
export const CHECK_HELP = `push-it-cli check: tells whether a deployed Push-It keeps its promises

  push-it-cli check --url wss://… [options]

Options
  --url URL                the stack's output: wss://….execute-api.….amazonaws.com/live
  ${CREDENTIALS_HELP}
  --channel PREFIX         try channels below this one, such as rooms/42; repeatable; checks take the first one that has
                           what they need (default: ${DEFAULT_PREFIXES.join(" and ")})
  --only NAMES             only these checks, separated by commas
  --publisher FUNCTION     also check as a back end: pushIt.publisherName; takes AWS credentials with grantPublish
  --table NAME             also look what is left in the table: pushIt.table.tableName; takes AWS credentials with
                           dynamodb:Query
  --account                also read the account's quotas; takes AWS credentials: docs/DEPLOY.md lists the permissions
  --users N                for so many users, say which quota binds first and what to request (implies --account)
  --region REGION          the AWS Region (default: that of the URL, or what the AWS SDK finds)
  --json                   print one JSON object at the end, and nothing else
  --help                   this

Checks
${CHECKS.map(lineOf).join("\n")}

Checks with AWS credentials, which the AWS SDK finds in the environment or in a profile
${AWS_CHECKS.map(({ check }) => lineOf(check)).join("\n")}

It waits ${TIMEOUT_MS / 1000} seconds at most for an answer or a message. It creates nothing that stays: what it publishes on channels
with history expires with the channel's ttl. With --publisher it is deleted at the end.

Exit status
  0  all checks passed
  1  a check failed
  2  wrong use
  3  no check failed, but something was not tried: a guard denies it, or a feature is off
`;

const OPTIONS = {
  url: { type: "string" },
  credentials: { type: "string" },
  channel: { type: "string", multiple: true },
  only: { type: "string" },
  publisher: { type: "string" },
  table: { type: "string" },
  account: { type: "boolean" },
  users: { type: "string" },
  region: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** The arguments of the command line. */
export interface CheckArguments {
  settings: CheckSettings;
  /** Names of the requested checks. */
  only: readonly string[];
  json: boolean;
}

const parse = (args: string[]) => optionsOf("check", OPTIONS, args);

/**
 * Reads the arguments of `push-it-cli check`.
 * @returns `undefined` for `--help`
 * @throws UserError for an unknown option or an invalid value
 */
export const parseCheckArguments = (args: string[]): CheckArguments | undefined => {
  const { help, json = false, only, ...values } = parse(args);
  if (help) return undefined;
  const settings = settingsOf(values);
  return { json, only: namesOf(only) ?? namesFor(settings), settings };
};

type Values = Omit<ReturnType<typeof parse>, "help" | "json" | "only">;

const settingsOf = ({
  url: given,
  credentials,
  channel,
  publisher,
  table,
  region,
  account,
  users: people,
}: Values): CheckSettings => {
  const url = urlOf(given);
  const users = usersOf(people);
  return {
    ...DEFAULT_SETTINGS,
    url,
    credentials: credentialsOf(credentials),
    prefixes: channel?.map(prefixOf) ?? DEFAULT_PREFIXES,
    publisher,
    table,
    // Absent instead of false if the option is missing.
    account: account === true || users !== undefined ? true : undefined,
    users,
    region: region ?? regionOfUrl(url),
  };
};

/** The checks of a run. Those with AWS credentials run only on request. */
const namesFor = (settings: CheckSettings): string[] => [
  ...CHECKS.map(({ name }) => name),
  ...AWS_CHECKS.flatMap(({ option, check }) => (settings[option] === undefined ? [] : [check.name])),
];

/** More than a channel of one deployment can serve: docs/SCALING.md. */
const MOST_USERS = 100_000_000;

const usersOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const users = Number(text);
  if (/^\d+$/.test(text) && users >= 1 && users <= MOST_USERS) return users;
  throw new UserError(`--users ${text} is not a whole number from 1 to ${MOST_USERS}.`, "For example: --users 100000");
};

const namesOf = (text: string | undefined): string[] | undefined => {
  const names = text?.split(",").map((each) => each.trim());
  const unknown = names?.find((name) => !NAMES.includes(name));
  if (unknown === undefined) return names;
  throw new UserError(`--only ${unknown} is not a check.`, `The checks are ${NAMES.join(", ")}`);
};
