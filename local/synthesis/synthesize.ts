import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { UserError, messageOf } from "../core/user-error.js";

/** `cdk.json`, as far as the local runtime reads it. */
interface CdkJson {
  app?: string;
  build?: string;
  context?: Record<string, unknown>;
}

/** Context that the CDK's command always sets. The paths assign resources to their construct. */
const CONTEXT = { "aws:cdk:enable-path-metadata": true, "aws:cdk:enable-asset-metadata": true };

/** Context longer than this goes to a file: an environment variable holds at most 128 KiB on Linux. */
const CONTEXT_CHARACTERS = 32_000;

/** Last lines of a failed app's output that are shown. */
const SHOWN_LINES = 40;

/**
 * Synthesizes the CDK app of a folder as the CDK's own command does.
 * @param project the folder with `cdk.json`
 * @param outdir the output folder; existing files stay, so that an unchanged asset keeps its path
 * @param started called for each process that it starts
 * @param variables more environment variables for these processes
 * @returns the cloud assembly's folder: `outdir`, or the folder that `cdk.json` names as its app
 * @throws UserError without a `cdk.json`, or if the app fails
 */
export const synthesize = async (
  project: string,
  outdir: string,
  started: (child: ChildProcess) => void,
  variables: Record<string, string> = {},
): Promise<string> => {
  const { app, build, context } = readCdkJson(project);
  if (!app)
    throw new UserError(
      `${join(project, "cdk.json")} names no "app".`,
      'For example: { "app": "npx tsx infra/app.ts" }',
    );
  const ready = resolve(project, app);
  if (statSync(ready, { throwIfNoEntry: false })?.isDirectory()) return ready;
  mkdirSync(outdir, { recursive: true });
  const env = { ...environment(outdir, { ...context, ...readContext(project), ...CONTEXT }), ...variables };
  if (build) await run(build, project, env, started);
  await run(commandOf(project, app), project, env, started);
  return outdir;
};

const readCdkJson = (project: string): CdkJson => {
  const file = join(project, "cdk.json");
  if (!existsSync(file)) {
    throw new UserError(
      `There is no cdk.json in ${project}.`,
      "Run this in the folder of your CDK app, or name an app that is synthesized already: --app cdk.out",
    );
  }
  return parse<CdkJson>(file);
};

/** The results of earlier lookups in the account. */
const readContext = (project: string): Record<string, unknown> => {
  const file = join(project, "cdk.context.json");
  return existsSync(file) ? parse<Record<string, unknown>>(file) : {};
};

const parse = <T>(file: string): T => {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as T;
  } catch (error) {
    throw new UserError(`${file} is not JSON: ${messageOf(error)}`);
  }
};

const environment = (outdir: string, context: Record<string, unknown>): NodeJS.ProcessEnv => {
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const json = JSON.stringify(context);
  const region = AWS_REGION ?? AWS_DEFAULT_REGION;
  const base = { ...process.env, CDK_OUTDIR: outdir, ...(region && { CDK_DEFAULT_REGION: region }) };
  if (json.length <= CONTEXT_CHARACTERS) return { ...base, CDK_CONTEXT_JSON: json };
  const file = join(outdir, "context-overflow.json");
  writeFileSync(file, json);
  return { ...base, CONTEXT_OVERFLOW_LOCATION_ENV: file };
};

/** A bare JavaScript file is an app too. */
const commandOf = (project: string, app: string): string =>
  app.endsWith(".js") && existsSync(resolve(project, app)) ? `"${process.execPath}" "${app}"` : app;

const run = (command: string, cwd: string, env: NodeJS.ProcessEnv, started: (child: ChildProcess) => void) =>
  new Promise<void>((done, fail) => {
    const child = spawn(command, { shell: true, cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    started(child);
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => output.push(chunk.toString()));
    child.once("error", (error) => fail(new UserError(`${command} cannot be run: ${error.message}`)));
    child.once("close", (code, signal) => {
      if (code === 0) return done();
      const ended = signal ?? `exit code ${code}`;
      fail(new UserError(`The app failed to synthesize (${ended}): ${command}\n\n${lastLines(output.join(""))}`, NEXT));
    });
  });

/** The last lines of the app's output, without stack frames of Node and packages. */
const lastLines = (output: string): string => {
  const lines = output.trimEnd().split("\n");
  return lines
    .filter((line) => !/^\s+at .*(node:|node_modules)/.test(line))
    .slice(-SHOWN_LINES)
    .join("\n");
};

const NEXT = "Put the app right; npx cdk synth shows the same.";
