import { CHANNEL_LENGTH, CHANNEL_SEGMENTS } from "./limits.js";

const NAME = /^\/?[\w.:@=+,~!-]+(\/[\w.:@=+,~!-]+)*$/;

/** Whether `name` is reserved: `/meta` and everything below it. */
export const isReserved = (name: string): boolean => name === "/meta" || name.startsWith("/meta/");

/** Whether `name` is a wildcard such as `stories/*`; says nothing of the rest of the name. */
export const isWildcard = (name: string): boolean => name.endsWith("/*");

/** Whether `name` can be published on: a well-formed channel name, neither reserved nor a wildcard. */
export const isChannelName = (name: string): boolean =>
  name.length <= CHANNEL_LENGTH &&
  NAME.test(name) &&
  name.split("/").filter(Boolean).length <= CHANNEL_SEGMENTS &&
  !isReserved(name);

/** Whether `wildcard` (`stories/*`) matches `name` in whole segments: `stories/5` and `stories/5/x`, not `stories`. */
export const matches = (wildcard: string, name: string): boolean =>
  isWildcard(wildcard) && name.startsWith(wildcard.slice(0, -1)) && name.length > wildcard.length - 1;
