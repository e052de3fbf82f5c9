import { existsSync, type FSWatcher, readdirSync, watch } from "node:fs";
import { dirname, extname, join } from "node:path";

/** How long files must be quiet before they count as changed, in milliseconds: editors write several times. */
const QUIET_MS = 60;

/** Folders whose content is made, not written. */
const IGNORED = new Set(["node_modules", "dist", "build", "out", "cdk.out", "coverage"]);

/** What an app's synthesis can depend on, where nobody knows what it does. */
const SOURCES = new Set([".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx", ".json"]);

/** Most folders that are watched: the system gives each user a limited number of watches. */
export const MAX_FOLDERS = 1000;

/** Whether a change of a file counts. @param listed whether it came or went */
export type Counts = (path: string, listed: boolean) => boolean;

/** Watches folders, and tells which files have changed that count. */
export class Watcher {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #changed = new Set<string>();
  #counts: Counts = () => false;
  #timer: NodeJS.Timeout | undefined;

  /** @param changed told of the files that have changed, once they are quiet */
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

  /** Watches nothing more. */
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
        this.#timer = setTimeout(() => this.#tell(), QUIET_MS);
      });
      watcher.on("error", () => watcher.close());
      this.#watchers.set(folder, watcher);
    } catch {
      // No more watches, or the folder is gone: a restart shows the change.
    }
  }

  #tell(): void {
    const paths = [...this.#changed];
    this.#changed.clear();
    this.changed(paths);
  }
}

/**
 * Whether a file may be an app's source. What a compiler puts beside its source is not: synthesis may well run the
 * compiler.
 */
export const isSource = (path: string): boolean => {
  const compiled = /^(.+?)(\.d)?\.([mc]?)[jt]s$/.exec(path);
  const source = compiled && `${compiled[1]}.${compiled[3]}ts`;
  return SOURCES.has(extname(path)) && (!source || source === path || !existsSync(source));
};

/** A project's folder and those below it in which sources may be. */
export const sourceFolders = (root: string): string[] => {
  const folders = [root];
  for (let at = 0; at < folders.length && folders.length < MAX_FOLDERS; at += 1) {
    const below = readdirSync(folders[at]!, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !IGNORED.has(entry.name) && !entry.name.startsWith("."),
    );
    folders.push(...below.map(({ name }) => join(folders[at]!, name)));
  }
  return folders.slice(0, MAX_FOLDERS);
};

/** The folders of files, without those of packages. */
export const foldersOf = (paths: Iterable<string>): string[] =>
  [...new Set([...paths].map((path) => dirname(path)))].filter((folder) => !folder.includes("node_modules"));
