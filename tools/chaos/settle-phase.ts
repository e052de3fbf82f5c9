import { setTimeout as sleep } from "node:timers/promises";
import type { System } from "../../local/dev/system/system.js";
import { CHANNELS } from "./channels.js";
import type { ChaosClient } from "./client.js";
import { connectionOf, isPresence, type Item, isLive, type TableView } from "./table.js";

/** Polling interval in milliseconds. */
export const POLL_MS = 250;

/** Maximum time for running functions to end, in milliseconds. */
const SETTLE_MS = 30_000;

/** Age that is added to stale rows, in seconds: older than a row of an open connection can be. */
const AGE_SECONDS = 3 * 3600;

/** Maximum time without a change before waiting stops, in milliseconds: longer than a request timeout with a retry. */
const MAX_IDLE_MS = 45_000;

/**
 * Waits until nothing is missing. Stops early if the missing items do not change for a while, because they will not
 * arrive.
 * @param missing returns the items that are still missing
 * @param idleMs maximum time without a change, in milliseconds
 * @returns the items that are missing in the end
 */
export const waitUntilStable = async <T>(
  missing: () => T[] | Promise<T[]>,
  ms: number,
  idleMs = MAX_IDLE_MS,
): Promise<T[]> => {
  let [last, since] = ["", performance.now()];
  for (const end = since + ms; ;) {
    const rest = await missing();
    const now = performance.now();
    const text = JSON.stringify(rest);
    if (text !== last) [last, since] = [text, now];
    if (rest.length === 0 || now > end || now - since > idleMs) return rest;
    await sleep(POLL_MS);
  }
};

/**
 * Publishes one more message on each channel without faults, so that the server finds connections that are gone.
 * Retries each until it is acknowledged.
 * @returns the number of publications
 */
export const publishFinalMessages = async (by: ChaosClient): Promise<number> => {
  let n = 0;
  const publish = async (channel: string): Promise<void> => {
    for (let acknowledged = false, tries = 0; !acknowledged && tries < 5; tries += 1) {
      n += 1;
      const data = { by: "last", n };
      acknowledged = await by.publish({ uuid: `chaos-last-${n}`, channel, data });
    }
  };
  await Promise.all(CHANNELS.map(({ name }) => publish(name)));
  return n;
};

/** Descriptions of errors in the presence of a channel. */
export const presenceErrors = async (clients: readonly ChaosClient[], channel: string): Promise<string[]> => {
  const expected = [...new Set(clients.filter((each) => each.isDesired(channel)).map(({ who }) => who.user))];
  const members = await clients.find((each) => each.isDesired(channel))?.readMembers(channel);
  const present = members?.map(({ user }) => user);
  if (!present) return [`no client can read the presence of ${channel}`];
  const twice = present.filter((user, index) => present.indexOf(user) !== index);
  return [
    ...expected.filter((user) => !present.includes(user)).map((user) => `${user} is not present on ${channel}`),
    ...[...twice, ...present.filter((user) => !expected.includes(user))].map(
      (user) => `${user} is present on ${channel} without a subscription`,
    ),
  ];
};

/** The rows of connections that are not open. */
export const staleRows = (items: readonly Item[], open: readonly string[]): Item[] => {
  const living = new Set(open);
  return items.filter((item) => {
    const connection = connectionOf(item);
    return connection !== undefined && !living.has(connection) && isLive(item);
  });
};

/** The rows after a sweep, and those of connections that had ended before. */
export interface Swept {
  items: readonly Item[];
  stale: readonly Item[];
}

/**
 * Runs the sweep once, after running functions have ended and stale rows have been aged. Connections that end later are
 * not checked, because their `$disconnect` may still be running.
 */
export const sweepOnce = async (system: System, table: TableView): Promise<Swept> => {
  const before = await waitUntilStable(async () => staleRows(await table.items(), system.connections), SETTLE_MS);
  const ended = new Set(before.map(connectionOf));
  // Presence rows are not aged: they end with their agents.
  for (const item of before) if (!isPresence(item)) await table.age(item, AGE_SECONDS);
  await system.runSchedules();
  const items = await table.items();
  return { items, stale: staleRows(items, system.connections).filter((item) => ended.has(connectionOf(item))) };
};
