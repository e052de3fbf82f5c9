import type { Answer } from "../protocol/index.js";
import { INTERNAL, PASSWORD, REASON, SECRET } from "./policy.js";

/** What betrays a stack trace, a file of the server, a service of AWS, or a credential. */
const TELLTALES: readonly [string, RegExp][] = [
  ["a stack trace", /\n\s*at |\bat [\w.<>]+ \(|:\d+:\d+\)/],
  ["a file of the server", /node:|file:\/\/|\.mjs|\/node_modules\/|lambda-|\/dist\//],
  ["an access key", /\bA[KS]IA[0-9A-Z]{8,}/],
  ["a service", /dynamodb|amazonaws|aws-sdk|ResourceNotFound|ValidationException/i],
  ["what a guard threw", new RegExp(INTERNAL)],
  ["a credential", new RegExp(PASSWORD)],
];

/**
 * What an answer gives away that is the server's own; `undefined`: nothing. The names of channels are the client's.
 * @param tableName the table's name
 */
export const leakIn = (answer: Answer, tableName: string): string | undefined => {
  const { channel: _asked, ...data } = { channel: undefined, ...(typeof answer.data === "object" ? answer.data : {}) };
  const text = `${answer.error ?? ""}\n${JSON.stringify(data)}`;
  if (text.includes(tableName)) return "the table's name";
  if (text.includes(SECRET) && answer.error !== REASON) return "a secret";
  return TELLTALES.find(([, pattern]) => pattern.test(text.trim()))?.[0];
};

/** What a line of the log, at level info or above, must not hold: credentials, message data and reasons of guards. */
export const secretIn = (line: string): string | undefined => [SECRET, PASSWORD].find((secret) => line.includes(secret));

/**
 * A failure of the server that is not explained by a service that did not answer in time, as happens on a machine that
 * is too busy; `undefined` for other lines of the log.
 */
export const failureIn = (line: string): string | undefined => {
  if (!/route_failed|removal_failed|failed for connection|\$connect failed/.test(line)) return undefined;
  return /Timeout|timed out|ECONNRESET|leaves? a part of a batch undone/i.test(line) ? undefined : line;
};

/** Whether a line of the log tells that a post to a socket took too long: what becomes of it then, nobody knows. */
export const isLatePost = (line: string): boolean => line.includes("post_failed") && /Timeout|timed out/i.test(line);
