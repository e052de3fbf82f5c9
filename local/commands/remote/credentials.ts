import { readFileSync } from "node:fs";
import type { Json } from "../../../protocol/index.js";
import { MAX_CREDENTIALS_BYTES } from "../../../protocol/index.js";
import { UserError, messageOf } from "../../core/user-error.js";

/** The environment variable that holds a client's credentials, as JSON. */
const CREDENTIALS_VARIABLE = "PUSH_IT_CREDENTIALS";

/** How `--credentials` is described in help texts. */
export const CREDENTIALS_HELP = `--credentials JSON|@FILE  what the connection guard sees; others can read a command line, so prefer @FILE or the
                           environment variable ${CREDENTIALS_VARIABLE} (default: none)`;

/**
 * The credentials to connect with: `--credentials`, or else the environment variable.
 * @throws UserError if they are not JSON or too large. The message does not repeat them.
 */
export const credentialsOf = (
  given: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Json | undefined => {
  const [source, text] =
    given === undefined ? [CREDENTIALS_VARIABLE, environment[CREDENTIALS_VARIABLE]] : textOf(given);
  if (text === undefined) return undefined;
  const credentials = parsed(source, text);
  const bytes = Buffer.byteLength(JSON.stringify(credentials));
  if (bytes <= MAX_CREDENTIALS_BYTES) return credentials;
  throw new UserError(
    `The credentials of ${source} are ${bytes} bytes of JSON.`,
    `A handshake carries ${MAX_CREDENTIALS_BYTES} at most.`,
  );
};

const textOf = (given: string): [string, string] => {
  if (!given.startsWith("@")) return ["--credentials", given];
  const file = given.slice(1);
  try {
    return [file, readFileSync(file, "utf8")];
  } catch (error) {
    throw new UserError(
      `The file of --credentials cannot be read: ${messageOf(error)}`,
      "Give the name of a JSON file after the @.",
    );
  }
};

const parsed = (source: string, text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new UserError(
      `The credentials of ${source} are not JSON.`,
      `A string needs its quotes: '"…"'. Or give a file: --credentials @FILE`,
    );
  }
};

/** Shorter values than this are words that may appear anywhere. */
const SECRET_LENGTH = 6;

const valuesIn = (value: Json | undefined): string[] => {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(valuesIn);
};

/**
 * Takes credentials out of what is printed: a guard may repeat them in its reason.
 * @returns a function that replaces each string of the credentials
 */
export const redactor = (credentials: Json | undefined): ((text: string) => string) => {
  const secrets = valuesIn(credentials)
    .filter(({ length }) => length >= SECRET_LENGTH)
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, "[credentials]"), text);
};
