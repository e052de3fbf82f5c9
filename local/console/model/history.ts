import type { Position } from "push-it-client";

/** The position of a message. Only channels with a history have positions. */
export interface Placed {
  channel: string;
  uuid: string;
  position?: Position | undefined;
}

/**
 * The place of an earlier message in a list with the oldest first: before the first later message of its channel, or at
 * the end.
 * @returns the index, or `undefined` if the list contains the message already
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

/** Another epoch is another history, so the offsets cannot be compared. */
const isBehind = (one: Position | undefined, other: Position | undefined): boolean =>
  one !== undefined && other !== undefined && one.epoch === other.epoch && one.offset > other.offset;
