import { createRequire } from "node:module";
import { basename, delimiter, dirname, join, resolve } from "node:path";

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

/**
 * The value of `NODE_PATH` for functions: the project's packages first, then this package's own. So a
 * function finds the AWS SDK's client for Lambda even if the project has not installed it.
 */
export const nodePath = (project: string): string =>
  [...new Set([...foldersAbove(resolve(project)), ...foldersAbove(__dirname)])].join(delimiter);

const foldersAbove = (start: string): string[] => {
  const folders: string[] = [];
  for (let folder = start; ; folder = dirname(folder)) {
    if (basename(folder) !== "node_modules") folders.push(join(folder, "node_modules"));
    if (folder === dirname(folder)) return folders;
  }
};
