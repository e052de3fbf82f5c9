import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import type { BuildContext, Message, Metafile } from "esbuild";
import { GUARDS_FILE, guardBuildOptions, hasDefaultExport } from "../../../infra/guards/guard-build.js";
import type { GuardBundlingOptions } from "../../../infra/props/options.js";
import { UserError } from "../../core/user-error.js";
import type { FunctionModel } from "../../assembly/model/functions.js";
import type { SystemModel } from "../../assembly/model/system.js";
import { resolveFrom } from "../../core/packages.js";

/** A guard module, bundled as the construct bundles it. */
export interface GuardBundle {
  /** By file name. */
  files: Map<string, Uint8Array>;
  /** The source files it was made of, as absolute paths. */
  inputs: string[];
}

/** What a function that can run guards has beside its own code. */
const WORKER_FILE = "guard-worker.mjs";

/** A guard module that is bundled again and again with the project's esbuild, which keeps what has not changed. */
export class GuardModule {
  /** The module's absolute path. */
  readonly entry: string;
  #context: Promise<BuildContext> | undefined;
  #inputs: string[] = [];

  /** @param module the module's path, from the project's folder */
  constructor(
    private readonly project: string,
    module: string,
    private readonly bundling: GuardBundlingOptions = {},
  ) {
    this.entry = resolve(project, module);
  }

  /** The source files that it was last made of, as absolute paths. */
  get inputs(): string[] {
    return this.#inputs;
  }

  /** @throws UserError when it does not exist or does not compile, or without esbuild */
  async bundle(): Promise<GuardBundle> {
    const { entry } = this;
    if (!existsSync(entry))
      throw new UserError(`There is no guard module at ${entry}.`, "Name one: --guards guards.ts");
    const esbuild = loadEsbuild(this.project);
    try {
      this.#context ??= esbuild.context(guardBuildOptions(entry, this.bundling));
      const { outputFiles, metafile } = await (await this.#context).rebuild();
      requireDefaultExport(entry, metafile!);
      this.#inputs = Object.keys(metafile!.inputs).map((input) => resolve(dirname(entry), input));
      return {
        files: new Map(outputFiles!.map(({ path, contents }) => [basename(path), contents])),
        inputs: this.#inputs,
      };
    } catch (error) {
      const { errors } = error as { errors?: Message[] };
      if (!errors) throw error;
      // The file that is wrong may be one that was not imported before.
      this.#inputs = [
        ...new Set([
          ...this.#inputs,
          ...errors.flatMap(({ location }) => (location ? resolve(dirname(entry), location.file) : [])),
        ]),
      ];
      const messages = await esbuild.formatMessages(errors, { kind: "error", color: false });
      throw new UserError(
        `The guard module does not compile:\n\n${messages.join("\n").trimEnd()}`,
        `Fix ${entry} and save it.`,
      );
    }
  }

  /** Ends what esbuild keeps. */
  async close(): Promise<void> {
    const context = await this.#context?.catch(() => undefined);
    this.#context = undefined;
    await context?.dispose();
  }
}

/**
 * The same system with another guard module: every function that can run guards gets a copy of its code with it.
 * @param folder where the copies go
 * @param own whether it is the app's own module: then only functions that have it already get it
 */
export const withGuards = (model: SystemModel, bundle: GuardBundle, folder: string, own = false): SystemModel => ({
  ...model,
  functions: model.functions.map((each) =>
    runsGuards(each) && (!own || existsSync(join(each.code, GUARDS_FILE))) ? guarded(each, bundle, folder) : each,
  ),
});

/** Whether a function can run the construct's guards; those of another construct beside it are not replaced. */
export const runsGuards = ({ code, external }: FunctionModel): boolean =>
  !external && existsSync(join(code, WORKER_FILE));

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
    throw new UserError("Bundling guards needs esbuild, which is not installed.", "npm install --save-dev esbuild");
  return createRequire(file)(file) as typeof import("esbuild");
};

const requireDefaultExport = (entry: string, metafile: Metafile): void => {
  if (hasDefaultExport(metafile)) return;
  throw new UserError(
    `The guard module ${entry} has no default export.`,
    "export default { onConnectionRequest(agent) { … } }",
  );
};
