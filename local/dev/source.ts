import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { functionUrlIds, readSystem, type ReadSystem } from "../assembly/index.js";
import { synthesize } from "../assembly/synthesize.js";
import { InputRecorder, type Inputs } from "../inputs/inputs.js";
import { withDebugLogs } from "./guard-log.js";
import { GuardModule, withGuards } from "./guards.js";
import type { SystemOptions } from "./options.js";

/** The construct's warning that it has no guards, which does not hold where others stand in. */
const OPEN_TO_EVERYONE = "push-it-aws:openToEveryone";

/** The guards that can be bundled without a synthesis. */
interface Guards {
  /** Tells other modules, and other ways to bundle them, apart. */
  key: string;
  /** Whether they are the app's own. */
  own: boolean;
  module: GuardModule;
}

/** Where the system to run comes from: an app or its assembly, and perhaps other guards. */
export class Source {
  #read: ReadSystem | undefined;
  #guards: Guards | undefined;
  #inputs: Inputs | undefined;

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
  get inputs(): Inputs | undefined {
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
   * @throws Failure
   */
  async load(app = true): Promise<ReadSystem> {
    const first = !this.#read;
    if (app || !this.#read) this.#read = await this.#readApp();
    const read = this.#read;
    const guards = await this.#guardsOf(read);
    // The app's own guards are in its assembly as they were when it was synthesized.
    if (!guards || (guards.own && (app || first))) return read;
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

  async #readApp(): Promise<ReadSystem> {
    const { assembly, project, construct, environment, guards } = this.options;
    if (assembly === undefined && !this.#read)
      this.options.log({ level: "info", source: "push-it", message: SYNTHESIZING });
    const directory = assembly ?? (await this.#synthesize());
    const folder = resolve(project, directory);
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
    const { project, dist, watch } = this.options;
    const outdir = join(this.folder, "assembly");
    if (!watch) return synthesize(project, outdir, this.started);
    const recorder = new InputRecorder(dist);
    try {
      const directory = await synthesize(project, outdir, this.started, recorder.variables);
      this.#inputs = await recorder.inputs(resolve(project), this.folder);
      return directory;
    } finally {
      recorder.close();
    }
  }
}

const SYNTHESIZING = "Synthesizing the app of cdk.json …";
