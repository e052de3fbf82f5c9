#!/usr/bin/env node
// Builds the five packages, each into its folder dist/: the bundles, the type declarations, and the stack that the
// command runs without an app. Builds nothing if nothing has changed since the last time.
// - `--bundles`: only the bundles, which are enough to run. Importing a package needs the declarations, and a folder
//   without a CDK app needs the starter.
// - `--force`: builds in any case.
// - `--quiet`: prints nothing unless something is wrong.
import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, formatMessages } from "esbuild";
import { bundles, copies } from "./bundles.mjs";
import { libraryFiles } from "./libraries.mjs";
import { prune, write } from "./output.mjs";
import { emitStarter } from "./starter.mjs";
import { inputsOf, isUpToDate, noteBuilt } from "./stamp.mjs";
import { templateFiles } from "./templates.mjs";
import { emitTypes } from "./types.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const quiet = process.argv.includes("--quiet");
const types = !process.argv.includes("--bundles");
const started = Date.now();
const print = (text) => quiet || console.log(text);

const put = (path, contents, options) => {
  write(path, contents, options);
  print(`${relative(root, path).padEnd(44)} ${(contents.length / 1024).toFixed(1).padStart(8)} KB`);
  return path;
};

/** Runs one bundle and writes its outputs; returns the written files. */
const bundle = async ({ executable, ...options }) => {
  const result = await build({ ...options, write: false });
  return result.outputFiles.map((file) => put(file.path, file.contents, { executable }));
};

const libraries = async () => (await libraryFiles(root)).map(({ path, text }) => put(path, Buffer.from(text)));

const copy = ([from, to]) => {
  write(resolve(root, to), readFileSync(resolve(root, from)));
  return resolve(root, to);
};

const templates = () => templateFiles(root).map(({ path, contents }) => put(path, contents));

/** The folders that hold build outputs, and nothing else. */
const DISTS = ["dist", "client/dist", "server/dist", "local/dist", "create/dist"];

const main = async () => {
  const inputs = inputsOf(root);
  if (!process.argv.includes("--force") && isUpToDate(root, inputs, { types })) return print("nothing has changed");
  // All of them, so that one look shows everything that is wrong.
  const results = await Promise.allSettled([...(await bundles()).map(bundle), libraries()]);
  const errors = results.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
  if (errors.length > 0) throw new AggregateError(errors);
  const paths = [...results.flatMap(({ value }) => value), ...copies().map(copy), ...templates()];
  if (types) {
    paths.push(...emitTypes(root), ...emitStarter(root));
    for (const folder of DISTS) prune(join(root, folder), new Set(paths));
  }
  noteBuilt(root, inputs, { types, paths });
  print(`built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
};

/** An error in words: esbuild's errors with file and line, others as they are. */
const explain = async (error) => {
  const { errors = [] } = error;
  if (error instanceof AggregateError) return (await Promise.all(errors.map(explain))).flat();
  return errors.length > 0 ? await formatMessages(errors, { kind: "error", color: false }) : [error.message];
};

try {
  await main();
} catch (error) {
  console.error([...new Set(await explain(error))].join("\n"));
  process.exitCode = 1;
}
