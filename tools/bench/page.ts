import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Chart } from "./benchmark.js";

/**
 * Replaces the text between the markers of `name` in a page.
 * @throws Error if the page has no such markers
 * @example replaceSection("<!-- guards -->\nold\n<!-- /guards -->", "guards", "new")
 */
export const replaceSection = (page: string, name: string, text: string): string => {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`the page has no ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n${text.trim()}\n${page.slice(to)}`;
};

/** The folder of the charts. */
const CHARTS = "docs/charts";

/** The content of a benchmark's section. */
export interface PageContent {
  /** The repository's folder. */
  root: string;
  /** The page's path in the repository. */
  page: string;
  name: string;
  table: string;
  charts: readonly Chart[];
}

/**
 * Writes a benchmark's charts and table into its page, and the chart files.
 * @throws Error if the page has no place for them; then nothing is written
 */
export const writePage = ({ root, page, name, table, charts }: PageContent): void => {
  const file = join(root, page);
  const address = (chart: Chart): string => relative(dirname(page), join(CHARTS, `${chart.name}.svg`));
  const pictures = charts.map((chart) => `![${chart.alt}](${address(chart)})\n\n`);
  const written = replaceSection(readFileSync(file, "utf8"), name, pictures.join("") + table);
  mkdirSync(join(root, CHARTS), { recursive: true });
  for (const chart of charts) writeFileSync(join(root, CHARTS, `${chart.name}.svg`), chart.svg);
  writeFileSync(file, written);
};
