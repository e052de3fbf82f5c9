import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { GUARDS_FILE } from "../../infra/guard-build.js";
import { functionUrlIds, readSystem, type ReadSystem } from "../assembly/index.js";
import { synthesize } from "../assembly/synthesize.js";
import { bundleGuards, withGuards } from "./guards.js";
import type { SystemOptions } from "./options.js";

/** The construct's warning that it has no guards, which does not hold where others stand in. */
const OPEN_TO_EVERYONE = "push-it-aws:openToEveryone";

/** The assembly that is run in a folder without an app, in the built package; `scripts/starter.mjs` makes it. */
const STARTER = "starter";

/** The guards of that assembly, which permit everything. */
const STARTER_GUARDS = `starter-guards/${GUARDS_FILE}`;

/** Whether there is neither an app nor an assembly to run, so that the built-in stack is run. */
export const isStarter = ({ assembly, project }: Pick<SystemOptions, "assembly" | "project">): boolean =>
  assembly === undefined && !existsSync(join(project, "cdk.json"));

/** Where the system to run comes from: an app, its assembly or the built-in one, and perhaps other guards. */
export class Source {
  #read: ReadSystem | undefined;
  #guardInputs: string[] = [];

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

  /** The files of the guard module that stands in for the app's own; to be watched. */
  get guardInputs(): string[] {
    return this.#guardInputs;
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
    if (app || !this.#read) this.#read = await this.#readApp();
    const { guards, project } = this.options;
    if (guards === undefined) return isStarter(this.options) ? this.#open(this.#read) : this.#read;
    const bundle = await bundleGuards(project, guards);
    this.#guardInputs = bundle.inputs;
    return { ...this.#read, model: withGuards(this.#read.model, bundle, join(this.folder, "guards")) };
  }

  /** The built-in stack with the built-in guards. */
  #open(read: ReadSystem): ReadSystem {
    const file = readFileSync(join(this.options.dist, STARTER_GUARDS));
    const bundle = { files: new Map([[GUARDS_FILE, file]]), inputs: [] };
    return { ...read, model: withGuards(read.model, bundle, join(this.folder, "guards")) };
  }

  /** The folder of the assembly to read. */
  async #assembly(): Promise<string> {
    const { assembly, project, dist, log } = this.options;
    if (assembly !== undefined) return resolve(project, assembly);
    if (isStarter(this.options)) return join(dist, STARTER);
    if (!this.#read) log({ level: "info", source: "push-it", message: SYNTHESIZING });
    return resolve(project, await synthesize(project, join(this.folder, "assembly"), this.started));
  }

  async #readApp(): Promise<ReadSystem> {
    const { construct, environment, guards } = this.options;
    const folder = await this.#assembly();
    const urls = await this.reserve(functionUrlIds(folder, construct));
    return readSystem(folder, {
      urls,
      queues: this.queues,
      folder: join(this.folder, "inline"),
      ...(construct !== undefined && { construct }),
      ...(environment && { environment }),
      ...(guards !== undefined && { acknowledged: [OPEN_TO_EVERYONE] }),
    });
  }
}

const SYNTHESIZING = "Synthesizing the app of cdk.json …";
