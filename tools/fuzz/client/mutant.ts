import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mutation } from "./mutation.js";

/**
 * Copies the SDK's sources and applies a mutation. Returns the folder that contains `client/`.
 * @throws Error if a search text does not occur exactly once
 */
export const mutated = (root: string, { fault, edits }: Mutation): string => {
  const folder = mkdtempSync(join(tmpdir(), "push-it-mutant-"));
  cpSync(join(root, "client/src"), join(folder, "client/src"), { recursive: true });
  for (const { file, search, replace } of edits) {
    const path = join(folder, "client/src", file);
    const text = readFileSync(path, "utf8");
    const count = text.split(search).length - 1;
    if (count !== 1) {
      rmSync(folder, { recursive: true });
      throw new Error(`Fault ${fault}: the text is ${count} times in ${file}: ${search}`);
    }
    writeFileSync(
      path,
      text.replace(search, () => replace),
    );
  }
  return folder;
};
