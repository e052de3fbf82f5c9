import { join } from "node:path";
import { synthesize } from "../../lib/synthesize.js";
import { makeWorkFolder } from "../../lib/work-folder.js";
import { addLoadSystem } from "./assembly.js";
import { Child } from "./child.js";
import type { RuntimeArguments, RuntimeInfo, RuntimeOperations } from "./runtime-process.js";

/** The local runtime in its own process. */
export interface LoadRuntime extends RuntimeInfo {
  child: Child<RuntimeOperations>;
  close(): Promise<void>;
}

/** Runs a built system without guards in its own process. */
export const startLoadRuntime = async (root: string): Promise<LoadRuntime> => {
  const folder = makeWorkFolder(root, "bench-");
  try {
    const assembly = synthesize(folder.path, "Bench", addLoadSystem);
    const child = await Child.start<RuntimeOperations>(join(__dirname, "runtime-process.ts"), {
      root,
      assembly,
    } satisfies RuntimeArguments);
    const info = await child.call("info");
    const close = (): Promise<void> => child.stop().finally(folder.remove);
    return { ...info, child, close };
  } catch (error) {
    folder.remove();
    throw error;
  }
};
