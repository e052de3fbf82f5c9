import type { ReadSystem } from "../assembly/index.js";
import { Failure, messageOf } from "../failure.js";
import type { SystemOptions } from "./options.js";
import type { Source } from "./source.js";
import { Watcher } from "./watch.js";

/** Goes on with a changed app or changed guards, one reload at a time; what cannot be run changes nothing. */
export class Reloads {
  readonly #watchers: Watcher[] = [];
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    private readonly source: Source,
    private readonly options: SystemOptions,
    private readonly apply: (system: ReadSystem) => Promise<void>,
  ) {
    if (options.watch) this.#watch();
  }

  /** @param app whether to synthesize the app again, or only to bundle the guards */
  reload(app = true): Promise<void> {
    const next = this.#running.then(async () => {
      if (!this.#closed) await this.apply(await this.source.load(app));
    });
    this.#running = next.catch(() => undefined);
    return next;
  }

  /** Watches nothing more, and waits for a reload that has begun. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#watchers.forEach((watcher) => watcher.close());
    await this.#running;
  }

  #watch(): void {
    const { guards, project } = this.options;
    if (guards !== undefined) {
      const watcher = new Watcher(() => void this.#changed(false).then(() => watcher.files(this.source.guardInputs)));
      watcher.files(this.source.guardInputs);
      this.#watchers.push(watcher);
    }
    const app = new Watcher(() => void this.#changed(true));
    if (this.source.manifest !== undefined) app.files([this.source.manifest]);
    else if (guards === undefined) app.sources(project);
    this.#watchers.push(app);
  }

  async #changed(app: boolean): Promise<void> {
    try {
      await this.reload(app);
    } catch (error) {
      const next = error instanceof Failure && error.next ? `\n${error.next}` : "";
      const message = `${messageOf(error)}${next}\nWhat ran before goes on.`;
      this.options.log({ level: "error", source: "push-it", message });
    }
  }
}
