import { createHash, type Hash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isSource, MAX_FOLDERS, sourceFolders } from "./source-files.js";
import type { SynthesisInputs } from "./inputs.js";

/** Most files that are compared. A larger project is synthesized each time. */
const MAX_FILES = 20_000;

/** Variables that a shell or a terminal sets, and that differ from window to window. */
const SHELL =
  /^(_|PWD|OLDPWD|SHLVL|TERM.*|COLORTERM|COLUMNS|LINES|WINDOWID|SSH_.*|TMUX.*|STY|VTE_VERSION|GPG_TTY|XDG_.*|DBUS_.*|DISPLAY|VSCODE_.*|npm_.*|INIT_CWD)$/;

/** Everything that two assemblies are compared by. */
export interface FingerprintOptions {
  inputs: SynthesisInputs;
  /** The folder with `cdk.json`. */
  project: string;
  /** The `node_modules` of the project. */
  packages: string;
  /** Identifies the build of this command. */
  tool: string;
  variables: NodeJS.ProcessEnv;
}

/**
 * Hashes the state of all inputs of a synthesis. These are the files and folders that it read, the project's sources, the
 * installed packages, the environment, Node and this command.
 * @returns `undefined` if there are too many files
 */
export const fingerprintOf = ({
  inputs,
  project,
  packages,
  tool,
  variables,
}: FingerprintOptions): string | undefined => {
  const hash = createHash("sha256");
  add(hash, "node", process.version, "tool", tool);
  const own = Object.entries(variables).filter(([name]) => !SHELL.test(name));
  for (const [name, value] of own.sort(([a], [b]) => (a < b ? -1 : 1))) add(hash, name, value ?? "");
  const sources = sourcesOf(project);
  const read = sources && filesBelow(inputs.folders);
  if (!sources || !read) return undefined;
  const files = new Set([...inputs.files, ...inputs.code, ...sources, join(packages, ".package-lock.json")]);
  if (files.size > MAX_FILES) return undefined;
  for (const path of [...files].sort()) add(hash, path, existsSync(path) ? contentOf(path) : "absent");
  for (const [path, state] of read.sort(([a], [b]) => (a < b ? -1 : 1))) add(hash, path, state);
  return hash.digest("hex");
};

const add = (hash: Hash, ...texts: (string | Buffer)[]): void => {
  for (const text of texts) hash.update(`${text.length} `).update(text);
};

const contentOf = (path: string): Buffer | string => (statSync(path).isFile() ? readFileSync(path) : "folder");

/** A compiler that is not Node code leaves no record of its reads, so each source of the project counts. */
const sourcesOf = (project: string): string[] | undefined => {
  const folders = sourceFolders(project);
  if (folders.length >= MAX_FOLDERS) return undefined;
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .map((name) => join(folder, name))
      .filter(isSource),
  );
};

/** All files below the folders with their size and time, without packages and hidden folders. */
const filesBelow = (folders: Iterable<string>): [path: string, state: string][] | undefined => {
  const all = new Map<string, string>();
  const open = [...folders];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    if (all.has(folder)) continue;
    all.set(folder, "folder");
    if (all.size > MAX_FILES) return undefined;
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) continue;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!MADE.has(entry.name) && !entry.name.startsWith(".")) open.push(path);
        continue;
      }
      const { size = 0, mtimeMs = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
      all.set(path, `${size} ${mtimeMs}`);
    }
  }
  return [...all];
};

/** Folders with generated content: of the synthesis itself, or of a package manager. */
const MADE = new Set(["node_modules", "cdk.out"]);
