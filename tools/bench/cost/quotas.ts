import { PARTITION_READS, PARTITION_WRITES, REQUESTS_PER_SECOND } from "../../../local/commands/remote/quotas.js";
import type { Units } from "../units.js";
import type { Load } from "./scenario.js";
import { framesPerWindow, messagesPerWindow } from "./model.js";

const count = (value: number): string => Math.round(value).toLocaleString("en-US");

/**
 * Write units of a stored publication in other partitions than its message's: its offset, and its deduplication record.
 */
const OTHER_PARTITION_UNITS = 2;

/**
 * The default quotas that a lasting load exceeds.
 * @returns `null` if there are none
 */
export const exceededQuotas = (load: Load, { readUnits, writeUnits }: Units): string | null => {
  const { fanOut, perSecond, lingerMs, history } = load;
  const posts = lingerMs === 0 ? fanOut - 1 : (fanOut * framesPerWindow(load)) / messagesPerWindow(load);
  const needed = [
    { what: "requests", most: REQUESTS_PER_SECOND, rate: perSecond * (1 + posts) },
    { what: "read units of one partition", most: PARTITION_READS, rate: perSecond * readUnits },
    {
      what: "write units of one partition",
      most: PARTITION_WRITES,
      rate: perSecond * (history ? writeUnits - OTHER_PARTITION_UNITS : writeUnits),
    },
  ];
  const over = needed.filter(({ rate, most }) => rate > most);
  return over.map(({ what, rate, most }) => `${count(rate)} ${what} a second > ${count(most)}`).join("; ") || null;
};
