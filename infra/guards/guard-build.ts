import { dirname, join, resolve } from "node:path";
import type { BuildOptions, Loader, Metafile } from "esbuild";
import type { GuardBundlingOptions } from "../props/options.js";

/** The file that a function imports when it runs guards. */
export const GUARDS_FILE = "guards.mjs";

/** The construct's metadata that says how its guard module is bundled: `GuardBundlingOptions`. */
export const GUARD_BUNDLING = "push-it-aws:guardBundling";

/**
 * Defines `require`, because bundled CommonJS packages call it and an ES module does not have it. esbuild does not look
 * into a banner. So the name that the banner imports must not occur in a bundled module.
 */
const REQUIRE_BANNER =
  'import { createRequire as createRequireForGuards } from "node:module"; ' +
  "const require = createRequireForGuards(import.meta.url);";

/**
 * How a guard module is bundled, at synthesis and when it is tried locally: into one ES module, in memory.
 * @param path the module's absolute path
 */
export const guardBuildOptions = (path: string, options: GuardBundlingOptions = {}) =>
  ({
    entryPoints: [path],
    // Next to the source, and never written. So the paths in the source map, and the asset's hash, are the same in
    // every checkout.
    outfile: join(dirname(path), GUARDS_FILE),
    absWorkingDir: dirname(path),
    write: false,
    metafile: true,
    logLevel: "silent",
    bundle: true,
    platform: "node",
    format: "esm",
    // The deployed Node is newer, but the same bundle also runs locally.
    target: "node20",
    mainFields: ["module", "main"],
    banner: { js: REQUIRE_BANNER },
    sourcemap: (options.sourceMap ?? true) && "linked",
    sourcesContent: false,
    minify: options.minify ?? false,
    keepNames: options.keepNames ?? false,
    external: options.externalModules ?? [],
    define: options.define ?? {},
    alias: options.alias ?? {},
    loader: (options.loader ?? {}) as Record<string, Loader>,
    ...(options.tsconfig && { tsconfig: resolve(options.tsconfig) }),
  }) satisfies BuildOptions;

/** Whether the bundle has a default export. The worker takes the guards from it. */
export const hasDefaultExport = ({ outputs }: Metafile): boolean =>
  Object.values(outputs).some(({ entryPoint, exports }) => entryPoint !== undefined && exports.includes("default"));
