import { UserError } from "../../core/user-error.js";

/**
 * Reads `--url`.
 * @throws UserError if it is missing, not a WebSocket URL, or holds more than an address. The message does not repeat the
 * URL then: it may hold a secret.
 */
export const urlOf = (given: string | undefined): string => {
  if (given === undefined)
    throw new UserError(
      "--url is missing.",
      "It is the stack's output: --url wss://….execute-api.….amazonaws.com/live",
    );
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !["ws:", "wss:"].includes(url.protocol)) {
    throw new UserError(
      "--url is not a WebSocket URL.",
      "It begins with wss:// or ws://, such as wss://….execute-api.….amazonaws.com/live",
    );
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new UserError(
      "--url holds more than an address.",
      "Give credentials with --credentials @FILE: a URL is logged on its way.",
    );
  }
  return given;
};

/** The Region in an API Gateway's own host name; `undefined` for other hosts. */
export const regionOfUrl = (url: string): string | undefined =>
  /\.execute-api\.([a-z0-9-]+)\./.exec(new URL(url).hostname)?.[1];
