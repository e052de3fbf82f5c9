import type { Reply } from "../../protocol/index.js";
import { INTERNAL, PASSWORD, REASON, SECRET } from "./policy.js";

/** What betrays a stack trace, a file of the server, a service of AWS, or a credential. */
const LEAK_PATTERNS: readonly [string, RegExp][] = [
  ["a stack trace", /\n\s*at |\bat [\w.<>]+ \(|:\d+:\d+\)/],
  ["a file of the server", /node:|file:\/\/|\.mjs|\/node_modules\/|lambda-|\/dist\//],
  ["an access key", /\bA[KS]IA[0-9A-Z]{8,}/],
  ["a service", /dynamodb|amazonaws|aws-sdk|ResourceNotFound|ValidationException/i],
  ["what a guard threw", new RegExp(INTERNAL)],
  ["a credential", new RegExp(PASSWORD)],
];

/**
 * What an answer gives away that is the server's own; `undefined`: nothing. The names of channels are the client's, and
 * messages of a history are those that others published.
 * @param tableName the table's name
 */
export const leakIn = (answer: Reply, tableName: string): string | undefined => {
  const {
    channel: _asked,
    messages,
    ...others
  } = { channel: undefined, messages: [], ...(typeof answer.data === "object" ? answer.data : {}) };
  const replayed = answer.channel === "/meta/history" || answer.channel === "/meta/subscribe";
  const data = replayed ? others : { ...others, messages };
  const text = `${answer.error ?? ""}\n${JSON.stringify(data)}`;
  if (text.includes(tableName)) return "the table's name";
  if (text.includes(SECRET) && answer.error !== REASON) return "a secret";
  return LEAK_PATTERNS.find(([, pattern]) => pattern.test(text.trim()))?.[0];
};

/** What a line of the log, at level info or above, must not hold: credentials, message data, reasons of guards, and what they threw. */
export const secretIn = (line: string): string | undefined =>
  [SECRET, PASSWORD, INTERNAL].find((secret) => line.includes(secret));

const FAILURE = /route_failed|removal_failed|post_failed|failed for connection|\$connect failed/;
const TIME = /Timeout|timed out|ECONNRESET|leaves? a part of a batch undone/i;

/** Whether a line of the log tells of a service that did not answer in time, as happens on a machine that is too busy. */
export const isTimeout = (line: string): boolean => FAILURE.test(line) && TIME.test(line);

/** A line of the log that tells of a failure which time does not explain; `undefined` for others. */
export const failureIn = (line: string): string | undefined =>
  FAILURE.test(line) && !TIME.test(line) ? line : undefined;
