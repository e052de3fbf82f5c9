import { join } from "node:path";
import type { Units } from "../../../../tools/bench/units.js";
import {
  type LingerLoad,
  type MeteredLinger,
  type MeterLinger,
  withLingerChannels,
} from "../../../../tools/bench/cost/metered-linger.js";
import { type FlusherRun, modelUnits, messagesPerWindow } from "../../../../tools/bench/cost/model.js";

const SMALL = 100;

/** As often as it takes to see what a lone message costs, and some windows of busy channels. */
const PUBLICATIONS = { 1: 2, 20: 30 };

const loadOf = (fanOut: number, perSecond: 1 | 20, lingerMs: number, more: Partial<LingerLoad> = {}): LingerLoad => ({
  fanOut,
  perSecond,
  lingerMs,
  bytes: SMALL,
  history: false,
  publications: PUBLICATIONS[perSecond],
  ...more,
});

const LOADS = [1, 20].flatMap((perSecond) => [
  ...[1, 10, 100].flatMap((fanOut) => [250, 500].map((lingerMs) => loadOf(fanOut, perSecond as 1 | 20, lingerMs))),
  loadOf(10, perSecond as 1 | 20, 250, { history: true }),
]);
const ALL = [...LOADS, loadOf(10, 1, 250, { bytes: 8_192 })];

/** How the flusher ran, by the frames that were sent. */
const runOf = ({ fanOut, publications, perSecond, units }: MeteredLinger): FlusherRun =>
  perSecond === 1
    ? { publications: 1, windows: 1 }
    : { publications, windows: ((units.messages - 2) * publications) / fanOut };

/** How far what the functions were billed may be from the model, as for channels without `linger`. */
const TOLERANCE = 0.35;

/**
 * How far below it may be if windows follow each other on a machine that is always busy. A flusher waits, in real time,
 * for the part of a window that its calls leave, while calls are billed as declared. So if calls take longer here, less
 * is billed.
 */
const BELOW = 0.5;

/** How far the windows may be from what the rate says: they begin at some time, and the machine is not exact. */
const WINDOWS = 2;

const billed = (metered: MeteredLinger): number =>
  metered.units.gbSeconds / modelUnits(metered, runOf(metered)).gbSeconds - 1;

/** Whether the machine was too busy: publications were late, so that a flusher let go, or what functions wait for was. */
const disturbed = (metered: MeteredLinger): boolean => {
  const { units, publications } = metered;
  const { windows } = runOf(metered);
  const runs = (units.invocations - 1) * publications;
  return (
    units.queueRequests > 0 ||
    Math.abs(billed(metered)) >= TOLERANCE ||
    (metered.perSecond > 1 &&
      (Math.round(runs) !== 1 || Math.abs(windows - publications / messagesPerWindow(metered)) > WINDOWS))
  );
};

const measured = async (meterOf: MeterLinger, load: LingerLoad): Promise<MeteredLinger> => {
  let metered = await meterOf(load);
  for (let again = 0; again < 4 && disturbed(metered); again += 1) metered = await meterOf(load);
  return metered;
};

/** The units that do not depend on any speed, to nine digits. */
const counts = ({ messages, invocations, writeUnits, queueRequests, readUnits }: Units) =>
  [messages, invocations, writeUnits, queueRequests, readUnits].map((units) => Number(units.toPrecision(9)));

test("the model's units of publications that linger match the meter", async () => {
  const all = await withLingerChannels(join(__dirname, "../../../.."), ALL, async (meterOf) => {
    const metered: MeteredLinger[] = [];
    for (const load of ALL) metered.push(await measured(meterOf, load));
    return metered;
  });
  expect(all).toHaveLength(ALL.length);
  for (const metered of all) {
    const { units, ...load } = metered;
    const run = runOf(metered);
    expect({ load, run, counts: counts(units) }).toEqual({ load, run, counts: counts(modelUnits(load, run)) });
    expect([load, Math.abs(run.windows - run.publications / messagesPerWindow(load)) <= WINDOWS]).toEqual([load, true]);
    expect(billed(metered)).toBeLessThan(TOLERANCE);
    expect(billed(metered)).toBeGreaterThan(load.perSecond > 1 ? -BELOW : -TOLERANCE);
  }
}, 600_000);
