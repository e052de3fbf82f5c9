import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

/** A temporary folder. */
export interface WorkFolder {
  path: string;
  /** Deletes the folder with its contents. */
  remove(): void;
}

/**
 * Creates a folder below `.push-it`, so that modules in it find the packages of the repository.
 * @param root the repository
 * @param prefix what the folder's name begins with
 */
export const makeWorkFolder = (root: string, prefix: string): WorkFolder => {
  const parent = join(root, ".push-it");
  mkdirSync(parent, { recursive: true });
  const path = mkdtempSync(join(parent, prefix));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};
