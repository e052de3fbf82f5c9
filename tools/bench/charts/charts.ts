import { type Axis, axisFor } from "./axis.js";
import { coordinate, colourOf, formatNumber, svgImage, CHARACTER_WIDTH, text, plotTop, WIDTH } from "./svg.js";

/** A bar chart: groups below each other, with one bar for each series. */
export interface BarChart {
  title: string;
  /** The unit of all values, such as "ms". */
  unit: string;
  /** The names of the groups. */
  groups: readonly string[];
  /** One value for each group; `null`: none. */
  series: readonly { name: string; values: readonly (number | null)[] }[];
  /**
   * Whether equal distances are equal ratios.
   * @default false
   */
  log?: boolean;
}

/** The options of an axis. */
export interface AxisOptions {
  /** With the unit. */
  label: string;
  /**
   * Whether equal distances are equal ratios.
   * @default false
   */
  log?: boolean;
}

/** A line chart. */
export interface LineChart {
  title: string;
  x: AxisOptions;
  y: AxisOptions;
  /** Points in drawing order. A line that belongs to another may be dashed. */
  series: readonly { name: string; points: readonly (readonly [x: number, y: number])[]; dashed?: boolean }[];
}

const BAR_HEIGHT = 16;
const BETWEEN_BARS = 3;
const BETWEEN_GROUPS = 12;

/** Height below the plot, for tick labels and the axis label. */
const AXIS_HEIGHT = 44;

/** Vertical grid lines with labels. */
const verticals = ({ ticks, share }: Axis, left: number, width: number, top: number, bottom: number): string[] =>
  ticks.flatMap((tick) => {
    const x = left + share(tick) * width;
    return [
      `<line x1="${coordinate(x)}" x2="${coordinate(x)}" y1="${coordinate(top)}" y2="${coordinate(bottom)}" class="grid"/>`,
      text(formatNumber(tick), { x, y: bottom + 16, anchor: "middle", style: "faint" }),
    ];
  });

interface BarPlace {
  axis: Axis;
  left: number;
  width: number;
  y: number;
  colour: string;
}

/** One bar with its value. */
const bar = (value: number | null, { axis, left, width, y, colour }: BarPlace): string[] => {
  if (value === null) return [text("–", { x: left + 6, y: y + BAR_HEIGHT - 4, style: "faint" })];
  const long = axis.share(value) * width;
  return [
    `<rect x="${coordinate(left)}" y="${coordinate(y)}" width="${coordinate(long)}" height="${BAR_HEIGHT}" rx="2" class="${colour}"/>`,
    text(formatNumber(value), { x: left + long + 6, y: y + BAR_HEIGHT - 4 }),
  ];
};

/**
 * Draws a bar chart as SVG.
 * @throws Error if no value is above 0
 * @example
 * barChart({ title: "Load time", unit: "ms", groups: ["publish"], series: [{ name: "median", values: [28] }] })
 */
export const barChart = ({ title, unit, groups, series, log }: BarChart): string => {
  const values = series.flatMap((each) => each.values.filter((value) => value !== null));
  const axis = axisFor(values, log);
  const names = series.map(({ name }) => name);
  const left = 20 + Math.max(...groups.map((group) => group.length)) * CHARACTER_WIDTH;
  const width = WIDTH - left - 80;
  const groupHeight = series.length * (BAR_HEIGHT + BETWEEN_BARS) - BETWEEN_BARS;
  const top = plotTop(names);
  const bottom = top + groups.length * (groupHeight + BETWEEN_GROUPS) + BETWEEN_GROUPS;
  const bars = groups.flatMap((group, row) => {
    const y = top + BETWEEN_GROUPS + row * (groupHeight + BETWEEN_GROUPS);
    return [
      text(group, { x: left - 10, y: y + groupHeight / 2 + 4, anchor: "end" }),
      ...series.flatMap((each, index) =>
        bar(each.values[row] ?? null, {
          axis,
          left,
          width,
          y: y + index * (BAR_HEIGHT + BETWEEN_BARS),
          colour: colourOf(index),
        }),
      ),
    ];
  });
  const name = text(unit, { x: left + width / 2, y: bottom + 36, anchor: "middle", style: "faint" });
  return svgImage(title, names, bottom + AXIS_HEIGHT, [...verticals(axis, left, width, top, bottom), ...bars, name]);
};

/** Height of a line chart's plot. */
const HEIGHT = 260;

/**
 * A line chart as SVG.
 * @throws Error when no value is above 0
 * @example
 * lineChart({
 *   title: "Publish → received",
 *   x: { label: "publications a second", log: true },
 *   y: { label: "ms" },
 *   series: [{ name: "p50", points: [[10, 4], [100, 7]] }],
 * })
 */
export const lineChart = ({ title, x, y, series }: LineChart): string => {
  const points = series.flatMap((each) => each.points);
  const xAxis = axisFor(
    points.map((point) => point[0]),
    x.log,
  );
  const yAxis = axisFor(
    points.map((point) => point[1]),
    y.log,
  );
  const names = series.map(({ name }) => name);
  const left = 24 + Math.max(...yAxis.ticks.map((tick) => formatNumber(tick).length)) * CHARACTER_WIDTH;
  const width = WIDTH - left - 30;
  const top = plotTop(names) + 18;
  const bottom = top + HEIGHT;
  const height = (value: number): number => bottom - yAxis.share(value) * HEIGHT;
  const horizontals = yAxis.ticks.flatMap((tick) => [
    `<line x1="${coordinate(left)}" x2="${coordinate(left + width)}" y1="${coordinate(height(tick))}" y2="${coordinate(height(tick))}" class="grid"/>`,
    text(formatNumber(tick), { x: left - 8, y: height(tick) + 4, anchor: "end", style: "faint" }),
  ]);
  const lines = series.flatMap(({ points: own, dashed }, index) => {
    const places = own.map(
      (point) => [coordinate(left + xAxis.share(point[0]) * width), coordinate(height(point[1]))] as const,
    );
    const dots = places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" class="${colourOf(index)}"/>`);
    const line = places.map((place) => place.join(",")).join(" ");
    return [`<polyline points="${line}" class="${colourOf(index)}${dashed ? " dashed" : ""}"/>`, ...dots];
  });
  return svgImage(title, names, bottom + AXIS_HEIGHT, [
    text(y.label, { x: 12, y: top - 10, style: "faint" }),
    ...verticals(xAxis, left, width, top, bottom),
    ...horizontals,
    ...lines,
    text(x.label, { x: left + width / 2, y: bottom + 36, anchor: "middle", style: "faint" }),
  ]);
};
