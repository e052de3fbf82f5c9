// The bundles with their sources and destinations: the list that scripts/build.mjs works off.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { leanSdk } from "./lean-sdk.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The registry of functions (infra/functions/registry.ts), compiled on the fly: this script runs without TypeScript. */
const registry = async () => {
  const { outputFiles } = await build({
    entryPoints: [join(root, "infra/functions/registry.ts")],
    bundle: true,
    format: "esm",
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);
};

/**
 * Some bundled modules are CommonJS and call `require("node:…")`, which an ES module does not have. esbuild does not look
 * into a banner. So no module may use the name, nor may the banner of a guard module that bundles ours.
 */
const REQUIRE_BANNER =
  'import{createRequire as createRequireOfPushIt}from"node:module";' +
  "const require=createRequireOfPushIt(import.meta.url);";

/**
 * The lowest Node that runs it: functions run on Node 24 in AWS, and the same files on a developer's Node 20 locally.
 */
export const NODE = "node20";

/** Packages that are installed with a package, or next to it: its dependencies and its peer dependencies. */
export const installedWith = (folder) => {
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(
    readFileSync(join(root, folder, "package.json"), "utf8"),
  );
  return Object.keys({ ...dependencies, ...peerDependencies });
};

/** @type {import("esbuild").BuildOptions} */
export const common = { bundle: true, legalComments: "none", logLevel: "silent", absWorkingDir: root };

/** Lambda code: one minified ES module with the SDK inside, whose credentials come from the environment only. */
const lambda = {
  ...common,
  platform: "node",
  format: "esm",
  target: NODE,
  minify: true,
  mainFields: ["module", "main"],
  banner: { js: REQUIRE_BANNER },
  // Modules that a function would load and never use: a cache for endpoints that are not looked up (7 KB), and more
  // credentials. The default chain has SSO, profiles, container and instance metadata, and web identity. It is a third
  // of the bundle and of its load time, and a function's credentials are always in its environment.
  alias: {
    "@aws-sdk/credential-provider-node": join(root, "scripts/env-credentials.mjs"),
    "@aws-sdk/endpoint-cache": join(root, "scripts/unused-by-functions.mjs"),
    "@smithy/core/event-streams": join(root, "scripts/unused-by-functions.mjs"),
  },
  plugins: [leanSdk],
};

/** Node code of a package that is run, or required. */
const node = (folder) => ({
  ...common,
  platform: "node",
  target: NODE,
  format: "cjs",
  external: installedWith(folder),
});

const browser = { ...common, platform: "browser", target: "es2022", minify: true };

/** `push-it-aws`: the functions, the host of guard modules in them, and the construct. */
const construct = async () => [
  ...Object.entries((await registry()).FUNCTIONS).map(([name, { entry }]) => ({
    ...lambda,
    entryPoints: [`lambdas/${entry}.ts`],
    outfile: `dist/lambdas/${name}/index.mjs`,
  })),
  {
    ...lambda,
    entryPoints: ["lambdas/guards/worker.ts"],
    outfile: "dist/lambdas/guard-worker.mjs",
    // The user's module: bundled at synth into the folder that this file is copied to.
    external: ["./guards.mjs"],
  },
  { ...node("."), entryPoints: ["infra/index.ts"], outfile: "dist/infra/index.js" },
];

/** `push-it-cli`: the command, the entry of the functions' processes, the console page, and the SDK that it serves. */
const command = () => [
  {
    ...node("local"),
    entryPoints: ["local/cli.ts"],
    outfile: "local/dist/cli.js",
    banner: { js: "#!/usr/bin/env node" },
    executable: true,
  },
  // Commands for deployed stacks, with the SDKs that they need: `dev` does not load them.
  ...["check", "load"].map((name) => ({
    ...node("local"),
    entryPoints: [`local/commands/${name}/command.ts`],
    outfile: `local/dist/${name}.js`,
    minify: true,
  })),
  {
    ...node("local"),
    format: "esm",
    banner: { js: REQUIRE_BANNER },
    entryPoints: ["local/services/lambda/child/bootstrap.ts"],
    outfile: "local/dist/bootstrap.mjs",
  },
  {
    ...node("local"),
    format: "esm",
    entryPoints: ["local/services/lambda/child/node-path.ts"],
    outfile: "local/dist/node-path.mjs",
  },
  {
    ...node("local"),
    format: "esm",
    entryPoints: ["local/starter/guards.ts"],
    outfile: "local/dist/starter-guards/guards.mjs",
  },
  { ...node("local"), entryPoints: ["local/synthesis/recorder.ts"], outfile: "local/dist/recorder.cjs" },
  { ...browser, format: "esm", entryPoints: ["local/console/main.ts"], outfile: "local/dist/console/main.js" },
  { ...browser, format: "esm", entryPoints: ["client/src/index.ts"], outfile: "local/dist/sdk/index.js" },
  { ...browser, format: "iife", entryPoints: ["client/src/script.ts"], outfile: "local/dist/sdk/push-it.iife.js" },
];

/** `create-push-it-app`: the command. */
const create = () => ({
  ...node("create"),
  entryPoints: ["create/cli.ts"],
  outfile: "create/dist/cli.js",
  banner: { js: "#!/usr/bin/env node" },
  executable: true,
});

/** Everything that is bundled, but what others import: scripts/libraries.mjs has that. */
export const bundles = async () => [...(await construct()), ...command(), create()];

/** The console page. */
const CONSOLE = "local/console";

/** The JSON Schemas of what guard functions are asked and answer. */
const SCHEMAS = "docs/schemas";

/** Files that are copied unchanged, `[source, destination]`: the console page's static parts, Python, schemas. */
export const copies = () => [
  ["local/services/lambda/child/bootstrap.py", "local/dist/bootstrap.py"],
  ...readdirSync(join(root, CONSOLE))
    .filter((name) => /\.(html|css|svg|png|ico|webmanifest)$/.test(name))
    .map((name) => [`${CONSOLE}/${name}`, `local/dist/console/${name}`]),
  ...readdirSync(join(root, SCHEMAS)).map((name) => [`${SCHEMAS}/${name}`, `server/dist/schemas/${name}`]),
];
