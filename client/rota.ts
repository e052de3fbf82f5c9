import { CHANNELS_PER_PING } from "../protocol/limits.js";

/** Deals a list out to pings: all of it while that is no more than one may carry, else the next part at each call. */
export const createRota = (): (<Value>(all: Value[]) => Value[]) => {
  let at = 0;
  return (all) => {
    at = at + CHANNELS_PER_PING < all.length ? at + CHANNELS_PER_PING : 0;
    return all.slice(at, at + CHANNELS_PER_PING);
  };
};
