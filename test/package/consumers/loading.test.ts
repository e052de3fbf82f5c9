import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import commonjs from "@rollup/plugin-commonjs";
import nodeResolve from "@rollup/plugin-node-resolve";
import { App, Stack } from "aws-cdk-lib";
import { NodejsFunction } from "aws-cdk-lib/aws-lambda-nodejs";
import { buildSync } from "esbuild";
import { type ModuleFormat, rollup } from "rollup";
import webpack from "webpack";
import { FLAGS } from "../../infra/synth.js";
import { manifestIn } from "../packs.js";
import { ROOT } from "../processes.js";
import { commandOf, Consumer } from "./packed.js";

/*
 * A program that loads every entry of the packages for a page and for a back end, in each way in which people bundle. An entry
 * that cannot be loaded ends the program: with a bundler, a fault is often seen only then.
 */

/** Every entry that a program can import, by the packages' manifests. */
const ENTRIES = (["client", "server"] as const).flatMap((folder) => {
  const { name, exports } = manifestIn(join(ROOT, folder));
  return Object.entries(exports).flatMap(([path, target]) =>
    typeof target === "object" && "import" in target ? [join(name, path)] : [],
  );
});

/** Exports that each entry has, among others. */
const KNOWN: Readonly<Record<string, string[]>> = {
  "push-it-client": ["Channel", "PushIt", "PushItError"],
  "push-it-client/core": ["Channel", "PushIt", "PushItError"],
  "push-it-client/channels": ["channel", "defineChannels"],
  "push-it-client/react": ["PushItProvider", "useChannel", "useConnection", "useMessages"],
  "push-it-client/vue": ["providePushIt", "useChannel", "useConnection", "useMessages"],
  "push-it-client/svelte": ["providePushIt", "useChannel", "useConnection", "useMessages"],
  "push-it-client/views": ["channelView", "connectionView", "messagesView"],
  "push-it-client/testing": ["FakePushIt"],
  "push-it-server/guards": ["guardHandler", "guards", "secret"],
  "push-it-server/publisher": ["Publisher", "PublisherError"],
};

/** The output of a program that has loaded all entries. */
const PRINTED = ENTRIES.map(
  (entry) => `${entry}: ${KNOWN[entry]?.map((name) => `${name} function`).join(", ")}\n`,
).join("");

const PRINT = `
  const known = ${JSON.stringify(KNOWN)};
  for (const [entry, exported] of entries) console.log(entry + ": " + known[entry].map((name) => name + " " + typeof exported[name]).join(", "));
`;
const list = (load: (entry: string, at: number) => string): string =>
  `const entries = [${ENTRIES.map((entry, at) => `["${entry}", ${load(entry, at)}]`).join(", ")}];`;
const IMPORTING = `${ENTRIES.map((entry, at) => `import * as e${at} from "${entry}";\n`).join("")}${list((_entry, at) => `e${at}`)}${PRINT}`;
const REQUIRING = `${list((entry) => `require("${entry}")`)}${PRINT}`;

/** Is loaded only when a Publisher is used, and is there in Lambda. */
const SDK = "@aws-sdk/client-lambda";

const withEsbuild =
  (entry: string, format: "cjs" | "esm") =>
  (app: Consumer): string => {
    const outfile = join(app.folder, `bundle.${format === "cjs" ? "cjs" : "mjs"}`);
    const { warnings } = buildSync({
      entryPoints: [join(app.folder, entry)],
      outfile,
      bundle: true,
      platform: "node",
      format,
      external: ["@aws-sdk/*"],
      logLevel: "silent",
    });
    expect(warnings).toEqual([]);
    return outfile;
  };

/** With only the required options: the bundle is CommonJS. */
const withNodejsFunction = (app: Consumer): string => {
  app.write("package-lock.json", "{}");
  // The CDK runs the esbuild of the app.
  mkdirSync(join(app.folder, "node_modules/.bin"), { recursive: true });
  symlinkSync(commandOf("esbuild"), join(app.folder, "node_modules/esbuild"), "junction");
  symlinkSync(commandOf("esbuild/bin/esbuild"), join(app.folder, "node_modules/.bin/esbuild"));
  app.write("handler.js", `${IMPORTING}\nexport const handler = () => {};`);
  const cdk = new App({ outdir: join(app.folder, "cdk.out"), context: FLAGS, analyticsReporting: false });
  new NodejsFunction(new Stack(cdk, "Test"), "Function", {
    entry: join(app.folder, "handler.js"),
    projectRoot: app.folder,
    depsLockFilePath: join(app.folder, "package-lock.json"),
  });
  cdk.synth();
  const assets = readdirSync(join(app.folder, "cdk.out")).map((name) => join(app.folder, "cdk.out", name, "index.js"));
  return assets.find((file) => existsSync(file))!;
};

const withWebpack = async (app: Consumer): Promise<string> => {
  const compiler = webpack({
    mode: "production",
    context: app.folder,
    entry: "./main.mjs",
    target: "node",
    externals: { [SDK]: `commonjs ${SDK}` },
    output: { path: app.folder, filename: "bundle.cjs" },
    // Svelte's part for servers imports a module of Node by an expression.
    ignoreWarnings: [{ module: /node_modules\/svelte\// }],
  });
  const stats = await new Promise<webpack.Stats>((resolve, reject) =>
    compiler.run((error, result) => (error ? reject(error) : resolve(result!))),
  );
  await new Promise<void>((resolve, reject) => compiler.close((error) => (error ? reject(error) : resolve())));
  expect(stats.toJson({ all: false, errors: true, warnings: true })).toMatchObject({ errors: [], warnings: [] });
  return "bundle.cjs";
};

const withRollup =
  (format: ModuleFormat) =>
  async (app: Consumer): Promise<string> => {
    const warnings: unknown[] = [];
    const bundle = await rollup({
      input: join(app.folder, "main.mjs"),
      external: [/^node:/, SDK],
      plugins: [nodeResolve({ preferBuiltins: true }), commonjs()],
      onwarn: (warning) => void warnings.push(warning.message),
    });
    const file = join(app.folder, `bundle.${format === "cjs" ? "cjs" : "mjs"}`);
    await bundle.write({ file, format, inlineDynamicImports: true });
    await bundle.close();
    // Rollup's warning about each file for React's server components, without which a page loses nothing. And its
    // warnings about rings of Svelte's own files.
    const others = warnings.filter(
      (warning) =>
        !/directives.*"use client".*react\.js" was ignored|^Circular dependency: node_modules\/svelte\//.test(
          String(warning),
        ),
    );
    expect(others).toEqual([]);
    return file;
  };

const WAYS: [string, (app: Consumer) => string | Promise<string>][] = [
  ["no bundler, imported", () => "main.mjs"],
  ["no bundler, required", () => "main.cjs"],
  ["esbuild as CommonJS", withEsbuild("main.mjs", "cjs")],
  ["esbuild as an ES module", withEsbuild("main.mjs", "esm")],
  ["esbuild as CommonJS, required", withEsbuild("main.cjs", "cjs")],
  ["NodejsFunction with its defaults", withNodejsFunction],
  ["webpack", withWebpack],
  ["Rollup as CommonJS", withRollup("cjs")],
  ["Rollup as an ES module", withRollup("es")],
];

test("every entry is known here", () => {
  expect(ENTRIES.sort()).toEqual(Object.keys(KNOWN).sort());
});

test.each(WAYS)("every entry is loaded: %s", async (_way, build) => {
  const app = new Consumer("loading", { "main.mjs": IMPORTING, "main.cjs": REQUIRING });
  expect(app.node([await build(app)])).toBe(PRINTED);
});
