import { parseArgs } from "node:util";
import { Failure } from "../local/failure.js";

/** What was asked for on the command line. */
export interface BenchArguments {
  help: boolean;
  json: boolean;
  /** Whether the page that shows these figures is to be written anew. */
  write: boolean;
  name: string;
}

/**
 * Reads the command line.
 * @param names the benchmarks that there are
 * @throws Failure for an option or a benchmark that does not exist
 */
export const parseBenchArguments = (args: string[], names: readonly string[]): BenchArguments => {
  const { values, positionals } = parse(args);
  const [name = "", ...more] = positionals;
  const { help = false, json = false, write = false } = values;
  if (help) return { help, json, write, name };
  if (!names.includes(name) || more.length > 0) {
    throw new Failure(name ? `There is no benchmark "${positionals.join(" ")}".` : "Which benchmark?", `One of: ${names.join(", ")}.`);
  }
  return { help, json, write, name };
};

const parse = (args: string[]) => {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: "boolean" }, write: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    });
  } catch (error) {
    throw new Failure((error as Error).message, "npm run bench -- --help lists the options.");
  }
};
