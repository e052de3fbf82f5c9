import { readFileSync } from "node:fs";
import { UserError, messageOf } from "../../core/user-error.js";

/** Secrets by the name that guards use. */
export type Secrets = Record<string, string>;

/**
 * Reads a file of secrets: a JSON object; a value that is not text is passed on as its JSON.
 * @throws UserError when it is not there, or not such an object
 */
export const readSecrets = (file: string): Secrets => {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UserError(`The secrets in ${file} cannot be read: ${messageOf(error)}`, EXAMPLE);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new UserError(`${file} must hold a JSON object of secrets.`, EXAMPLE);
  }
  return Object.fromEntries(
    Object.entries(content).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
};

const EXAMPLE = 'For example: { "SIGNING_KEY": "any value" }';
