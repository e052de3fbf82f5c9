import { createRequire } from "node:module";
import { delimiter, dirname, join, resolve } from "node:path";

/**
 * Finds a module as the developer's project would, then as this package would.
 * @param project the project's folder
 * @returns its file; `undefined` if it is installed in neither
 */
export const resolveFrom = (project: string, id: string): string | undefined => {
  for (const from of [join(project, "package.json"), __filename]) {
    try {
      return createRequire(from).resolve(id);
    } catch {
      // Not there: the other place may have it.
    }
  }
  return undefined;
};

/** Where a project's packages are, its own folder's first, as `NODE_PATH` takes it. */
export const nodePath = (project: string): string => {
  const folders: string[] = [];
  for (let folder = resolve(project); ; folder = dirname(folder)) {
    folders.push(join(folder, "node_modules"));
    if (folder === dirname(folder)) return folders.join(delimiter);
  }
};
