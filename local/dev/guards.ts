import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import type { Message, Metafile } from "esbuild";
import { GUARDS_FILE, guardBuildOptions, hasDefaultExport } from "../../infra/guard-build.js";
import { Failure } from "../failure.js";
import type { FunctionModel, SystemModel } from "../model.js";
import { resolveFrom } from "../packages.js";

/** A guard module, bundled as the construct bundles it. */
export interface GuardBundle {
  /** By file name. */
  files: Map<string, Uint8Array>;
  /** The source files it was made of, as absolute paths. */
  inputs: string[];
}

/** What a function that can run guards has beside its own code. */
const WORKER_FILE = "guard-worker.mjs";

/**
 * Bundles a guard module with the project's esbuild.
 * @throws Failure when it does not exist or does not compile, or without esbuild
 */
export const bundleGuards = async (project: string, module: string): Promise<GuardBundle> => {
  const entry = resolve(project, module);
  if (!existsSync(entry)) throw new Failure(`There is no guard module at ${entry}.`, "Name one: --guards guards.ts");
  const esbuild = loadEsbuild(project);
  try {
    const { outputFiles, metafile } = await esbuild.build(guardBuildOptions(entry));
    requireDefaultExport(entry, metafile);
    return {
      files: new Map(outputFiles.map(({ path, contents }) => [basename(path), contents])),
      inputs: Object.keys(metafile.inputs).map((input) => resolve(dirname(entry), input)),
    };
  } catch (error) {
    const { errors } = error as { errors?: Message[] };
    if (!errors) throw error;
    const messages = await esbuild.formatMessages(errors, { kind: "error", color: false });
    throw new Failure(`The guard module does not compile:\n\n${messages.join("\n").trimEnd()}`, `Put ${entry} right.`);
  }
};

/**
 * The same system with another guard module: every function that can run guards gets a copy of its code with it.
 * @param folder where the copies go
 */
export const withGuards = (model: SystemModel, bundle: GuardBundle, folder: string): SystemModel => ({
  ...model,
  functions: model.functions.map((each) => (runsGuards(each) ? guarded(each, bundle, folder) : each)),
});

/** Whether a function can run the construct's guards; those of another construct beside it are not replaced. */
export const runsGuards = ({ code, outside }: FunctionModel): boolean =>
  !outside && existsSync(join(code, WORKER_FILE));

/** A folder's name tells its content, so that the same guards do not replace running environments. */
const guarded = (model: FunctionModel, { files }: GuardBundle, folder: string): FunctionModel => {
  const hash = createHash("sha256").update(model.code);
  for (const [name, contents] of files) hash.update(name).update(contents);
  const code = join(folder, hash.digest("hex"));
  if (!existsSync(code)) {
    mkdirSync(folder, { recursive: true });
    cpSync(model.code, code, { recursive: true });
    for (const [name, contents] of files) writeFileSync(join(code, name), contents);
  }
  return { ...model, code, environment: { ...model.environment, PUSH_IT_GUARDS: GUARDS_FILE } };
};

const loadEsbuild = (project: string): typeof import("esbuild") => {
  const file = resolveFrom(project, "esbuild");
  if (!file)
    throw new Failure("Bundling guards needs esbuild, which is not installed.", "npm install --save-dev esbuild");
  return createRequire(file)(file) as typeof import("esbuild");
};

const requireDefaultExport = (entry: string, metafile: Metafile): void => {
  if (hasDefaultExport(metafile)) return;
  throw new Failure(
    `The guard module ${entry} has no default export.`,
    "export default { onConnectionRequest(agent) { … } }",
  );
};
