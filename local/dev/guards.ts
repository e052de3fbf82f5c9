import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import type { Message } from "esbuild";
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

/** What the worker imports. */
const GUARDS_FILE = "guards.mjs";

/** Packages that are CommonJS inside call `require`, which an ES module does not have. */
const REQUIRE_BANNER =
  'import { createRequire as pushItCreateRequire } from "node:module"; ' +
  "const require = pushItCreateRequire(import.meta.url);";

/**
 * Bundles a guard module with the project's esbuild.
 * @throws Failure when it does not exist or does not compile, or without esbuild
 */
export const bundleGuards = async (project: string, module: string): Promise<GuardBundle> => {
  const entry = resolve(project, module);
  if (!existsSync(entry)) throw new Failure(`There is no guard module at ${entry}.`, "Name one: --guards guards.ts");
  const esbuild = loadEsbuild(project);
  try {
    const { outputFiles, metafile } = await esbuild.build({
      entryPoints: [entry],
      outfile: join(dirname(entry), GUARDS_FILE),
      absWorkingDir: dirname(entry),
      write: false,
      metafile: true,
      logLevel: "silent",
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      mainFields: ["module", "main"],
      banner: { js: REQUIRE_BANNER },
      sourcemap: "linked",
      sourcesContent: false,
    });
    requireDefaultExport(entry, Object.values(metafile.outputs));
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

/** Whether a function can run guards. */
export const runsGuards = ({ code }: FunctionModel): boolean => existsSync(join(code, WORKER_FILE));

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

const requireDefaultExport = (entry: string, outputs: { entryPoint?: string; exports: string[] }[]): void => {
  if (outputs.some(({ entryPoint, exports }) => entryPoint !== undefined && exports.includes("default"))) return;
  throw new Failure(
    `The guard module ${entry} has no default export.`,
    "export default { onConnectionRequest(agent) { … } }",
  );
};
