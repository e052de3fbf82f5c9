// How the browser SDK is bundled: scripts/build.mjs builds it so, and the size test measures what this gives.
import { join } from "node:path";
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

/** The bundles: an ES module for bundlers and Node, a global `PushIt` for a `<script>` tag. */
export const CLIENT_BUNDLES = {
  esm: { ...common, format: "esm", entryPoints: ["client/index.ts"], outfile: "dist/client/index.js" },
  iife: { ...common, format: "iife", entryPoints: ["client/global.ts"], outfile: "dist/client/push-it.iife.js" },
};

/** Builds one bundle in memory; gives its bytes. */
export const clientBundle = async (root, name) => {
  const { outputFiles } = await build({ ...CLIENT_BUNDLES[name], absWorkingDir: root, write: false });
  return outputFiles[0].contents;
};

/** Writes the bundles and what tells Node that they are ES modules; gives the paths written. */
export const buildClient = async ({ root, write, say }) => {
  const paths = [];
  for (const [name, { outfile }] of Object.entries(CLIENT_BUNDLES)) {
    const contents = await clientBundle(root, name);
    paths.push(join(root, outfile));
    write(paths.at(-1), contents);
    say(`${outfile.padEnd(44)} ${(contents.length / 1024).toFixed(1).padStart(8)} KB`);
  }
  paths.push(join(root, "dist/client/package.json"));
  write(paths.at(-1), '{"type":"module"}\n');
  return paths;
};
