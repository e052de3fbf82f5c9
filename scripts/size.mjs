#!/usr/bin/env node
// Prints what the packages weigh, and ends with 1 if one is over its budget: `npm run size`. KB are 1,024 bytes here.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { applicationOf } from "./libraries.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const KB = 1024;

/**
 * The most that the SDK may add to an application, in bytes, minified by its bundler and compressed as a CDN does it. A
 * change that needs more has to say why.
 */
const BUNDLED = { "push-it-client": 13.7 * KB, "push-it-client/core": 8.8 * KB, "push-it-client/channels": 1 * KB };

/** The most that a binding may add to an application that has the SDK and the framework. */
const BINDINGS = {
  "push-it-client/react": 3.1 * KB,
  "push-it-client/vue": 3.2 * KB,
  "push-it-client/svelte": 3.2 * KB,
  "push-it-client/views": 3.1 * KB,
};

/**
 * The packages by folder, and the most that one may take when it is installed. A seventh of the client is the fake for
 * tests, which no application loads. A binding takes 12 KB.
 */
const PACKAGES = { client: 1250 * KB, server: Infinity, ".": Infinity, local: Infinity, create: Infinity };

const packOf = (folder) => {
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const [pack] = JSON.parse(execFileSync("npm", args, { cwd: join(root, folder), encoding: "utf8" }));
  return pack;
};

/** The size of an application that uses everything of some modules. */
const sizeOf = async (...modules) => brotliCompressSync(await applicationOf(modules, root)).length;

const over = [];
const inKb = (bytes) => `${(bytes / KB).toFixed(2)} KB`.padStart(11);
const print = (name, text, bytes, budget) => {
  const allowed = budget === Infinity ? "" : `  (at most ${budget / KB} KB)`;
  console.log(`${name.padEnd(20)} ${text}${allowed}`);
  if (bytes > budget) over.push(`${name} is ${bytes - budget} bytes over its budget.`);
};

console.log("In an application, everything used (esbuild --bundle --minify, brotli)");
for (const [name, budget] of Object.entries(BUNDLED)) {
  const bytes = await sizeOf(name);
  print(name, inKb(bytes), bytes, budget);
}
for (const [name, budget] of Object.entries(BINDINGS)) {
  const bytes = (await sizeOf("push-it-client", name)) - (await sizeOf("push-it-client"));
  print(name, `${inKb(bytes)} more`, bytes, budget);
}
console.log("\nPackages, packed and installed");
for (const [folder, budget] of Object.entries(PACKAGES)) {
  const { name, size, unpackedSize } = packOf(folder);
  print(name, `${inKb(size)} ${inKb(unpackedSize)}`, unpackedSize, budget);
}
if (over.length > 0) {
  console.error(`\n${over.join("\n")}`);
  process.exitCode = 1;
}
