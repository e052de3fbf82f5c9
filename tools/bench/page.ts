import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Chart } from "./benchmark.js";

/**
 * A page with what stands between the markers of `name` replaced.
 * @throws Error when the page has no such markers
 * @example between("<!-- guards -->\nold\n<!-- /guards -->", "guards", "new")
 */
export const replaceSection = (page: string, name: string, text: string): string => {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`the page has no ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n${text.trim()}\n${page.slice(to)}`;
};

/** Where charts are, below the package's folder. */
const CHARTS = "docs/charts";

/** What a benchmark has to show. */
export interface PageContent {
  /** The package's folder. */
  root: string;
  /** The page's path below it. */
  page: string;
  name: string;
  table: string;
  charts: readonly Chart[];
}

/**
 * Puts a benchmark's charts and table into its page, and the charts' files beside it.
 * @throws Error when the page has no place for them; nothing is written then
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
