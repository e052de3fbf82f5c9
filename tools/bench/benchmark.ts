import type { Options } from "./options.js";

/** The context of a benchmark's run. */
export interface BenchContext {
  /** The repository's folder; it must be built. */
  root: string;
  /** Reports the finished share of the run, from 0 to 1. */
  progress(share: number): void;
}

/** A chart of a result. */
export interface Chart {
  /** The name of its file in docs/charts, without `.svg`. */
  name: string;
  /** The alternative text. */
  alt: string;
  svg: string;
}

/** One benchmark. */
export interface Benchmark<Result> {
  /** One line for the help text. */
  summary: string;
  /** The benchmark's own options by name, with their help. All take a value, except flags. */
  options?: Record<string, { help: string; flag?: boolean }>;
  /**
   * The page with the result, between `<!-- NAME -->` and `<!-- /NAME -->`.
   * @default "docs/PERFORMANCE.md"
   */
  page?: string;
  run(context: BenchContext, options: Options): Promise<Result>;
  /** The result as a Markdown table. */
  table(result: Result): string;
  /** The result as charts, which `--write` puts above the table. */
  charts?(result: Result): Chart[];
}
