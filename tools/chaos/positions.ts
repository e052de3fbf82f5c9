import type { Position, Publication, Stored } from "./journal.js";

/** A violation in the position of an acknowledgement. */
export interface Misplacement {
  uuid: string;
  what: string;
}

const placeOf = (channel: string, { epoch, offset }: Position): string => `${channel} ${epoch} ${offset}`;

const isSamePosition = (a: Position | undefined, b: Position | undefined): boolean =>
  a?.epoch === b?.epoch && a?.offset === b?.offset;

/**
 * Checks the positions in acknowledgements. Each names the stored message, is unique, and follows the order of its
 * publisher.
 * @param keeps whether a channel has history
 * @param stored the stored messages; empty: the table has not been read yet
 */
export const findMisplacements = (
  publications: readonly Publication[],
  stored: readonly Stored[],
  keeps: (channel: string) => boolean,
): Misplacement[] => {
  const acknowledged = publications.filter(({ channel, result }) => result?.acknowledged && keeps(channel));
  const positions = publications.filter(({ channel }) => keeps(channel));
  return [
    ...withoutPosition(acknowledged),
    ...contradictory(positions),
    ...conflicting(positions, stored),
    ...unordered(acknowledged),
  ];
};

/** Number of publications with a position. */
export const countPositions = (publications: readonly Publication[]): number =>
  publications.filter(({ acknowledgements }) => acknowledgements.some((each) => each)).length;

const withoutPosition = (acknowledged: readonly Publication[]): Misplacement[] =>
  acknowledged.flatMap(({ uuid, acknowledgements }) =>
    acknowledgements.some((each) => each) ? [] : [{ uuid, what: `${uuid} was acknowledged without a position` }],
  );

/** All acknowledgements of one message and the SDK report the same position. */
const contradictory = (publications: readonly Publication[]): Misplacement[] =>
  publications.flatMap(({ uuid, result, acknowledgements }) => {
    const [first, ...others] = acknowledgements.filter((each) => each !== undefined);
    if (!first) return [];
    const other = [...others, ...(result?.position ? [result.position] : [])].find(
      (each) => !isSamePosition(first, each),
    );
    return other ? [{ uuid, what: `${uuid} is at ${first.offset}, and another answer has ${other.offset}` }] : [];
  });

/** Each position belongs to one message: the stored one if the table still has it. */
const conflicting = (publications: readonly Publication[], stored: readonly Stored[]): Misplacement[] => {
  const owners = new Map(stored.map((each) => [placeOf(each.channel, each), each.uuid]));
  const places = new Map<string, Position>();
  for (const { channel, uuid, epoch, offset } of [...stored].reverse())
    places.set(`${channel} ${uuid}`, { epoch, offset });
  return publications.flatMap(({ uuid, channel, acknowledgements }) => {
    const position = acknowledgements.find((each) => each);
    if (!position) return [];
    const place = placeOf(channel, position);
    const owner = owners.get(place);
    owners.set(place, owner ?? uuid);
    if (owner !== undefined && owner !== uuid) return [{ uuid, what: `${uuid} has the position ${place} of ${owner}` }];
    const kept = places.get(`${channel} ${uuid}`);
    if (!kept || isSamePosition(kept, position)) return [];
    return [{ uuid, what: `${uuid} is stored at ${kept.offset}, and its acknowledgement has ${position.offset}` }];
  });
};

/**
 * The messages of one publisher are in publication order. A message that was sent more than once may come after later
 * ones, unless these were published after its acknowledgement.
 */
const unordered = (acknowledged: readonly Publication[]): Misplacement[] => {
  const lanes = new Map<string, Publication[]>();
  for (const each of [...acknowledged].sort((a, b) => a.begun.at - b.begun.at)) {
    const lane = `${each.by} ${each.channel}`;
    lanes.set(lane, [...(lanes.get(lane) ?? []), each]);
  }
  return [...lanes.values()].flatMap((lane) =>
    lane.flatMap((later, index) => {
      const offset = offsetOf(later);
      const before = lane.slice(0, index).find((each) => offsetOf(each) > offset && mustPrecede(each, later));
      if (!before) return [];
      const what = `${later.uuid} stands at ${offset}, before ${before.uuid} (${offsetOf(before)}), which the same publisher published earlier`;
      return [{ uuid: later.uuid, what }];
    }),
  );
};

const offsetOf = ({ acknowledgements }: Publication): number => acknowledgements.find((each) => each)?.offset ?? NaN;

const mustPrecede = (earlier: Publication, later: Publication): boolean =>
  earlier.result!.at < later.begun.at || (earlier.page === later.page && earlier.sent === 1);
