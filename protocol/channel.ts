import { type Limits, MAX_CHANNEL_LENGTH, MAX_CHANNEL_SEGMENTS } from "./limits.js";

const NAME = /^\/?[\w.:@=+,~!-]+(\/[\w.:@=+,~!-]+)*$/;

/** Whether `name` is reserved: `/meta` and everything below it. */
export const isReserved = (name: string): boolean => name === "/meta" || name.startsWith("/meta/");

/** Whether `name` ends like a wildcard such as `stories/*`. The rest of the name is not checked. */
export const isWildcard = (name: string): boolean => name.endsWith("/*");

/** Whether messages can be published on `name`: it is a well-formed channel name, neither reserved nor a wildcard. */
export const isChannelName = (name: string): boolean =>
  name.length <= MAX_CHANNEL_LENGTH &&
  NAME.test(name) &&
  name.split("/").filter(Boolean).length <= MAX_CHANNEL_SEGMENTS &&
  !isReserved(name);

/** Whether `name` is a channel name that is also within a deployment's limits. */
export const isAllowedChannelName = (
  { limits }: { limits: Pick<Limits, "channelLength" | "channelPunctuation"> },
  name: string,
): boolean =>
  isChannelName(name) &&
  name.length <= limits.channelLength &&
  [...name].every((character) => /[A-Za-z0-9/]/.test(character) || limits.channelPunctuation.includes(character));

/** Whether `wildcard` (`stories/*`) matches `name` in whole segments: `stories/5` and `stories/5/x`, not `stories`. */
export const matches = (wildcard: string, name: string): boolean =>
  isWildcard(wildcard) && name.startsWith(wildcard.slice(0, -1)) && name.length > wildcard.length - 1;
