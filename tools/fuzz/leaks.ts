import type { Reply } from "../../protocol/index.js";
import { INTERNAL, PASSWORD, REASON, SECRET } from "./policy.js";

/** Patterns of stack traces, files of the server, AWS services and credentials. */
const LEAK_PATTERNS: readonly [string, RegExp][] = [
  ["a stack trace", /\n\s*at |\bat [\w.<>]+ \(|:\d+:\d+\)/],
  ["a file of the server", /node:|file:\/\/|\.mjs|\/node_modules\/|lambda-|\/dist\//],
  ["an access key", /\bA[KS]IA[0-9A-Z]{8,}/],
  ["a service", /dynamodb|amazonaws|aws-sdk|ResourceNotFound|ValidationException/i],
  ["what a guard threw", new RegExp(INTERNAL)],
  ["a credential", new RegExp(PASSWORD)],
];

/**
 * The internal information in an answer; `undefined`: none. Ignores channel names, which the client chose, and messages
 * of a history, which others published.
 * @param tableName the name of the table
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

/** The secret in a log line at level info or above: credentials, message data, denial reasons or a guard's error. */
export const secretIn = (line: string): string | undefined =>
  [SECRET, PASSWORD, INTERNAL].find((secret) => line.includes(secret));

const FAILURE = /route_failed|removal_failed|post_failed|failed for connection|\$connect failed/;
const TIME = /Timeout|timed out|ECONNRESET|leaves? a part of a batch undone/i;

/** Whether a log line reports that a service did not answer in time, which happens on a busy machine. */
export const isTimeout = (line: string): boolean => FAILURE.test(line) && TIME.test(line);

/** The log line if it reports a failure without a timeout; `undefined` for others. */
export const failureIn = (line: string): string | undefined =>
  FAILURE.test(line) && !TIME.test(line) ? line : undefined;
