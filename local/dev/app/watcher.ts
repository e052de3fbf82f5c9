import { MAX_FOLDERS } from "../../synthesis/source-files.js";
import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";

/** How long files must be quiet before they count as changed, in milliseconds: editors write several times. */
const QUIET_MS = 60;

/** Whether a change of a file counts. @param listed whether it came or went */
export type Counts = (path: string, listed: boolean) => boolean;

/** Watches folders, and reports changed files that matter. */
export class Watcher {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #changed = new Set<string>();
  #counts: Counts = () => false;
  #timer: NodeJS.Timeout | undefined;

  /** @param changed called with the changed files, once they are quiet */
  constructor(private readonly changed: (paths: string[]) => void) {}

  /** Watches these folders, and no others: editors replace files, so a file is seen by its folder. */
  watch(folders: Iterable<string>, counts: Counts): void {
    this.#counts = counts;
    const wanted = new Set([...folders].slice(0, MAX_FOLDERS));
    for (const [folder, watcher] of this.#watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of wanted) this.#watch(folder);
  }

  /** Stops watching. */
  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string): void {
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, (event, name) => {
        if (name === null || !this.#counts(join(folder, name), event === "rename")) return;
        this.#changed.add(join(folder, name));
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#notify(), QUIET_MS);
      });
      watcher.on("error", () => watcher.close());
      this.#watchers.set(folder, watcher);
    } catch {
      // The limit of watches is reached, or the folder is gone. A restart picks up the change.
    }
  }

  #notify(): void {
    const paths = [...this.#changed];
    this.#changed.clear();
    this.changed(paths);
  }
}
