import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { BuildOptions, BuildResult, Loader, OutputFile } from "esbuild";
import { invalid } from "./invalid.js";

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

/** A bundled guard module: what goes beside a function's own code. */
export interface GuardBundle {
  /** By file name: `guards.mjs`, and its source map if there is one. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly sourceMap: boolean;
}

/** What a function imports when it runs guards. */
export const GUARDS_FILE = "guards.mjs";

/** Packages that are CommonJS inside call `require`, which an ES module does not have. */
const REQUIRE_BANNER =
  'import { createRequire as pushItCreateRequire } from "node:module"; ' +
  "const require = pushItCreateRequire(import.meta.url);";

/**
 * Bundles a guard module into one ES module. Throws with file and line where it does not compile, where it has no
 * default export, and where esbuild is missing.
 */
export const bundleGuards = (scope: Construct, entry: string, options: GuardBundlingOptions): GuardBundle => {
  const sourceMap = options.sourceMap ?? true;
  // `cdk ls` and `cdk destroy` synthesize without assets: then nothing needs to compile.
  if (!Stack.of(scope).bundlingRequired) return { files: new Map(), sourceMap };
  const path = resolve(entry);
  if (!existsSync(path)) throw invalid(scope, `there is no guard module at ${path} (given: "${entry}")`);
  const result = compile(scope, path, options, sourceMap);
  requireDefaultExport(scope, entry, result);
  return { files: byName(result.outputFiles), sourceMap };
};

const compile = (scope: Construct, path: string, options: GuardBundlingOptions, sourceMap: boolean) => {
  const esbuild = findEsbuild(scope);
  try {
    return esbuild.buildSync(buildOptions(path, options, sourceMap));
  } catch (error) {
    const { errors } = error as { errors?: Parameters<typeof esbuild.formatMessagesSync>[0] };
    if (!errors) throw error;
    const messages = esbuild.formatMessagesSync(errors, { kind: "error", color: false });
    throw invalid(scope, `the guard module does not compile:\n${messages.join("\n")}`);
  }
};

const buildOptions = (path: string, options: GuardBundlingOptions, sourceMap: boolean) =>
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
    sourcemap: sourceMap && "linked",
    sourcesContent: false,
    minify: options.minify ?? false,
    keepNames: options.keepNames ?? false,
    external: options.externalModules ?? [],
    define: options.define ?? {},
    alias: options.alias ?? {},
    loader: (options.loader ?? {}) as Record<string, Loader>,
    ...(options.tsconfig && { tsconfig: resolve(options.tsconfig) }),
  }) satisfies BuildOptions;

/** The app's esbuild: the package brings none, because only apps with a guard module need it. */
const findEsbuild = (scope: Construct): typeof import("esbuild") => {
  for (const from of [join(process.cwd(), "package.json"), __filename]) {
    const require = createRequire(from);
    try {
      return require("esbuild") as typeof import("esbuild");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw invalid(scope, "bundling a guard module needs esbuild, which is not installed here: npm i -D esbuild");
};

const requireDefaultExport = (scope: Construct, entry: string, { metafile }: BuildResult<{ metafile: true }>) => {
  const exported = Object.values(metafile.outputs).flatMap((output) => (output.entryPoint ? output.exports : []));
  if (!exported.includes("default")) {
    throw invalid(scope, `the guard module ${entry} has no default export: export default { onConnectionRequest … }`);
  }
};

const byName = (files: readonly OutputFile[]) =>
  new Map(files.map((file) => [file.path.slice(dirname(file.path).length + 1), file.contents]));
