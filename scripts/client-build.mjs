// How the browser SDK is bundled: scripts/build.mjs builds it so, and the size test measures what this gives.
import { join } from "node:path";
import { minify } from "@swc/core";
import { build } from "esbuild";

/** @type {import("esbuild").BuildOptions} */
const common = {
  bundle: true,
  minify: true,
  platform: "browser",
  target: "es2022",
  legalComments: "none",
  logLevel: "silent",
  // Names that begin with an underscore are the SDK's own, on both sides of every use: no option, frame or method of
  // the public API has one, so they can be shortened.
  mangleProps: /^_[a-z]/,
};

/** The bundles: an ES module for bundlers and Node, the same without history and presence, a global `PushIt` for a `<script>` tag. */
export const CLIENT_BUNDLES = {
  esm: { ...common, format: "esm", entryPoints: ["client/src/index.ts"], outfile: "dist/client/index.js" },
  core: { ...common, format: "esm", entryPoints: ["client/src/core.ts"], outfile: "dist/client/core.js" },
  // Wrapped in a function of its own: see below.
  iife: { ...common, format: "esm", entryPoints: ["client/src/script.ts"], outfile: "dist/client/push-it.iife.js" },
};

/** Builds one bundle in memory (`esm`, `core` or `iife`); gives its text. */
export const clientBundle = async (root, name) => {
  const { outputFiles } = await build({ ...CLIENT_BUNDLES[name], absWorkingDir: root, write: false });
  // A second look by a minifier that inlines what is used once: 5 % of what travels.
  const { code } = await minify(outputFiles[0].text, {
    module: true,
    ecma: 2022,
    // Statements of their own repeat more than sequences do, and compress better.
    compress: { passes: 3, toplevel: true, sequences: false },
    mangle: { toplevel: true },
  });
  // The names at the top of a script are the page's: there it may not make any.
  return name === "iife" ? `(()=>{${code}})();` : code;
};

/** Writes the bundles and what tells Node that they are ES modules; gives the paths written. */
export const buildClient = async ({ root, write, say }) => {
  const paths = [];
  const put = (file, text) => {
    paths.push(join(root, file));
    write(paths.at(-1), Buffer.from(text));
  };
  for (const [name, { outfile }] of Object.entries(CLIENT_BUNDLES)) {
    const text = await clientBundle(root, name);
    put(outfile, text);
    say(`${outfile.padEnd(44)} ${(text.length / 1024).toFixed(1).padStart(8)} KB`);
  }
  put("dist/client/package.json", '{"type":"module"}\n');
  return paths;
};
