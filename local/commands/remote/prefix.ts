import { UserError } from "../../core/user-error.js";

/** Longest prefix: a run adds two segments, and the whole is a channel name. */
const LONGEST_PREFIX = 80;

/**
 * Reads `--channel`, the prefix of channels.
 * @throws UserError if no channel name is possible below it
 */
export const prefixOf = (text: string): string => {
  const prefix = text.replace(/\/(\*)?$/, "");
  const isName = /^\/?[\w\-.:@=+,~!]+(\/[\w\-.:@=+,~!]+)*$/.test(prefix);
  if (isName && prefix.length <= LONGEST_PREFIX && !/^\/?meta(\/|$)/.test(prefix)) return prefix;
  throw new UserError(
    `--channel ${text} is not the beginning of a channel name.`,
    `Give one of at most ${LONGEST_PREFIX} characters, such as rooms/42`,
  );
};
