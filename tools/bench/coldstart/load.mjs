// Prints how long a handler takes to load in this process, in milliseconds: as Lambda loads it, `require` for CommonJS.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [file] = process.argv.slice(2);
const require = createRequire(import.meta.url);

const begun = performance.now();
if (file.endsWith(".mjs")) await import(pathToFileURL(file).href);
else require(file);
const ms = performance.now() - begun;

// A guard worker would keep the process alive.
process.stdout.write(`${ms}\n`, () => process.exit());
