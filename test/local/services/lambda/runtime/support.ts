import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { Credentials } from "../../../../../local/core/credentials.js";
import { ProcessReaper } from "../../../../../local/core/process-reaper.js";
import type { InvocationReport } from "../../../../../local/services/lambda/runtime/pool.js";
import { LambdaRuntime, type RuntimeOptions } from "../../../../../local/services/lambda/runtime/runtime.js";
import type { FunctionModel } from "../../../../../local/assembly/model/functions.js";
import type { LogEntry } from "../../../../../local/core/log.js";

/** A runtime with one function `F`, and what it logged and reported. */
export interface Bench {
  runtime: LambdaRuntime;
  log: LogEntry[];
  reports: InvocationReport[];
  model: FunctionModel;
  /** Writes a file of the function's asset. */
  write(file: string, source: string): void;
  /** A file outside the asset that a function can write to. */
  scratch: string;
}

const running: { runtime: LambdaRuntime; reaper: ProcessReaper; folder: string }[] = [];

/** Starts a runtime whose function `F` is an ES module with this source. */
export const startBench = (
  source: string,
  model: Partial<FunctionModel> = {},
  options: Partial<RuntimeOptions> = {},
): Bench => {
  const folder = mkdtempSync(join(tmpdir(), "lambda-test-"));
  const reaper = new ProcessReaper();
  const log: LogEntry[] = [];
  const reports: InvocationReport[] = [];
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, "code", file)), { recursive: true });
    writeFileSync(join(folder, "code", file), text);
  };
  write("index.mjs", source);
  const fn = { ...DEFAULTS, code: join(folder, "code"), ...model };
  const runtime = new LambdaRuntime([fn], {
    bootstraps: {
      node: bootstrap(folder),
      python: resolve(__dirname, "../../../../../local/services/lambda/child/bootstrap.py"),
    },
    place: { region: "eu-west-1", account: "123456789012", partition: "aws" },
    credentials: new Credentials(),
    reaper,
    endpoints: () => ({ AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:1" }),
    log: (entry) => log.push(entry),
    report: (report) => reports.push(report),
    ...options,
  });
  running.push({ runtime, reaper, folder });
  return { runtime, log, reports, model: fn, write, scratch: join(folder, "scratch") };
};

/** Ends every runtime that was started. */
export const stopBenches = async (): Promise<void> => {
  for (const { runtime, reaper, folder } of running.splice(0)) {
    await runtime.close();
    await reaper.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

const DEFAULTS: FunctionModel = {
  logicalId: "F",
  name: "stack-F-1",
  code: "",
  handler: "index.handler",
  runtime: "nodejs24.x",
  timeoutSeconds: 5,
  memoryMb: 128,
  environment: { TABLE_NAME: "table", AWS_REGION: "from-the-template" },
};

const bootstrap = (folder: string): string => {
  const outfile = join(folder, "bootstrap.mjs");
  const entry = resolve(__dirname, "../../../../../local/services/lambda/child/bootstrap.ts");
  buildSync({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "esm" });
  return outfile;
};
