import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { guardBuildOptions, hasDefaultExport } from "./guard-build.js";
import { validationError } from "../props/validation-error.js";
import type { GuardBundlingOptions } from "../props/options.js";

/** A bundled guard module: the files next to a function's own code. */
export interface GuardBundle {
  /** By file name: `guards.mjs`, and its source map if there is one. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly sourceMap: boolean;
}

/**
 * Bundles a guard module into one ES module. Throws if it does not compile (with file and line), if it has no default
 * export, or if esbuild is missing.
 */
export const bundleGuards = (scope: Construct, entry: string, options: GuardBundlingOptions): GuardBundle => {
  const sourceMap = options.sourceMap ?? true;
  // `cdk ls` and `cdk destroy` synthesize without assets: then nothing needs to compile.
  if (!Stack.of(scope).bundlingRequired) return { files: new Map(), sourceMap };
  const path = resolve(entry);
  if (!existsSync(path)) throw validationError(scope, `there is no guard module at ${path} (given: "${entry}")`);
  const { outputFiles, metafile } = compile(scope, path, options);
  if (!hasDefaultExport(metafile)) {
    throw validationError(
      scope,
      `the guard module ${entry} has no default export: export default { onConnectionRequest … }`,
    );
  }
  return { files: new Map(outputFiles.map((file) => [basename(file.path), file.contents])), sourceMap };
};

const compile = (scope: Construct, path: string, options: GuardBundlingOptions) => {
  const esbuild = findEsbuild(scope);
  try {
    return esbuild.buildSync(guardBuildOptions(path, options));
  } catch (error) {
    const { errors } = error as { errors?: Parameters<typeof esbuild.formatMessagesSync>[0] };
    if (!errors) throw error;
    const messages = esbuild.formatMessagesSync(errors, { kind: "error", color: false });
    throw validationError(scope, `the guard module does not compile:\n${messages.join("\n")}`);
  }
};

/** The app's esbuild: the package brings none, because only apps with a guard module need it. */
const findEsbuild = (scope: Construct): typeof import("esbuild") => {
  for (const from of [join(process.cwd(), "package.json"), __filename]) {
    try {
      return createRequire(from)("esbuild") as typeof import("esbuild");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw validationError(scope, "bundling a guard module needs esbuild, which is not installed here: npm i -D esbuild");
};
