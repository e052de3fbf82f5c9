import { dirname, join, resolve } from "node:path";
import type { BuildOptions, Loader, Metafile } from "esbuild";

/** How esbuild bundles a guard module. */
export interface GuardBundlingOptions {
  /**
   * Packages that are not bundled. They must be there at run time: parts of Node and of the AWS SDK are.
   *
   * @default - everything is bundled
   */
  readonly externalModules?: string[];
  /**
   * Names that are replaced by constant expressions.
   *
   * @default - none
   */
  readonly define?: { [name: string]: string };
  /**
   * Packages that are replaced by others.
   *
   * @default - none
   */
  readonly alias?: { [name: string]: string };
  /**
   * How files are understood, by extension: `{ ".graphql": "text" }`.
   *
   * @default - as esbuild does
   */
  readonly loader?: { [extension: string]: string };
  /**
   * Whether the code is made smaller, at the cost of readable names in it.
   *
   * @default false
   */
  readonly minify?: boolean;
  /**
   * Whether names of functions and classes survive `minify`.
   *
   * @default false
   */
  readonly keepNames?: boolean;
  /**
   * Whether errors in the logs name the lines of the source.
   *
   * @default true
   */
  readonly sourceMap?: boolean;
  /**
   * The `tsconfig.json` to follow.
   *
   * @default - the nearest one above the module
   */
  readonly tsconfig?: string;
}

/** What a function imports when it runs guards. */
export const GUARDS_FILE = "guards.mjs";

/**
 * Packages that are CommonJS inside call `require`, which an ES module does not have. esbuild does not look into a
 * banner, so its name must be one that no bundled module uses.
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
    // Beside the source and never written: so the paths in the source map, and the asset's hash with them, are the
    // same in every checkout.
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

/** Whether what was bundled has a default export, which is what the worker takes the guards from. */
export const hasDefaultExport = ({ outputs }: Metafile): boolean =>
  Object.values(outputs).some(({ entryPoint, exports }) => entryPoint !== undefined && exports.includes("default"));
