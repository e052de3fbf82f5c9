#!/usr/bin/env node
// Builds dist/: the bundles, and the type declarations.
//   --bundles  only the bundles (what running needs; the declarations are for whoever imports the package)
//   --quiet    say nothing unless something is wrong
import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, formatMessages } from "esbuild";
import { bundles, copies } from "./bundles.mjs";
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

/** The client has rules of its own (size, private names), so it brings its own build. */
const client = async () => {
  const own = new URL("client-build.mjs", import.meta.url);
  if (!existsSync(own)) return [];
  const { buildClient } = await import(own.href);
  return await buildClient({ root, write, say });
};

const copy = ([from, to]) => {
  write(resolve(root, to), readFileSync(resolve(root, from)));
  return resolve(root, to);
};

const missing = (options) => !existsSync(resolve(root, options.entryPoints[0]));

const main = async () => {
  const all = bundles();
  for (const options of all.filter(missing)) {
    console.error(`skipped, not there yet: ${options.entryPoints[0]}`);
    if (options.outfile.endsWith("/index.mjs") && options.outfile.startsWith("dist/lambdas"))
      write(resolve(root, options.outfile), "export const handler = async () => ({ statusCode: 200 });\n");
  }
  const built = await Promise.all([...all.filter((options) => !missing(options)).map(bundle), client()]);
  const written = [...built.flat(), ...copies().map(copy)];
  if (!process.argv.includes("--bundles")) {
    written.push(...emitTypes(root));
    prune(join(root, "dist"), new Set(written));
  }
  say(`built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
};

try {
  await main();
} catch (error) {
  const messages = error.errors ? await formatMessages(error.errors, { kind: "error", color: false }) : [error.message];
  console.error(messages.join("\n"));
  process.exitCode = 1;
}
