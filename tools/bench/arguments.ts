import { parseArgs, type ParseArgsConfig } from "node:util";
import { UserError } from "../../local/core/user-error.js";
import type { Benchmark } from "./benchmark.js";
import type { Options } from "./options.js";

/** The parsed command line. */
export interface BenchArguments {
  help: boolean;
  json: boolean;
  /** Whether to update the page with the figures. */
  write: boolean;
  name: string;
  /** The benchmark's own options. */
  options: Options;
}

/** The benchmarks by name. */
export type KnownBenchmarks = Readonly<Record<string, Pick<Benchmark<unknown>, "options">>>;

/**
 * Parses the command line.
 * @throws UserError for an unknown benchmark, and for an unknown option or an option of another benchmark
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
    // No option can be given more than once, so no value is a list.
    return { values: values as Record<string, string | boolean | undefined>, positionals };
  } catch (error) {
    throw new UserError((error as Error).message, HELP);
  }
};
