// What is bundled from what, into where: the list that scripts/build.mjs works off.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { leanSdk } from "./lean-sdk.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** The functions of the template: each is `lambdas/<name>.ts` and becomes `dist/lambdas/<name>/index.mjs`. */
export const FUNCTIONS = [
  "connect",
  "disconnect",
  "handshake",
  "subscribe",
  "unsubscribe",
  "publish",
  "send",
  "refresh",
  "ping",
  "presence",
  "history",
  "default",
  "sweep",
  "publisher",
  "deliver",
  "flush",
  "announce",
];

/**
 * Some of what is bundled is CommonJS that calls `require("node:…")`, which an ES module does not have. esbuild does not
 * look into a banner, so the name must be one that no module uses, nor the banner of a guard module that bundles ours.
 */
const REQUIRE_BANNER =
  'import{createRequire as createRequireOfPushIt}from"node:module";' +
  "const require=createRequireOfPushIt(import.meta.url);";

/**
 * The lowest Node that runs it: functions run on Node 24 in AWS, and the same files on a developer's Node 20 locally.
 */
const NODE = "node20";

/** Consumers have these: what the package depends on, and what it expects beside it. */
const external = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];

/** @type {import("esbuild").BuildOptions} */
const common = { bundle: true, legalComments: "none", logLevel: "silent", absWorkingDir: root };

/** Lambda code: one minified ES module with the SDK inside, whose credentials come from the environment only. */
const lambda = {
  ...common,
  platform: "node",
  format: "esm",
  target: NODE,
  minify: true,
  mainFields: ["module", "main"],
  banner: { js: REQUIRE_BANNER },
  // What a function would load and never use: a cache for endpoints that are not looked up (7 KB), and more credentials.
  // The default chain (SSO, profiles, container and instance metadata, web identity) is a third of the bundle and of
  // its load time, and a function's credentials are always in its environment.
  alias: {
    "@aws-sdk/credential-provider-node": join(root, "scripts/env-credentials.mjs"),
    "@aws-sdk/endpoint-cache": join(root, "scripts/unused-by-functions.mjs"),
    "@smithy/core/event-streams": join(root, "scripts/unused-by-functions.mjs"),
  },
  plugins: [leanSdk],
};

/** Node code that is installed with the package. */
const node = { ...common, platform: "node", target: NODE, external };
const nodeModule = { ...node, format: "esm", banner: { js: REQUIRE_BANNER } };

const browser = { ...common, platform: "browser", target: "es2022", minify: true };

/** Everything that is bundled, but the client: it has rules of its own (size, private names). */
export const bundles = () => [
  ...FUNCTIONS.map((name) => ({
    ...lambda,
    entryPoints: [`lambdas/${name}.ts`],
    outfile: `dist/lambdas/${name}/index.mjs`,
  })),
  {
    ...lambda,
    entryPoints: ["lambdas/guards/worker.ts"],
    outfile: "dist/lambdas/guard-worker.mjs",
    // The user's module: bundled at synth into the folder that this file is copied to.
    external: ["./guards.mjs"],
  },
  { ...nodeModule, entryPoints: ["lambdas/guards/api.ts"], outfile: "dist/guards/index.mjs" },
  { ...node, format: "cjs", entryPoints: ["lambdas/guards/api.ts"], outfile: "dist/guards/index.js" },
  { ...nodeModule, entryPoints: ["publisher/index.ts"], outfile: "dist/publisher/index.mjs" },
  { ...node, format: "cjs", entryPoints: ["publisher/index.ts"], outfile: "dist/publisher/index.js" },
  { ...node, format: "cjs", entryPoints: ["infra/index.ts"], outfile: "dist/infra/index.js" },
  {
    ...node,
    format: "cjs",
    entryPoints: ["local/cli.ts"],
    outfile: "dist/local/cli.js",
    banner: { js: "#!/usr/bin/env node" },
    executable: true,
  },
  { ...nodeModule, entryPoints: ["local/bootstrap.ts"], outfile: "dist/local/bootstrap.mjs" },
  { ...browser, format: "esm", entryPoints: ["local/console/main.ts"], outfile: "dist/local/console/main.js" },
];

/** The console page. */
const CONSOLE = "local/console";

/** The JSON Schemas of what guard functions are asked and answer. */
const SCHEMAS = "docs/schemas";

/** Files that are copied as they are, `[source, destination]`: the console page's static parts, what is Python, schemas. */
export const copies = () => [
  ["local/lambda/child/bootstrap.py", "dist/local/bootstrap.py"],
  ...readdirSync(join(root, CONSOLE))
    .filter((name) => /\.(html|css|svg|png|ico|webmanifest)$/.test(name))
    .map((name) => [`${CONSOLE}/${name}`, `dist/${CONSOLE}/${name}`]),
  ...readdirSync(join(root, SCHEMAS)).map((name) => [`${SCHEMAS}/${name}`, `dist/schemas/${name}`]),
];
