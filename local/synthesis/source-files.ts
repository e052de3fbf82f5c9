import { existsSync, readdirSync } from "node:fs";
import { dirname, extname, join } from "node:path";

/** Folders with generated content. */
const IGNORED = new Set(["node_modules", "dist", "build", "out", "cdk.out", "coverage"]);

/** File types that an app's synthesis may read, if its inputs are unknown. */
const SOURCES = new Set([".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx", ".json"]);

/** Most folders that are watched: the system gives each user a limited number of watches. */
export const MAX_FOLDERS = 1000;

/**
 * Whether a file may be an app's source. A file that a compiler wrote next to its source is not: the synthesis may run
 * the compiler.
 */
export const isSource = (path: string): boolean => {
  const compiled = /^(.+?)(\.d)?\.([mc]?)[jt]s$/.exec(path);
  const source = compiled && `${compiled[1]}.${compiled[3]}ts`;
  return SOURCES.has(extname(path)) && (!source || source === path || !existsSync(source));
};

/** The folders of a project that may contain sources. */
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

/** The folders of files, except those of packages. */
export const foldersOf = (paths: Iterable<string>): string[] =>
  [...new Set([...paths].map((path) => dirname(path)))].filter((folder) => !folder.includes("node_modules"));
