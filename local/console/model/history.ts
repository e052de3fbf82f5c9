import type { Position } from "push-it-client";

/** What places a message among others: only where its channel has a history is there a position. */
export interface Placed {
  channel: string;
  uuid: string;
  position?: Position | undefined;
}

/**
 * Where an earlier message belongs in a list that begins with the oldest: before the first of its channel that was
 * published after it, or else at the end.
 * @returns the index, or `undefined` where the message is in the list already
 */
export const placeOf = (list: readonly Placed[], { channel, uuid, position }: Placed): number | undefined => {
  let place = list.length;
  for (const [index, each] of list.entries()) {
    if (each.channel !== channel) continue;
    if (each.uuid === uuid) return undefined;
    if (place === list.length && isBehind(each.position, position)) place = index;
  }
  return place;
};

/** Another epoch is another history: it tells nothing. */
const isBehind = (one: Position | undefined, other: Position | undefined): boolean =>
  one !== undefined && other !== undefined && one.epoch === other.epoch && one.offset > other.offset;
