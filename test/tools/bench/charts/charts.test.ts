import { axisFor } from "../../../../tools/bench/charts/axis.js";
import { barChart, lineChart } from "../../../../tools/bench/charts/charts.js";
import { formatNumber } from "../../../../tools/bench/charts/svg.js";

/** The widths of the bars, in pixels. */
const widths = (svg: string): number[] =>
  [...svg.matchAll(/<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)" height="16"/g)].map(([, width]) => Number(width));

test("a linear axis runs from 0 to the first line above values", () => {
  const axis = axisFor([3, 87]);
  expect(axis.ticks).toEqual([0, 20, 40, 60, 80, 100]);
  expect(axis.share(50)).toBe(0.5);
});

test("a logarithmic axis runs between powers of ten, with 0 lowest", () => {
  const axis = axisFor([2, 900, 0], true);
  expect(axis.ticks).toEqual([1, 10, 100, 1000]);
  expect([axis.share(10), axis.share(0)]).toEqual([expect.closeTo(1 / 3), 0]);
});

test("nothing to show is an error, not an empty chart", () => {
  expect(() => axisFor([0])).toThrow("above 0");
  expect(() => barChart({ title: "t", unit: "ms", groups: ["a"], series: [{ name: "s", values: [null] }] })).toThrow(
    "above 0",
  );
});

test("bars follow values and order, and a missing value is a dash", () => {
  const svg = barChart({
    title: "Size & <load>",
    unit: "ms",
    groups: ["one", "two"],
    series: [
      { name: "median", values: [10, 40] },
      { name: "p95", values: [20, null] },
    ],
  });
  const [first = 0, ...others] = widths(svg);
  expect(others.map((width) => width / first)).toEqual([expect.closeTo(2, 1), expect.closeTo(4, 1)]);
  expect(svg).toContain("Size &amp; &lt;load&gt;");
  expect(svg).toContain(">–</text>");
  expect(svg).toContain("prefers-color-scheme:dark");
});

test("a line goes through its points, up where values are larger", () => {
  const svg = lineChart({
    title: "Latency",
    x: { label: "a second", log: true },
    y: { label: "ms" },
    series: [
      {
        name: "p50",
        points: [
          [1, 0],
          [10, 50],
          [100, 100],
        ],
        dashed: true,
      },
    ],
  });
  const [, points = ""] = /<polyline points="([^"]+)" class="c0 dashed"/.exec(svg) ?? [];
  const [a, b, c] = points.split(" ").map((point) => point.split(",").map(Number) as [number, number]);
  expect(b![0] - a![0]).toBeCloseTo(c![0] - b![0], 0);
  expect(a![1] - b![1]).toBeCloseTo(b![1] - c![1], 0);
  expect(a![1]).toBeGreaterThan(c![1]);
});

test.each([
  [0, "0"],
  [1.234, "1.23"],
  [12.34, "12.3"],
  [1234.5, "1,235"],
  [0.00512, "0.00512"],
])("%d is shown as %s", (value, shown) => {
  expect(formatNumber(value)).toBe(shown);
});
