import type { Options } from "./options.js";

/** What a benchmark is run with. */
export interface BenchContext {
  /** The package's folder; it has been built. */
  root: string;
  /** Told how much of the run is done, from 0 to 1. */
  progress(share: number): void;
}

/** A picture of a result. */
export interface Chart {
  /** Of its file in docs/charts, without `.svg`. */
  name: string;
  /** What it shows, for who cannot see it. */
  alt: string;
  svg: string;
}

/** One benchmark. */
export interface Benchmark<Result> {
  /** What it shows, in one line. */
  summary: string;
  /** Options of its own, by name: what each does, for the help. All take a value; `flag` says which do not. */
  options?: Record<string, { help: string; flag?: boolean }>;
  /**
   * The page that shows its result, between `<!-- NAME -->` and `<!-- /NAME -->`.
   * @default "docs/PERFORMANCE.md"
   */
  page?: string;
  run(context: BenchContext, options: Options): Promise<Result>;
  /** The result for people, in Markdown. */
  table(result: Result): string;
  /** The result in pictures, which `--write` puts above the table. */
  charts?(result: Result): Chart[];
}
