import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { DECLARED_MS } from "../../../local/meter/latency.js";
import { PRICES } from "../../../local/meter/prices.js";
import type { Benchmark, Chart } from "../benchmark.js";
import { lineChart } from "../charts/charts.js";
import { type ScenarioCost, type Costs, FAN_OUTS, type Load, LOADS } from "./scenario.js";
import { fifoTable } from "./fifo.js";
import { type Metered, meterPublications } from "./metered.js";
import { appSyncEvents, awsSample, iotCore } from "./competitors.js";
import { exceededQuotas } from "./quotas.js";
import { type IdleCost, idleCosts, idleTable, idleUnits, idleUsd, monthCost, type MonthCost } from "./idle.js";
import { meterIdle } from "./metered-idle.js";
import { modelUnits } from "./model.js";
import { type Units, usdOf } from "../units.js";

const MILLION = 1e6;

/** Rounds to four significant digits. */
const significant = (value: number): number => Number(value.toPrecision(4));

/** The cost of a connection minute in USD, including the SDK's heartbeats. */
const CONNECTION_MINUTE_USD = {
  pushIt: (history: boolean): number => {
    const load = { kind: history ? "history" : "neither", agents: 1, perChannel: 1 } as const;
    return PRICES.apiGateway.connectionMinutes / MILLION + idleUsd(load, idleUnits(load)) / 60;
  },
  appSyncEvents: (): number => PRICES.appSyncEvents.connectionMinutes / MILLION,
  iotCore: (): number => PRICES.iotCore.connectionMinutes / MILLION,
  awsSample: (): number => PRICES.apiGateway.connectionMinutes / MILLION,
};

const NAMES = ["pushIt", "appSyncEvents", "iotCore", "awsSample"] as const;

const costsOf = (of: (name: (typeof NAMES)[number]) => number): Costs => ({
  pushIt: significant(of("pushIt")),
  appSyncEvents: significant(of("appSyncEvents")),
  iotCore: significant(of("iotCore")),
  awsSample: significant(of("awsSample")),
});

/** The costs of one scenario. @param units its metered units, if any */
export const scenarioCost = (load: Load, units?: Units): ScenarioCost => {
  const used = units ?? modelUnits(load);
  const { fanOut, perSecond, bytes, lingerMs, history } = load;
  const perMillion = MILLION / fanOut;
  const publication = {
    pushIt: usdOf(used),
    appSyncEvents: appSyncEvents(load),
    iotCore: iotCore(load),
    awsSample: awsSample(load),
  };
  // A connection receives so many publications a minute.
  const minutes = MILLION / (60 * perSecond);
  return {
    fanOut,
    perSecond,
    bytes,
    lingerMs,
    history,
    ...costsOf((name) => publication[name] * perMillion + CONNECTION_MINUTE_USD[name](history) * minutes),
    boundBy: exceededQuotas(load, used),
    withoutConnectionMinutes: costsOf((name) => publication[name] * perMillion),
    basis: units ? "metered" : "modelled",
  };
};

/** The costs of all scenarios, with metered units where available. */
export const scenarioCosts = (metered: readonly Metered[]): ScenarioCost[] =>
  LOADS.map((load) =>
    scenarioCost(
      load,
      metered.find(
        (each) =>
          load.lingerMs === 0 &&
          each.fanOut === load.fanOut &&
          each.bytes === load.bytes &&
          each.history === load.history,
      )?.units,
    ),
  );

const usd = (value: number): string => value.toFixed(value < 10 ? 3 : 1);

const size = (bytes: number): string => (bytes < 1_024 ? `${bytes} B` : `${bytes / 1_024} KB`);

const row = (cell: ScenarioCost): string => {
  const { fanOut, perSecond, bytes, lingerMs, history, withoutConnectionMinutes: without } = cell;
  const pair = (name: (typeof NAMES)[number]): string => `${usd(cell[name])} (${usd(without[name])})`;
  const names = NAMES.map(pair).join(" | ");
  return `| ${fanOut.toLocaleString("en-US")} | ${perSecond} | ${size(bytes)} | ${lingerMs} | ${history ? "yes" : ""} | ${names} | ${cell.basis} | ${cell.boundBy ?? ""} |`;
};

const table = (cells: ScenarioCost[]): string =>
  [
    "USD for a million deliveries; in parentheses without connection minutes and pings.",
    "",
    "| fan-out | a second | size | linger, ms | history | Push-It | AppSync Events | IoT Core | AWS's chat sample | Push-It's units | default quotas |",
    "|--:|--:|--:|--:|---|--:|--:|--:|--:|---|---|",
    ...cells.map(row),
    "",
    `The publisher is one of the subscribers. None of the others keeps what it has delivered; with history, Push-It's connections ask every ${DEFAULT_SETTINGS.checkMs / 60_000} minutes whether they have missed something. Durations are declared: ${DECLARED_MS.post} ms a POST, ${DECLARED_MS.dynamoDb} ms a DynamoDB call. "metered": units as the local runtime's meter counted them for real publications; "modelled": computed, by a model that a test holds against the meter. Publications come evenly: with linger, at 1 a second each is alone in its window.`,
    "",
    fifoTable(),
  ].join("\n");

const charts = (cells: ScenarioCost[]): Chart[] => {
  const points = (
    name: (typeof NAMES)[number],
    perSecond: number,
    lingerMs: number,
    history = false,
  ): [number, number][] =>
    FAN_OUTS.flatMap((fanOut) =>
      cells
        .filter(
          (cell) =>
            cell.fanOut === fanOut &&
            cell.perSecond === perSecond &&
            cell.bytes === 100 &&
            cell.lingerMs === lingerMs &&
            cell.history === history,
        )
        .map((cell): [number, number] => [fanOut, cell[name]]),
    );
  return [
    {
      name: "cost",
      alt: "USD for a million deliveries of 100 bytes at 20 publications a second, by fan-out: Push-It without linger, with 250 and 500 ms, with history, AppSync Events, AWS's chat sample",
      svg: lineChart({
        title: "A million deliveries of 100 bytes, 20 publications a second",
        x: { label: "subscribers of the channel", log: true },
        y: { label: "USD", log: true },
        series: [
          { name: "Push-It", points: points("pushIt", 20, 0) },
          { name: "Push-It, linger 250 ms", points: points("pushIt", 20, 250) },
          { name: "Push-It, linger 500 ms", points: points("pushIt", 20, 500) },
          { name: "Push-It, history", points: points("pushIt", 20, 0, true) },
          { name: "AppSync Events", points: points("appSyncEvents", 20, 0), dashed: true },
          { name: "AWS's chat sample", points: points("awsSample", 20, 0), dashed: true },
        ],
      }),
    },
  ];
};

/** One line of the result: a load, idle agents, or a month. */
export type CostRow = ScenarioCost | IdleCost | MonthCost;

const scenariosOf = (rows: readonly CostRow[]): ScenarioCost[] =>
  rows.filter((row): row is ScenarioCost => "fanOut" in row);

/** The rows of idle agents, and of a month of them. */
const idleRows = (idle: IdleCost[]): CostRow[] => [...idle, ...idle.slice(-1).map(monthCost)];

const idleTableOf = (rows: readonly CostRow[]): string[] => {
  const idle = rows.filter((row): row is IdleCost => "idleUsd" in row);
  const month = rows.find((row): row is MonthCost => "month" in row);
  return month ? [idleTable(idle, month), ""] : [];
};

/** Compares the cost of a million deliveries, and of idle agents. */
export const cost: Benchmark<CostRow[]> = {
  summary: "USD for a million deliveries, and for idle agents, beside AppSync Events, IoT Core and AWS's chat sample",
  run: async ({ root, progress }) => [
    ...scenarioCosts(await meterPublications(root, undefined, progress)),
    ...idleRows(idleCosts(await meterIdle(root))),
  ],
  table: (rows) => [...idleTableOf(rows), table(scenariosOf(rows))].join("\n"),
  charts: (rows) => charts(scenariosOf(rows)),
};
