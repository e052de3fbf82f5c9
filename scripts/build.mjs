#!/usr/bin/env node
// Builds dist/: the bundles, and the type declarations.
//   --bundles  only the bundles (what running needs; the declarations are for whoever imports the package)
//   --quiet    say nothing unless something is wrong
import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, formatMessages } from "esbuild";
import { bundles, copies } from "./bundles.mjs";
import { buildClient } from "./client-build.mjs";
import { prune, write } from "./output.mjs";
import { emitTypes } from "./types.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const quiet = process.argv.includes("--quiet");
const started = Date.now();
const say = (text) => quiet || console.log(text);

/** Runs one bundle and writes its outputs; gives what was written. */
const bundle = async ({ executable, ...options }) => {
  const result = await build({ ...options, write: false });
  for (const file of result.outputFiles) {
    write(file.path, file.contents, { executable });
    say(`${relative(root, file.path).padEnd(44)} ${(file.contents.length / 1024).toFixed(1).padStart(8)} KB`);
  }
  return result.outputFiles.map((file) => file.path);
};

const copy = ([from, to]) => {
  write(resolve(root, to), readFileSync(resolve(root, from)));
  return resolve(root, to);
};

const main = async () => {
  // All of them, so that one look shows everything that is wrong.
  const results = await Promise.allSettled([...bundles().map(bundle), buildClient({ root, write, say })]);
  const errors = results.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
  if (errors.length > 0) throw new AggregateError(errors);
  const written = [...results.flatMap(({ value }) => value), ...copies().map(copy)];
  if (!process.argv.includes("--bundles")) {
    written.push(...emitTypes(root));
    prune(join(root, "dist"), new Set(written));
  }
  say(`built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
};

/** What is wrong, in words: esbuild's errors with file and line, others as they are. */
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
