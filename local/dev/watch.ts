import { existsSync, type FSWatcher, readdirSync, watch } from "node:fs";
import { basename, dirname, extname, join } from "node:path";

/** How long files must be quiet before they count as changed, in milliseconds: editors write several times. */
const QUIET_MS = 120;

/** Folders whose content is made, not written. */
const IGNORED = new Set(["node_modules", "dist", "build", "out", "cdk.out", "coverage"]);

/** What an app's synthesis can depend on. */
const SOURCES = new Set([".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx", ".json"]);

/** Most folders that are watched: the system gives each user a limited number of watches. */
const MAX_FOLDERS = 1000;

/** Watches files, and tells when something has changed. */
export class Watcher {
  readonly #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly changed: () => void) {}

  /** Watches these files, instead of any before. Their folders are watched: editors replace files. */
  files(paths: string[]): void {
    const byFolder = new Map<string, Set<string>>();
    for (const path of paths) {
      if (path.includes("node_modules")) continue;
      const names = byFolder.get(dirname(path)) ?? new Set();
      byFolder.set(dirname(path), names.add(basename(path)));
    }
    this.close();
    for (const [folder, names] of byFolder) this.#watch(folder, (name) => names.has(name));
  }

  /** Watches the sources of a project: its folder and those below it. */
  sources(project: string): void {
    for (const folder of foldersOf(project)) this.#watch(folder, (name) => isSource(folder, name));
  }

  /** Watches nothing more. */
  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string, counts: (name: string) => boolean): void {
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name !== null && !counts(name)) return;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(this.changed, QUIET_MS);
      });
      watcher.on("error", () => watcher.close());
      this.#watchers.set(folder, watcher);
    } catch {
      // No more watches, or the folder is gone: a restart shows the change.
    }
  }
}

/** What a compiler puts beside its source does not count: synthesis may well run the compiler. */
const isSource = (folder: string, name: string): boolean => {
  const compiled = /^(.+?)(\.d)?\.([mc]?)[jt]s$/.exec(name);
  const source = compiled && `${compiled[1]}.${compiled[3]}ts`;
  return SOURCES.has(extname(name)) && (!source || source === name || !existsSync(join(folder, source)));
};

const foldersOf = (root: string): string[] => {
  const folders = [root];
  for (let at = 0; at < folders.length && folders.length < MAX_FOLDERS; at += 1) {
    const below = readdirSync(folders[at]!, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !IGNORED.has(entry.name) && !entry.name.startsWith("."),
    );
    folders.push(...below.map(({ name }) => join(folders[at]!, name)));
  }
  return folders.slice(0, MAX_FOLDERS);
};
