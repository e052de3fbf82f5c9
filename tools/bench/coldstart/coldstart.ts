import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { makeWorkFolder } from "../../lib/work-folder.js";
import type { Benchmark, BenchContext } from "../benchmark.js";
import { barChart } from "../charts/charts.js";
import { integerOption } from "../options.js";
import { roundTo2, percentilesOf } from "../stats.js";
import { BARE_NODE, type Candidate, candidates, NODEJS_FUNCTION, GUARDED, UNBUNDLED } from "./candidates.js";

/** One row of the result. */
export interface ColdStart {
  /** The name of a function, or of a comparison. */
  function: string;
  /** Deployed size in bytes. */
  bytes: number;
  /**
   * From the start of its import until it is loaded, in a fresh process: the minimum, because disturbances only add
   * time.
   */
  loadMs: number;
  /** The median and the 95th percentile. */
  medianMs: number;
  p95Ms: number;
}

/** Default number of loads of each module. */
const ROUNDS = 25;

/** The environment of the functions, with fake credentials. */
const ENVIRONMENT = {
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "none",
  AWS_LAMBDA_FUNCTION_NAME: "bench",
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
  AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: "http://127.0.0.1:1/live",
  TABLE_NAME: "bench",
  PUSH_IT_SETTINGS: JSON.stringify(DEFAULT_SETTINGS),
};

const run = promisify(execFile);

const load = async ({ file, environment }: Candidate, script: string): Promise<number> => {
  const env = { PATH: process.env["PATH"], ...ENVIRONMENT, ...environment };
  const { stdout } = await run(process.execPath, [script, file], { env });
  return Number(stdout);
};

/**
 * Loads all modules in turn, round after round, so that disturbances affect all alike. The first round fills the file
 * system caches and does not count.
 * @param rounds loads of each module
 */
export const measureColdStarts = async ({ root, progress }: BenchContext, rounds = ROUNDS): Promise<ColdStart[]> => {
  const folder = makeWorkFolder(root, "bench-");
  try {
    const all = candidates(root, folder.path).map((candidate) => ({ candidate, ms: [] as number[] }));
    for (let round = 0; round <= rounds; round += 1) {
      for (const { candidate, ms } of all) {
        const took = await load(candidate, join(root, "tools/bench/coldstart/load.mjs"));
        if (round > 0) ms.push(took);
      }
      progress(round / rounds);
    }
    return all.map(({ candidate, ms }) => {
      const { p50, p95 } = percentilesOf(ms);
      return {
        function: candidate.name,
        bytes: candidate.bytes,
        loadMs: roundTo2(Math.min(...ms)),
        medianMs: p50,
        p95Ms: p95,
      };
    });
  } finally {
    folder.remove();
  }
};

const find = (results: readonly ColdStart[], name: string): ColdStart => {
  const found = results.find((each) => each.function === name);
  if (!found) throw new Error(`there is no row ${name}`);
  return found;
};

const KB = 1024;

const table = (results: ColdStart[]): string => {
  const byDefault = find(results, NODEJS_FUNCTION).loadMs;
  const rows = results.map(
    ({ function: name, bytes, loadMs, medianMs, p95Ms }) =>
      `| ${name} | ${(bytes / KB).toFixed(1)} | ${loadMs.toFixed(1)} | ${medianMs.toFixed(1)} | ${p95Ms.toFixed(1)} | ${(loadMs / byDefault).toFixed(2)} |`,
  );
  return [
    `| function | KB (1,024 bytes) | load, best ms | median ms | p95 ms | best, of “${NODEJS_FUNCTION}” |`,
    "|---|--:|--:|--:|--:|--:|",
    ...rows,
    "",
    `The publish function's load time is ${roundTo2(find(results, "publish").loadMs / byDefault)} of the default's. A load time is from the start of a handler's import until it is there, in a fresh process of Node ${process.versions.node} on this machine, from warm file caches, the best of its rounds, because whatever else the machine does only adds to it: what a cold start adds in AWS besides (an environment, the download, the runtime) is not in it. “${NODEJS_FUNCTION}” and “${UNBUNDLED}” publish with the SDK's two clients, as people write it; the first finds the SDK in the runtime, as \`NodejsFunction\` makes it for the runtime that the construct pins, so that its size is without the SDK; the second brings all its packages along. “${GUARDED}” starts its guard's thread besides, which goes on loading when the function is loaded. “${BARE_NODE}” is an empty module.`,
  ].join("\n");
};

/** Compares size and load time of each function with common alternatives. */
export const coldstart: Benchmark<ColdStart[]> = {
  summary: "size and load time of each function, beside bare node and the SDK as it comes",
  options: { rounds: { help: `how often each is loaded; default ${ROUNDS}` } },
  run: (context, options) =>
    measureColdStarts(context, integerOption(options, "rounds", { defaultValue: ROUNDS, max: 1000 })),
  table,
  charts: (results) => [
    {
      name: "coldstart",
      alt: "Load time of each function beside bare node and the SDK: the figures are in the table below",
      svg: barChart({
        title: "Loading a function in a fresh process, best of all rounds",
        unit: "ms",
        groups: results.map((each) => each.function),
        series: [{ name: "best", values: results.map(({ loadMs }) => loadMs) }],
      }),
    },
  ],
};
