import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { GUARDS_FILE } from "../../../infra/guards/guard-build.js";
import { functionUrlIds, readSystem, type ReadSystem } from "../../assembly/read-system.js";
import { synthesize } from "../../synthesis/synthesize.js";
import { AssemblyCache } from "../../synthesis/assembly-cache.js";
import { InputRecorder, type SynthesisInputs } from "../../synthesis/inputs.js";
import { withDebugLogs } from "./guard-log.js";
import { GuardModule, withGuards } from "./guards.js";
import type { SystemOptions } from "../system/options.js";

/** The construct's warning that it has no guards, which does not hold where others stand in. */
const OPEN_TO_EVERYONE = "push-it-aws:openToEveryone";

/** The assembly that is run in a folder without an app, in the built package; `scripts/starter.mjs` makes it. */
const STARTER = "starter";

/** The guards of that assembly, which permit everything. */
const STARTER_GUARDS = `starter-guards/${GUARDS_FILE}`;

/** Whether there is neither an app nor an assembly to run, so that the built-in stack is run. */
export const isStarter = ({ assembly, project }: Pick<SystemOptions, "assembly" | "project">): boolean =>
  assembly === undefined && !existsSync(join(project, "cdk.json"));

/** The guards that can be bundled without a synthesis. */
interface Guards {
  /** Tells other modules, and other ways to bundle them, apart. */
  key: string;
  /** Whether they are the app's own. */
  own: boolean;
  module: GuardModule;
}

/** Where the system to run comes from: an app, its assembly or the built-in one, and perhaps other guards. */
export class Source {
  #read: ReadSystem | undefined;
  #guards: Guards | undefined;
  #inputs: SynthesisInputs | undefined;

  /**
   * @param folder for what is made of it; the caller removes it
   * @param started told of each process it starts
   * @param reserve finds a place for function URLs, by their logical ids
   * @param queues where queues are served
   */
  constructor(
    private readonly options: SystemOptions,
    private readonly folder: string,
    private readonly started: (child: ChildProcess) => void,
    private readonly reserve: (urlIds: string[]) => Promise<Record<string, string>>,
    private readonly queues: string,
  ) {}

  /** The guard module: the one that stands in for the app's own, or else that. */
  get guardModule(): GuardModule | undefined {
    return this.#guards?.module;
  }

  /** What the app's synthesis depends on; `undefined`: not known, or nothing is synthesized. */
  get inputs(): SynthesisInputs | undefined {
    return this.#inputs;
  }

  /** The assembly's manifest, where it was synthesized by someone else; to be watched. */
  get manifest(): string | undefined {
    const { assembly, project } = this.options;
    return assembly === undefined ? undefined : join(resolve(project, assembly), "manifest.json");
  }

  /**
   * The system as it is now.
   * @param app whether to synthesize and read the app again, or only the guards
   * @throws UserError
   */
  async load(app = true): Promise<ReadSystem> {
    const first = !this.#read;
    if (app || !this.#read) this.#read = await this.#readApp();
    const read = this.#read;
    const guards = await this.#guardsOf(read);
    // The app's own guards are in its assembly as they were when it was synthesized.
    if (!guards) return isStarter(this.options) ? this.#open(read) : read;
    if (guards.own && (app || first)) return read;
    const bundle = await guards.module.bundle();
    return { ...read, model: withGuards(read.model, bundle, join(this.folder, "guards"), guards.own) };
  }

  /** Ends what is kept to bundle guards. */
  async close(): Promise<void> {
    await this.#guards?.module.close();
  }

  async #guardsOf({ model, guardBundling }: ReadSystem): Promise<Guards | undefined> {
    const { guards, project } = this.options;
    const path = guards ?? model.guards;
    const key = JSON.stringify([path, guards === undefined && guardBundling]);
    if (this.#guards?.key === key) return this.#guards;
    await this.close();
    this.#guards = undefined;
    if (path === undefined) return undefined;
    const own = guards === undefined;
    const module = new GuardModule(project, path, own ? guardBundling : {});
    // An assembly may have come from elsewhere, without its sources.
    if (own && !existsSync(module.entry)) return undefined;
    return (this.#guards = { key, own, module });
  }

  /** The built-in stack with the built-in guards. */
  #open(read: ReadSystem): ReadSystem {
    const file = readFileSync(join(this.options.dist, STARTER_GUARDS));
    const bundle = { files: new Map([[GUARDS_FILE, file]]), inputs: [] };
    return { ...read, model: withGuards(read.model, bundle, join(this.folder, "guards")) };
  }

  /** The folder of the assembly to read. */
  async #assembly(): Promise<string> {
    const { assembly, project, dist } = this.options;
    if (assembly !== undefined) return resolve(project, assembly);
    return isStarter(this.options) ? join(dist, STARTER) : resolve(project, await this.#synthesize());
  }

  async #readApp(): Promise<ReadSystem> {
    const { construct, environment, guards } = this.options;
    const folder = await this.#assembly();
    const urls = await this.reserve(functionUrlIds(folder, construct));
    const read = readSystem(folder, {
      urls,
      queues: this.queues,
      folder: join(this.folder, "inline"),
      ...(construct !== undefined && { construct }),
      ...(environment && { environment }),
      ...(guards !== undefined && { acknowledged: [OPEN_TO_EVERYONE] }),
    });
    return this.options.debugLogs ? { ...read, model: withDebugLogs(read.model) } : read;
  }

  async #synthesize(): Promise<string> {
    const { project, dist, watch, fresh } = this.options;
    const outdir = join(this.folder, "assembly");
    const cache = watch ? new AssemblyCache(project, toolOf(dist)) : undefined;
    if (!this.#read) {
      const inputs = fresh ? undefined : cache?.take(outdir);
      this.#log(inputs ? UNCHANGED : SYNTHESIZING);
      if (inputs) {
        this.#inputs = inputs;
        return outdir;
      }
    }
    if (!cache) return synthesize(project, outdir, this.started);
    const recorder = new InputRecorder(dist);
    try {
      const begun = Date.now();
      const directory = await synthesize(project, outdir, this.started, recorder.variables);
      this.#inputs = await recorder.inputs(resolve(project), this.folder);
      if (directory === outdir && this.#inputs) cache.store(outdir, this.#inputs, begun);
      return directory;
    } finally {
      recorder.close();
    }
  }

  #log(message: string): void {
    this.options.log({ level: "info", source: "push-it", message });
  }
}

/** Tells one build of this command from another. */
const toolOf = (dist: string): string => {
  const { size = 0, mtimeMs = 0 } = statSync(join(dist, "cli.js"), { throwIfNoEntry: false }) ?? {};
  return `${dist} ${size} ${mtimeMs}`;
};

const UNCHANGED =
  "Nothing has changed since the app was synthesized: its last assembly is run. --fresh synthesizes it again.";

const SYNTHESIZING = "Synthesizing the app of cdk.json …";
