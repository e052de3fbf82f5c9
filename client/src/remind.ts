import { CHANNELS_PER_PING } from "../../protocol/limits.js";
import type { Core } from "./parts.js";

/**
 * Adds something about channels to pings, and has these sent as often as that needs; where there is more than one ping
 * may carry, the next part at each, and so much more often.
 * @param key what pings call it
 * @param about whether there is something about a channel; it is said of those that are subscribed on the socket in use
 * @param data how it travels, of some channels
 * @param every how often it has to be said of each, in milliseconds, while there is something
 */
export const remind = (
  core: Core,
  key: string,
  about: (channel: string) => unknown,
  data: (channels: string[]) => unknown,
  every: () => number,
): void => {
  const { _ask, _interval, _live } = core;
  let at = 0;
  // What has not moved to the socket in use yet, its server does not know of.
  const list = (): string[] => [..._live.keys()].filter((channel) => about(channel) && _live.get(channel) === core._socket);

  core._interval = () => Math.min(_interval(), every() / Math.ceil(list().length / CHANNELS_PER_PING));

  core._ask = (action, settle, more, timeout) => {
    const all = list();
    if (action === "ping" && all[0]) {
      if (at >= all.length) at = 0;
      more = { ...more, [key]: data(all.slice(at, (at += CHANNELS_PER_PING))) };
    }
    _ask(action, settle, more, timeout);
  };
};
