import { setTimeout as sleep } from "node:timers/promises";
import type { System } from "../../local/dev/system/system.js";
import { CHANNELS } from "./channels.js";
import type { ChaosClient } from "./client.js";
import { connectionOf, isPresence, type Item, isLive, type TableView } from "./table.js";

/** How often it is looked whether something has come about, in milliseconds. */
const POLL_MS = 250;

/** How long what functions have begun may take to end, in milliseconds; more than the lease of presence. */
const SETTLE_MS = 30_000;

/** How much older the rows of the dead are made, in seconds: as old as those of nobody who lives can be. */
const AGE_SECONDS = 3 * 3600;

/** How long nothing may change before what is missing is given up, in milliseconds: more than a request waits, and is tried again. */
const MAX_IDLE_MS = 45_000;

/**
 * Waits until nothing is missing. What does not become less any more is not waited for to the end: it will not come.
 * @param missing what is still waited for
 * @returns what is missing in the end
 */
export const waitUntilStable = async <T>(missing: () => T[] | Promise<T[]>, ms: number): Promise<T[]> => {
  let [last, since] = ["", performance.now()];
  for (const end = since + ms; ;) {
    const rest = await missing();
    const now = performance.now();
    const text = JSON.stringify(rest);
    if (text !== last) [last, since] = [text, now];
    if (rest.length === 0 || now > end || now - since > MAX_IDLE_MS) return rest;
    await sleep(POLL_MS);
  }
};

/**
 * One more message on each channel, by somebody whom nothing strikes any more: where it is posted, who is gone is found
 * gone. Each is published until it is acknowledged.
 * @returns how many publications that took
 */
export const publishFinalMessages = async (by: ChaosClient): Promise<number> => {
  let n = 0;
  const say = async (channel: string): Promise<void> => {
    for (let acknowledged = false, tries = 0; !acknowledged && tries < 5; tries += 1) {
      n += 1;
      const data = { by: "last", n };
      acknowledged = await by.publish({ uuid: `chaos-last-${n}`, channel, data });
    }
  };
  await Promise.all(CHANNELS.map(({ name }) => say(name)));
  return n;
};

/** What is wrong with what a channel's presence tells, in words. */
export const presenceErrors = async (crowd: readonly ChaosClient[], channel: string): Promise<string[]> => {
  const expected = crowd.filter((each) => each.isDesired(channel)).map(({ who }) => who.name);
  const told = await crowd.find((each) => each.isDesired(channel))?.presentNames(channel);
  if (!told) return [`nobody is told who is present on ${channel}`];
  const twice = told.filter((name, index) => told.indexOf(name) !== index);
  return [
    ...expected.filter((name) => !told.includes(name)).map((name) => `${name} is not present on ${channel}`),
    ...[...twice, ...told.filter((name) => !expected.includes(name))].map(
      (name) => `${name} is present on ${channel} without being there`,
    ),
  ];
};

/** Rows of connections that are not open. */
export const staleRows = (items: readonly Item[], open: readonly string[]): Item[] => {
  const living = new Set(open);
  return items.filter((item) => {
    const connection = connectionOf(item);
    return connection !== undefined && !living.has(connection) && isLive(item);
  });
};

/** What the table holds after a sweep, and which of it is of connections that had ended before. */
export interface Swept {
  items: readonly Item[];
  stale: readonly Item[];
}

/**
 * Has the sweep run once, when what was under way has ended and everything of the dead has become as old as it may. Who
 * leaves later, because its time is over, is not judged: its `$disconnect` may still be under way.
 */
export const sweepOnce = async (system: System, table: TableView): Promise<Swept> => {
  const before = await waitUntilStable(async () => staleRows(await table.items(), system.connections), SETTLE_MS);
  const ended = new Set(before.map(connectionOf));
  // What is left of presence must have ended by itself: a lease is not as long as that.
  for (const item of before) if (!isPresence(item)) await table.age(item, AGE_SECONDS);
  await system.runSchedules();
  const items = await table.items();
  return { items, stale: staleRows(items, system.connections).filter((item) => ended.has(connectionOf(item))) };
};
