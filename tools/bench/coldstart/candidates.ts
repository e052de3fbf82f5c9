import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { NodejsFunction } from "aws-cdk-lib/aws-lambda-nodejs";
import { buildSync } from "esbuild";
import { RUNTIME } from "../../../infra/functions/make-functions.js";

/** Something to load, and to compare. */
export interface Candidate {
  name: string;
  /** Absolute path of the handler's module. */
  file: string;
  /** What is deployed, in bytes. */
  bytes: number;
  environment?: Record<string, string>;
}

/** What the rows that are not functions of ours are called. */
export const BARE_NODE = "bare node";
export const NODEJS_FUNCTION = "NodejsFunction default";
export const UNBUNDLED = "unbundled SDK";
/** `publish` that starts the thread of a guard module. */
export const GUARDED = "publish, guard module";

const bytesOf = (file: string): number => statSync(file).size;

/** Our own functions, as they are built. */
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

/** `publish` beside a guard module and what runs it, as they are deployed. */
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

/** The same work with the SDK, as `NodejsFunction` makes it where nothing but our runtime is said: the SDK is outside. */
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

/** The bytes of a folder's files. */
const folderBytes = (folder: string): number =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + bytesOf(join(entry.parentPath, entry.name)), 0);

/** The folders of packages and of what they depend on, as they are installed. */
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

/** Where Node finds a package from a folder. */
const folderOf = (name: string, from: string): string => {
  const folder = join(from, "node_modules", name);
  if (statSync(join(folder, "package.json"), { throwIfNoEntry: false })) return folder;
  if (from === dirname(from)) throw new Error(`${name} is not installed`);
  return folderOf(name, dirname(from));
};

const SDK = ["@aws-sdk/client-apigatewaymanagementapi", "@aws-sdk/client-dynamodb"];

/** The same work with the SDK, not bundled: deployed with all of its packages. */
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
 * Everything that is compared.
 * @param folder an empty one below the package's, so that what is written there finds the package's modules
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
