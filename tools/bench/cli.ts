import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../lib/cli.js";
import { createProgress } from "../lib/progress.js";
import { parseBenchArguments } from "./arguments.js";
import { aws } from "./aws/aws.js";
import type { Benchmark } from "./benchmark.js";
import { coldstart } from "./coldstart/coldstart.js";
import { connections } from "./connections/connections.js";
import { cost } from "./cost/cost.js";
import { dev } from "./dev/dev.js";
import { fanout } from "./fanout/fanout.js";
import { guards } from "./guards/guards.js";
import { latency } from "./latency/latency.js";
import { replaceSection, writePage } from "./page.js";
import { scale } from "./scale/scale.js";

/** The benchmarks, by name. */
const BENCHMARKS: Record<string, Benchmark<unknown>> = {
  aws,
  coldstart,
  connections,
  cost,
  dev,
  fanout,
  guards,
  latency,
  scale,
};

const ROOT = join(__dirname, "../..");

/** The default page for results. */
const PAGE = "docs/PERFORMANCE.md";

/** Number of progress steps. */
const STEPS = 100;

const optionsHelp = ({ options = {} }: Benchmark<unknown>): string =>
  Object.entries(options)
    .map(([name, { help, flag }]) => `\n    ${`--${name}${flag ? "" : " …"}`.padEnd(20)} ${help}`)
    .join("");

const help = (): string => `bench: measures this package on this machine

  npm run bench -- NAME [options]

Benchmarks, and options of their own
${Object.entries(BENCHMARKS)
  .map(([name, benchmark]) => `  ${name.padEnd(14)} ${benchmark.summary}${optionsHelp(benchmark)}`)
  .join("\n")}

Options
  --json         print one line of JSON on stdout, and everything else on stderr
  --write        put the table and the charts into their page of docs
  --help         print this text

Connects to 127.0.0.1 only (the benchmark aws: to --url), and stops by itself.
`;

const main = async (args: string[]): Promise<void> => {
  const { help: asked, json, write, name, options } = parseBenchArguments(args, BENCHMARKS);
  if (asked) return void process.stdout.write(help());
  const benchmark = BENCHMARKS[name]!;
  const { page = PAGE } = benchmark;
  // Fails before a long run if the page has no place for its result.
  if (write) replaceSection(readFileSync(join(ROOT, page), "utf8"), name, "");
  const bar = createProgress(process.stderr, STEPS);
  const result = await benchmark.run({ root: ROOT, progress: (share) => bar(Math.round(share * STEPS)) }, options);
  const table = benchmark.table(result);
  if (write) writePage({ root: ROOT, page, name, table, charts: benchmark.charts?.(result) ?? [] });
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `\n${table}\n`);
};

runCli(main);
