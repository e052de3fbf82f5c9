import type { ChildProcess } from "node:child_process";
import { join, resolve } from "node:path";
import { functionUrlIds, readSystem, type ReadSystem } from "../assembly/index.js";
import { synthesize } from "../assembly/synthesize.js";
import { bundleGuards, withGuards } from "./guards.js";
import type { SystemOptions } from "./options.js";

/** The construct's warning that it has no guards, which does not hold where others stand in. */
const OPEN_TO_EVERYONE = "push-it-aws:openToEveryone";

/** Where the system to run comes from: an app or its assembly, and perhaps other guards. */
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
    if (guards === undefined) return this.#read;
    const bundle = await bundleGuards(project, guards);
    this.#guardInputs = bundle.inputs;
    return { ...this.#read, model: withGuards(this.#read.model, bundle, join(this.folder, "guards")) };
  }

  async #readApp(): Promise<ReadSystem> {
    const { assembly, project, construct, environment, guards } = this.options;
    if (assembly === undefined && !this.#read)
      this.options.log({ level: "info", source: "push-it", message: SYNTHESIZING });
    const directory = assembly ?? (await synthesize(project, join(this.folder, "assembly"), this.started));
    const folder = resolve(project, directory);
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
