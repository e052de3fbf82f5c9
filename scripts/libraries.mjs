// The packages that others import, push-it-client and push-it-server: each as ES modules and as CommonJS, readable.
import { basename, dirname, join, relative } from "node:path";
import { build, transform } from "esbuild";
import { common, installedWith, NODE } from "./bundles.mjs";

/** By folder: what can be imported from the package, and the source of each. */
export const LIBRARIES = {
  client: {
    entries: {
      index: "client/src/index.ts",
      core: "client/src/core.ts",
      react: "client/src/react/index.ts",
      vue: "client/src/vue/index.ts",
      svelte: "client/src/svelte/index.ts",
      views: "client/src/views/index.ts",
      channels: "client/src/channels.ts",
      testing: "client/src/testing/index.ts",
    },
    apart: {
      // It shares a few lines with the others, and no class. So each gets its own, and no file is loaded for both.
      channels: {},
      // It imports the SDK as applications do. So its classes are the application's, and the SDK stays in one piece. Its
      // code is readable without source maps, which every installation would carry for tests alone.
      testing: {
        sourcemap: false,
        plugins: [
          {
            name: "sdk-outside",
            setup: ({ onResolve }) =>
              onResolve({ filter: /^\.\.\/index\.js$/ }, () => ({ path: "./index.js", external: true })),
          },
        ],
      },
    },
    // Neutral, because for browsers esbuild decides what `process.env.NODE_ENV` is: that is the application's to say.
    options: { platform: "neutral", target: "es2022", sourcemap: true },
  },
  server: {
    entries: { guards: "server/guards/index.ts", publisher: "server/publisher/index.ts" },
    options: { platform: "node", target: NODE },
  },
};

/** The SDK for a script tag, minified: it defines the global `PushIt`. */
const SCRIPT = {
  ...common,
  ...LIBRARIES.client.options,
  platform: "browser",
  format: "iife",
  minify: true,
  // Its map would be a tenth of what the package may weigh. For debugging, there are the modules.
  sourcemap: false,
  entryPoints: { "push-it.iife": "client/src/script.ts" },
};

/**
 * The text of `esbuild --bundle --minify` for an application in `folder` that uses everything of some modules, without
 * the framework.
 */
export const applicationOf = async (modules, folder) => {
  const { outputFiles } = await build({
    stdin: {
      contents: modules.map((module) => `export * from ${JSON.stringify(module)};`).join(""),
      resolveDir: folder,
    },
    external: ["react", "svelte", "vue"],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    // The built package, as an application finds it: our tsconfig.json would lead to its sources.
    tsconfigRaw: {},
  });
  return outputFiles[0].text;
};

/** The folders of the two kinds, and the field by which Node, TypeScript and bundlers know the kind. */
export const KINDS = { esm: "module", cjs: "commonjs" };

/** Builds everything below the folder `dist` of each library, in memory; gives the files: their paths and texts. */
export const libraryFiles = async (root, dist = (folder) => join(root, folder, "dist")) => {
  const libraries = await Promise.all(Object.keys(LIBRARIES).map((folder) => filesOf(root, folder, dist(folder))));
  const script = await build({ ...SCRIPT, absWorkingDir: root, outdir: dist("client"), write: false });
  return [...libraries.flat(), ...script.outputFiles.map(({ path, text }) => ({ path, text }))];
};

/**
 * An import of a shared file of which an entry uses nothing. esbuild writes it, and bundlers warn about it. The line
 * stays, empty, because of the source map.
 */
const UNUSED_IMPORT = /^import "\.\/shared-\w+\.js";$/gm;

const filesOf = async (root, folder, dist) => {
  const { entries, apart = {}, options } = LIBRARIES[folder];
  const together = Object.keys(entries).filter((entry) => !(entry in apart));
  const groups = [[together, {}], ...Object.entries(apart).map(([entry, own]) => [[entry], own])];
  const builds = groups.map(([names, own]) =>
    build({
      ...common,
      ...options,
      ...own,
      absWorkingDir: root,
      format: "esm",
      // Code that several entries share is in a file of its own: so `PushItError` is one class, for every import.
      splitting: true,
      chunkNames: "shared-[hash]",
      entryPoints: Object.fromEntries(names.map((name) => [name, entries[name]])),
      external: installedWith(folder),
      outdir: join(dist, "esm"),
      write: false,
    }),
  );
  const modules = (await Promise.all(builds)).flatMap(({ outputFiles }) =>
    outputFiles.map(({ path, text }) => ({ path, text: text.replace(UNUSED_IMPORT, "") })),
  );
  const manifests = Object.entries(KINDS).map(([kind, type]) => ({
    path: join(dist, kind, "package.json"),
    text: `${JSON.stringify({ type, sideEffects: false })}\n`,
  }));
  return [...modules, ...(await asCommonJs(modules, dist, options)), ...manifests];
};

/** The same files as CommonJS: esbuild splits ES modules only. */
const asCommonJs = async (modules, dist, { target }) => {
  const textOf = new Map(modules.map(({ path, text }) => [path, text]));
  // As a node's: so the names of what is exported are written where Node's loader for ES modules looks for them.
  const options = { format: "cjs", platform: "node", target, logLevel: "silent", legalComments: "none" };
  const convert = async ({ path, text }) => {
    const file = join(dist, "cjs", relative(join(dist, "esm"), path));
    const map = textOf.get(`${path}.map`);
    // A module that only exports what others do has no line of any source.
    if (map === undefined || JSON.parse(map).sources.length === 0)
      return [{ path: file, text: (await transform(text, options)).code }];
    const inline = `data:application/json;base64,${Buffer.from(map).toString("base64")}`;
    const result = await transform(text.replace(/(?<=\/\/# sourceMappingURL=)\S+\n$/, `${inline}\n`), {
      ...options,
      sourcemap: "external",
      // Files and lines are enough for a stack trace. The text of the sources is in the maps of the ES modules.
      sourcesContent: false,
      sourcefile: relative(dirname(file), path),
    });
    return [
      { path: file, text: `${result.code}//# sourceMappingURL=${basename(file)}.map\n` },
      { path: `${file}.map`, text: result.map },
    ];
  };
  return (await Promise.all(modules.filter(({ path }) => path.endsWith(".js")).map(convert))).flat();
};
