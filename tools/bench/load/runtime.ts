import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { synthesizeLoad } from "./assembly.js";
import { Child } from "./child.js";
import type { RuntimeArguments, RuntimeInfo, RuntimeOperations } from "./runtime-process.js";

/** The local runtime in a process of its own. */
export interface LoadRuntime extends RuntimeInfo {
  child: Child<RuntimeOperations>;
  close(): Promise<void>;
}

/** Runs a system without guards, as built, in a process of its own. */
export const startLoadRuntime = async (root: string): Promise<LoadRuntime> => {
  const parent = join(root, ".push-it");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "bench-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const assembly = join(folder, "cdk.out");
    synthesizeLoad(assembly);
    const child = await Child.start<RuntimeOperations>(join(__dirname, "runtime-process.ts"), {
      root,
      assembly,
    } satisfies RuntimeArguments);
    const info = await child.call("info");
    const close = (): Promise<void> => child.stop().finally(remove);
    return { ...info, child, close };
  } catch (error) {
    remove();
    throw error;
  }
};
