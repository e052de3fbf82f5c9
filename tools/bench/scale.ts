import type { Benchmark, Chart } from "./benchmark.js";
import { lineChart } from "./chart.js";
import { type Cell, type Scenario, simulate, SIZES } from "./scale/cells.js";
import { timelines } from "./scale/timelines.js";

const count = (value: number): string => value.toLocaleString("en-US");

/** A time for people: as many digits as it deserves. */
const time = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  return seconds < 120 ? `${seconds.toFixed(1)} s` : `${(seconds / 60).toFixed(1)} min`;
};

/** Columns of a scenario's table. */
type Column = readonly [title: string, of: (cell: Cell) => string];

const SUBSCRIBERS: Column = ["subscribers", (cell) => count(cell.subscribers)];
const RAISED: Column = ["quotas", (cell) => cell.quotas];
const BOUND: Column = ["bound by", (cell) => cell.boundBy];
const USD: Column = ["USD", (cell) => (cell.usd ?? 0).toFixed(4)];

/** What each scenario's table is called, and shows. */
const TABLES: Record<Scenario, { title: string; columns: readonly Column[] }> = {
  publish: {
    title: "One publication",
    columns: [
      SUBSCRIBERS,
      RAISED,
      ["acknowledged", (cell) => time(cell.acknowledgedMs ?? 0)],
      ["last delivery", (cell) => time(cell.lastDeliveryMs)],
      ["closed", (cell) => count(cell.closed ?? 0)],
      USD,
      BOUND,
    ],
  },
  reconnect: {
    title: "Everybody loses the connection at once",
    columns: [
      SUBSCRIBERS,
      RAISED,
      ["away, half of them", (cell) => time(cell.awayMs?.p50 ?? 0)],
      ["away, 99 of 100", (cell) => time(cell.awayMs?.p99 ?? 0)],
      ["last one back", (cell) => time(cell.lastDeliveryMs)],
      USD,
      BOUND,
    ],
  },
  "hand-over": {
    title: "Two hours after such a burst",
    columns: [
      SUBSCRIBERS,
      RAISED,
      ["away, half of them", (cell) => time(cell.awayMs?.p50 ?? 0)],
      ["away, 99 of 100", (cell) => time(cell.awayMs?.p99 ?? 0)],
      ["from the first to the last", (cell) => time(cell.lastDeliveryMs)],
      USD,
      BOUND,
    ],
  },
  subscribe: {
    title: "Subscriptions to one channel",
    columns: [RAISED, ["a second", (cell) => count(cell.perSecond ?? 0)], BOUND],
  },
  linger: {
    title: "Publications on one channel with `linger: Duration.millis(250)`, 100 bytes each",
    columns: [
      SUBSCRIBERS,
      ["a second", (cell) => count(cell.perSecond ?? 0)],
      ["last delivery, 99 of 100", (cell) => time(cell.lastDeliveryMs)],
      BOUND,
    ],
  },
  history: {
    title: "Publications on one channel with `history`, each a frame of its own",
    columns: [
      ["bytes as stored", (cell) => count(cell.bytes ?? 0)],
      ["a second", (cell) => count(cell.perSecond ?? 0)],
      ["stored after", (cell) => time(cell.lastDeliveryMs)],
      BOUND,
    ],
  },
};

const tableOf = (scenario: Scenario, cells: readonly Cell[]): string => {
  const { title, columns } = TABLES[scenario];
  const rows = cells
    .filter((cell) => cell.scenario === scenario)
    .map((cell) => `| ${columns.map(([, of]) => of(cell)).join(" | ")} |`);
  const heads = columns.map(([name]) => name);
  const align = columns.map(([name]) => (name === "quotas" || name === "bound by" ? "---" : "--:"));
  return [`**${title}**`, "", `| ${heads.join(" | ")} |`, `|${align.join("|")}|`, ...rows].join("\n");
};

const table = (cells: Cell[]): string =>
  (Object.keys(TABLES) as Scenario[]).map((scenario) => tableOf(scenario, cells)).join("\n\n");

/** Cells of a scenario with nothing raised, and with everything raised that its chain raised. */
const ends = (cells: readonly Cell[], scenario: Scenario): { name: string; points: [number, number][] }[] => {
  const of = cells.filter((cell) => cell.scenario === scenario);
  const sizes = [...new Set(of.map((cell) => cell.subscribers))];
  const point = (cell: Cell | undefined): [number, number][] =>
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

const charts = (cells: Cell[]): Chart[] => [
  {
    name: "scale-time",
    alt: "Time until the last of 10,000 to 1,000,000 subscribers has a message, and until all are back after a loss, with default quotas and with those raised that bind",
    svg: lineChart({
      title: "Time to the last subscriber",
      x: { label: "subscribers", log: true },
      y: { label: "seconds", log: true },
      series: [...ends(cells, "publish"), ...ends(cells, "reconnect")].map((each, index) => ({
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

/** What happens with many subscribers, by simulation. */
export const scale: Benchmark<Cell[]> = {
  summary: "10,000 to 1,000,000 subscribers, simulated: time, cost, and which quota binds",
  page: "docs/SCALING.md",
  run: ({ progress }) => Promise.resolve(simulate(SIZES, progress)),
  table,
  charts,
};
