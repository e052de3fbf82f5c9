import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { NodejsFunction } from "aws-cdk-lib/aws-lambda-nodejs";
import { buildSync } from "esbuild";
import { RUNTIME } from "../../../infra/functions/make-functions.js";

/** A module whose load time is compared. */
export interface Candidate {
  name: string;
  /** Absolute path of the handler's module. */
  file: string;
  /** Deployed size in bytes. */
  bytes: number;
  environment?: Record<string, string>;
}

/** The names of the rows that are not own functions. */
export const BARE_NODE = "bare node";
export const NODEJS_FUNCTION = "NodejsFunction default";
export const UNBUNDLED = "unbundled SDK";
/** The publish function with a guard module, which starts a thread. */
export const GUARDED = "publish, guard module";

const bytesOf = (file: string): number => statSync(file).size;

/** The built functions. */
const ownFunctions = (dist: string): Candidate[] =>
  readdirSync(join(dist, "lambdas"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const file = join(dist, "lambdas", name, "index.mjs");
      return { name, file, bytes: bytesOf(file) };
    });

const GUARDS = `export default {
  onPublicationRequest(channel, agent, message) { channel.publish(message); agent.publicationSuccess(message); },
};`;

/** The publish function with a guard module and the guard worker, as deployed. */
const guarded = (dist: string, folder: string): Candidate => {
  const code = join(folder, "guarded");
  mkdirSync(code);
  copyFileSync(join(dist, "lambdas/publish/index.mjs"), join(code, "index.mjs"));
  copyFileSync(join(dist, "lambdas/guard-worker.mjs"), join(code, "guard-worker.mjs"));
  writeFileSync(join(code, "guards.mjs"), GUARDS);
  const bytes = readdirSync(code).reduce((sum, file) => sum + bytesOf(join(code, file)), 0);
  const environment = { PUSH_IT_GUARDS: "guards.mjs", LAMBDA_TASK_ROOT: code };
  return { name: GUARDED, file: join(code, "index.mjs"), bytes, environment };
};

const bare = (folder: string): Candidate => {
  const file = join(folder, "empty.mjs");
  writeFileSync(file, "");
  return { name: BARE_NODE, file, bytes: 0 };
};

/** The same work with the SDK, as `NodejsFunction` bundles it for the construct's runtime: without the SDK. */
const nodejsFunction = (root: string, folder: string, entry: string): Candidate => {
  const outdir = join(folder, "cdk.out");
  const app = new App({ outdir, analyticsReporting: false });
  new NodejsFunction(new Stack(app, "Comparison"), "Function", {
    entry,
    runtime: RUNTIME,
    projectRoot: root,
    depsLockFilePath: join(root, "package-lock.json"),
  });
  app.synth();
  const asset = readdirSync(outdir).find((name) => name.startsWith("asset."));
  if (asset === undefined) throw new Error("NodejsFunction made no asset");
  const file = join(outdir, asset, "index.js");
  return { name: NODEJS_FUNCTION, file, bytes: bytesOf(file) };
};

/** The total size of a folder's files. */
const folderBytes = (folder: string): number =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + bytesOf(join(entry.parentPath, entry.name)), 0);

/** The folders of installed packages and their dependencies. */
const installed = (names: readonly string[], from: string, found = new Set<string>()): Set<string> => {
  for (const name of names) {
    const folder = folderOf(name, from);
    if (found.has(folder)) continue;
    found.add(folder);
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    installed(Object.keys(dependencies), folder, found);
  }
  return found;
};

/** The folder in which Node finds a package. */
const folderOf = (name: string, from: string): string => {
  const folder = join(from, "node_modules", name);
  if (statSync(join(folder, "package.json"), { throwIfNoEntry: false })) return folder;
  if (from === dirname(from)) throw new Error(`${name} is not installed`);
  return folderOf(name, dirname(from));
};

const SDK = ["@aws-sdk/client-apigatewaymanagementapi", "@aws-sdk/client-dynamodb"];

/** The same work with the unbundled SDK: deployed with all of its packages. */
const unbundled = (root: string, folder: string, entry: string): Candidate => {
  const file = join(folder, "unbundled.mjs");
  buildSync({
    entryPoints: [entry],
    outfile: file,
    format: "esm",
    target: "node20",
    logLevel: "silent",
    absWorkingDir: root,
  });
  const packages = [...installed(SDK, root)].filter(
    (each, _, all) => !all.some((other) => each.startsWith(`${other}/`)),
  );
  return { name: UNBUNDLED, file, bytes: packages.reduce((sum, each) => sum + folderBytes(each), bytesOf(file)) };
};

/**
 * Prepares all candidates.
 * @param folder an empty folder in the repository, so that modules in it find the installed packages
 */
export const candidates = (root: string, folder: string): Candidate[] => {
  const dist = join(root, "dist");
  const entry = join(root, "tools/bench/coldstart/sdk-handler.ts");
  return [
    ...ownFunctions(dist),
    guarded(dist, folder),
    bare(folder),
    nodejsFunction(root, folder, entry),
    unbundled(root, folder, entry),
  ];
};
