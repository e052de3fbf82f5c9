import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { progressOn } from "../fuzz/report.js";
import { Failure } from "../local/failure.js";
import { parseBenchArguments } from "./arguments.js";
import type { Benchmark } from "./benchmark.js";
import { fanout } from "./fanout.js";
import { guards } from "./guards.js";
import { between } from "./page.js";

/** The benchmarks, by name. */
const BENCHMARKS: Record<string, Benchmark<unknown>> = { guards, fanout };

const ROOT = join(__dirname, "..");

/** The page that shows what the benchmarks print. */
const PAGE = join(ROOT, "docs/PERFORMANCE.md");

/** How finely progress is told. */
const STEPS = 100;

const help = (): string => `bench: measures this package on this machine

  npm run bench -- NAME [options]

Benchmarks
${Object.entries(BENCHMARKS)
  .map(([name, { summary }]) => `  ${name.padEnd(14)} ${summary}`)
  .join("\n")}

Options
  --json         print one line of JSON on stdout, and nothing else there
  --write        put the table into docs/PERFORMANCE.md
  --help         this

Talks to 127.0.0.1 only, and ends by itself.
`;

const main = async (args: string[]): Promise<void> => {
  const { help: asked, json, write, name } = parseBenchArguments(args, Object.keys(BENCHMARKS));
  if (asked) return void process.stdout.write(help());
  const benchmark = BENCHMARKS[name]!;
  const bar = progressOn(process.stderr, STEPS);
  const result = await benchmark.run({ root: ROOT, progress: (share) => bar(Math.round(share * STEPS)) });
  const table = benchmark.table(result);
  if (write) writeFileSync(PAGE, between(readFileSync(PAGE, "utf8"), name, table));
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `\n${table}\n`);
};

main(process.argv.slice(2)).catch((error: unknown) => {
  const text = error instanceof Failure ? [error.message, error.next].filter(Boolean).join("\n") : (error as Error).stack;
  process.stderr.write(`✗ ${text ?? String(error)}\n`);
  process.exitCode = 1;
});
