import { dirname, relative, resolve } from "node:path";
import type { ReadSystem } from "../../assembly/read-system.js";
import { UserError, messageOf } from "../../core/user-error.js";
import type { SystemOptions } from "../system/options.js";
import type { Source } from "./source.js";
import { foldersOf, isSource, sourceFolders } from "../../synthesis/source-files.js";
import { Watcher } from "./watcher.js";

/** Most changed files that are named. */
const MAX_NAMED = 3;

/** The work that a change needs: guards are only bundled, an app is synthesized. */
type Work = "guards" | "app";

/** Reloads a changed app or changed guards, one reload at a time. A faulty change is not applied. */
export class Reloads {
  readonly #watcher = new Watcher((paths) => void this.#changed(paths));
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    private readonly source: Source,
    private readonly options: SystemOptions,
    private readonly apply: (system: ReadSystem) => Promise<void>,
  ) {
    if (options.watch) void this.#begin();
  }

  /** @param app whether to synthesize the app again, or only to bundle the guards */
  reload(app = true): Promise<void> {
    const next = this.#running.then(async () => {
      if (!this.#closed) await this.apply(await this.source.load(app));
    });
    this.#running = next.catch(() => undefined);
    return next;
  }

  /** Stops watching, and waits for a current reload. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#watcher.close();
    await this.#running;
    await this.source.close();
  }

  async #begin(): Promise<void> {
    this.#watchInputs();
    // The files of the app's own guards are known only after they have been bundled here.
    const module = this.source.guardModule;
    if (!module || module.inputs.length > 0) return;
    await module.bundle().catch(() => undefined);
    if (!this.#closed) this.#watchInputs();
  }

  /** Watches all inputs of the current system. */
  #watchInputs(): void {
    const { guards, project } = this.options;
    const { guardModule, inputs, manifest } = this.source;
    const own = guardModule ? [guardModule.entry, ...guardModule.inputs] : [];
    const folders = new Set(foldersOf(own));
    if (manifest !== undefined) folders.add(dirname(manifest));
    else if (guards === undefined && inputs)
      [...foldersOf(inputs.files), ...inputs.folders].forEach((folder) => folders.add(folder));
    else if (guards === undefined) sourceFolders(resolve(project)).forEach((folder) => folders.add(folder));
    this.#watcher.watch(folders, (path, listed) => this.#workFor(path, listed).length > 0);
  }

  /**
   * The work that a changed file needs. A file of the guards needs a synthesis, too, if the app's own code imports it.
   * It does not if only another program has read it, such as a compiler of the whole project.
   */
  #workFor(path: string, listed: boolean): Work[] {
    const { guards } = this.options;
    const { guardModule, inputs, manifest } = this.source;
    if (manifest !== undefined && path === manifest) return ["app"];
    const isGuards = guardModule !== undefined && (path === guardModule.entry || guardModule.inputs.includes(path));
    if (guards !== undefined || manifest !== undefined) return isGuards ? ["guards"] : [];
    if (isGuards) return inputs?.code.has(path) ? ["guards", "app"] : ["guards"];
    if (!inputs) return isSource(path) ? ["app"] : [];
    if (inputs.files.has(path)) return ["app"];
    return listed && inputs.folders.has(dirname(path)) && isSource(path) ? ["app"] : [];
  }

  async #changed(paths: string[]): Promise<void> {
    const work = new Set(paths.flatMap((path) => this.#workFor(path, true)));
    if (work.size === 0 || this.#closed) return;
    const names = paths.map((path) => relative(this.options.project, path));
    const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : "";
    this.#log(
      "info",
      `${names.slice(0, MAX_NAMED).join(", ")}${more} changed: ${work.has("app") ? "synthesizing the app" : "bundling the guards"} …`,
    );
    // The guards first: they are there in a moment.
    if (work.has("guards")) await this.#try(false);
    if (work.has("app")) await this.#try(true);
    if (!this.#closed) this.#watchInputs();
  }

  async #try(app: boolean): Promise<void> {
    const begun = performance.now();
    try {
      await this.reload(app);
      this.#log(
        "info",
        `${app ? "The app" : "The guard module"} is live after ${((performance.now() - begun) / 1000).toFixed(1)} s.`,
      );
    } catch (error) {
      const next = error instanceof UserError && error.next ? `\n${error.next}` : "";
      this.#log("error", `${messageOf(error)}${next}\nWhat ran before goes on.`);
    }
  }

  #log(level: "info" | "error", message: string): void {
    this.options.log({ level, source: "push-it", message });
  }
}
