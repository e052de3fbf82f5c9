// Writes build outputs, so that a process that reads dist/ at the same time never sees half a file.
import { chmodSync, mkdirSync, readFileSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes a file if its content differs from the present file: at once, never half. */
export const write = (path, contents, { executable = false } = {}) => {
  if (!holds(path, contents)) {
    mkdirSync(dirname(path), { recursive: true });
    const half = `${path}.${process.pid}`;
    writeFileSync(half, contents);
    renameSync(half, path);
  }
  if (executable) chmodSync(path, 0o755);
};

const holds = (path, contents) => {
  try {
    return readFileSync(path).equals(Buffer.from(contents));
  } catch {
    return false;
  }
};

/** All files below a folder, as absolute paths. */
export const filesBelow = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Removes each file below `folder` that is not in `keep`, and then each empty folder: leftovers of earlier builds. */
export const prune = (folder, keep) => {
  for (const file of filesBelow(folder)) if (!keep.has(file)) rmSync(file);
  const folders = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  // The deepest first, so that a folder of empty folders goes, too.
  for (const each of folders.reverse()) if (readdirSync(each).length === 0) rmdirSync(each);
};
