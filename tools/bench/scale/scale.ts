import type { Benchmark, Chart } from "../benchmark.js";
import { lineChart } from "../charts/charts.js";
import { type ScenarioResult, type Scenario, simulate, SIZES } from "./scenarios.js";
import { timelines } from "./timelines.js";

const count = (value: number): string => value.toLocaleString("en-US");

/** Formats a time. */
const formatTime = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  return seconds < 120 ? `${seconds.toFixed(1)} s` : `${(seconds / 60).toFixed(1)} min`;
};

/** A column of a scenario's table. */
type Column = readonly [title: string, of: (cell: ScenarioResult) => string];

const SUBSCRIBERS: Column = ["subscribers", (cell) => count(cell.subscribers)];
const QUOTAS: Column = ["quotas", (cell) => cell.quotas];
const BOUND_BY: Column = ["bound by", (cell) => cell.boundBy];
const USD: Column = ["USD", (cell) => (cell.usd ?? 0).toFixed(4)];

/** The title and the columns of each scenario's table. */
const TABLES: Record<Scenario, { title: string; columns: readonly Column[] }> = {
  publish: {
    title: "One publication",
    columns: [
      SUBSCRIBERS,
      QUOTAS,
      ["acknowledged", (cell) => formatTime(cell.acknowledgedMs ?? 0)],
      ["last delivery", (cell) => formatTime(cell.lastDeliveryMs)],
      ["closed", (cell) => count(cell.closed ?? 0)],
      USD,
      BOUND_BY,
    ],
  },
  reconnect: {
    title: "Everybody loses the connection at once",
    columns: [
      SUBSCRIBERS,
      QUOTAS,
      ["away, half of them", (cell) => formatTime(cell.awayMs?.p50 ?? 0)],
      ["away, 99 of 100", (cell) => formatTime(cell.awayMs?.p99 ?? 0)],
      ["last one back", (cell) => formatTime(cell.lastDeliveryMs)],
      USD,
      BOUND_BY,
    ],
  },
  "hand-over": {
    title: "Two hours after such a burst",
    columns: [
      SUBSCRIBERS,
      QUOTAS,
      ["away, half of them", (cell) => formatTime(cell.awayMs?.p50 ?? 0)],
      ["away, 99 of 100", (cell) => formatTime(cell.awayMs?.p99 ?? 0)],
      ["from the first to the last", (cell) => formatTime(cell.lastDeliveryMs)],
      USD,
      BOUND_BY,
    ],
  },
  subscribe: {
    title: "Subscriptions to one channel",
    columns: [QUOTAS, ["a second", (cell) => count(cell.perSecond ?? 0)], BOUND_BY],
  },
  linger: {
    title: "Publications on one channel with `linger: Duration.millis(250)`, 100 bytes each",
    columns: [
      SUBSCRIBERS,
      ["a second", (cell) => count(cell.perSecond ?? 0)],
      ["last delivery, 99 of 100", (cell) => formatTime(cell.lastDeliveryMs)],
      BOUND_BY,
    ],
  },
  history: {
    title: "Publications on one channel with `history`, each a frame of its own",
    columns: [
      ["bytes as stored", (cell) => count(cell.bytes ?? 0)],
      ["a second", (cell) => count(cell.perSecond ?? 0)],
      ["stored after", (cell) => formatTime(cell.lastDeliveryMs)],
      BOUND_BY,
    ],
  },
};

const tableOf = (scenario: Scenario, cells: readonly ScenarioResult[]): string => {
  const { title, columns } = TABLES[scenario];
  const rows = cells
    .filter((cell) => cell.scenario === scenario)
    .map((cell) => `| ${columns.map(([, of]) => of(cell)).join(" | ")} |`);
  const heads = columns.map(([name]) => name);
  const align = columns.map(([name]) => (name === "quotas" || name === "bound by" ? "---" : "--:"));
  return [`**${title}**`, "", `| ${heads.join(" | ")} |`, `|${align.join("|")}|`, ...rows].join("\n");
};

const table = (cells: ScenarioResult[]): string =>
  (Object.keys(TABLES) as Scenario[]).map((scenario) => tableOf(scenario, cells)).join("\n\n");

/** The results of a scenario with default quotas, and with all raised quotas. */
const timeSeries = (
  cells: readonly ScenarioResult[],
  scenario: Scenario,
): { name: string; points: [number, number][] }[] => {
  const of = cells.filter((cell) => cell.scenario === scenario);
  const sizes = [...new Set(of.map((cell) => cell.subscribers))];
  const point = (cell: ScenarioResult | undefined): [number, number][] =>
    cell ? [[cell.subscribers, cell.lastDeliveryMs / 1_000]] : [];
  return [
    {
      name: `${scenario}, default quotas`,
      points: sizes.flatMap((size) => point(of.find((cell) => cell.subscribers === size))),
    },
    {
      name: `${scenario}, raised`,
      points: sizes.flatMap((size) => point(of.filter((cell) => cell.subscribers === size).at(-1))),
    },
  ];
};

const charts = (cells: ScenarioResult[]): Chart[] => [
  {
    name: "scale-time",
    alt: "Time until the last of 10,000 to 1,000,000 subscribers has a message, and until all are back after a loss, with default quotas and with those raised that bind",
    svg: lineChart({
      title: "Time to the last subscriber",
      x: { label: "subscribers", log: true },
      y: { label: "seconds", log: true },
      series: [...timeSeries(cells, "publish"), ...timeSeries(cells, "reconnect")].map((each, index) => ({
        ...each,
        dashed: index % 2 === 1,
      })),
    }),
  },
  {
    name: "scale-storm",
    alt: "Share of 100,000 subscribers that are back, over time: after all lost their connections at once, with default quotas and with raised ones, and when those connections end two hours later",
    svg: lineChart({
      title: "100,000 subscribers: how many are back",
      x: { label: "seconds since the first loss" },
      y: { label: "per cent" },
      series: timelines(100_000),
    }),
  },
];

/** Simulates many subscribers. */
export const scale: Benchmark<ScenarioResult[]> = {
  summary: "10,000 to 1,000,000 subscribers, simulated: time, cost, and which quota binds",
  page: "docs/SCALING.md",
  run: ({ progress }) => Promise.resolve(simulate(SIZES, progress)),
  table,
  charts,
};
