/** What a benchmark is run with. */
export interface BenchContext {
  /** The package's folder; it has been built. */
  root: string;
  /** Told how much of the run is done, from 0 to 1. */
  progress(share: number): void;
}

/** One benchmark. */
export interface Benchmark<Result> {
  /** What it shows, in one line. */
  summary: string;
  run(context: BenchContext): Promise<Result>;
  /** The result for people, in Markdown. */
  table(result: Result): string;
}
