import { parseArgs, type ParseArgsConfig } from "node:util";
import { UserError } from "../../local/core/user-error.js";
import type { Benchmark } from "./benchmark.js";
import type { Options } from "./options.js";

/** What was asked for on the command line. */
export interface BenchArguments {
  help: boolean;
  json: boolean;
  /** Whether the page that shows these figures is to be written anew. */
  write: boolean;
  name: string;
  /** Those of the benchmark itself. */
  options: Options;
}

/** The benchmarks that there are, by name: what the command line has to know of them. */
export type KnownBenchmarks = Readonly<Record<string, Pick<Benchmark<unknown>, "options">>>;

/**
 * Reads the command line.
 * @throws UserError for a benchmark that does not exist, and for an option that does not exist or is another benchmark's
 */
export const parseBenchArguments = (args: string[], benchmarks: KnownBenchmarks): BenchArguments => {
  const { values, positionals } = parse(args, benchmarks);
  const [name = "", ...more] = positionals;
  const { help = false, json = false, write = false, ...options } = values;
  const asked = { help: help === true, json: json === true, write: write === true, name, options };
  if (asked.help) return asked;
  const benchmark = Object.hasOwn(benchmarks, name) && more.length === 0 ? benchmarks[name] : undefined;
  if (!benchmark) {
    const all = Object.keys(benchmarks).join(", ");
    throw new UserError(
      name ? `There is no benchmark "${positionals.join(" ")}".` : "Which benchmark?",
      `One of: ${all}.`,
    );
  }
  const foreign = Object.keys(options).find((option) => !Object.hasOwn(benchmark.options ?? {}, option));
  if (foreign !== undefined) throw new UserError(`${name} has no option --${foreign}.`, HELP);
  return asked;
};

const HELP = "npm run bench -- --help lists the options.";

const parse = (args: string[], benchmarks: KnownBenchmarks) => {
  const own: NonNullable<ParseArgsConfig["options"]> = {};
  for (const { options = {} } of Object.values(benchmarks)) {
    for (const [name, { flag }] of Object.entries(options)) own[name] = { type: flag ? "boolean" : "string" };
  }
  try {
    const options: NonNullable<ParseArgsConfig["options"]> = {
      ...own,
      json: { type: "boolean" },
      write: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    };
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
    // No option may be given more than once: no value is a list.
    return { values: values as Record<string, string | boolean | undefined>, positionals };
  } catch (error) {
    throw new UserError((error as Error).message, HELP);
  }
};
