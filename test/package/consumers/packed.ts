import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packInto } from "../packs.js";
import { ROOT, run } from "../processes.js";

/** Consumers have a while: the machine may be busy with other things. */
const LIMIT_MS = 240_000;

/** A folder with the packed packages installed. All suites of a run share it, and jest removes it (test/run/). */
const sharedFolder = (): string => {
  const runFolder = process.env["PUSH_IT_RUN_FOLDER"]!;
  const shared = join(runFolder, "consumers");
  if (existsSync(shared)) return shared;
  const making = mkdtempSync(join(runFolder, "making-"));
  writeFileSync(join(making, "package.json"), '{"private":true}\n');
  const tarballs = [packInto(making, "client"), packInto(making, "server")];
  run("npm", ["install", "--no-audit", "--no-fund", "--offline", ...tarballs], { cwd: making, timeout: LIMIT_MS });
  try {
    renameSync(making, shared);
  } catch (error) {
    // Another worker was faster. Its folder is as good.
    if (!existsSync(shared)) throw error;
    rmSync(making, { recursive: true });
  }
  return shared;
};

/** An application that has installed the packed packages, in a folder of its own. */
export class Consumer {
  readonly folder: string;

  /** @param files by path: their texts */
  constructor(name: string, files: Record<string, string> = {}) {
    const apps = join(sharedFolder(), "apps");
    mkdirSync(apps, { recursive: true });
    this.folder = mkdtempSync(join(apps, `${name}-`));
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  /** Writes a file; gives its path. */
  write(path: string, text: string): string {
    const file = join(this.folder, path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  /** Copies a fixture; gives its path. */
  copy(fixture: string, path = fixture): string {
    const file = join(this.folder, path);
    copyFileSync(join(__dirname, "fixtures", fixture), file);
    return file;
  }

  /** Runs a Node program to its end; gives its standard output. */
  node(args: string[], env: NodeJS.ProcessEnv = {}): string {
    return run(process.execPath, args, { cwd: this.folder, env, timeout: LIMIT_MS });
  }
}

/** A command of a package that this repository has installed. */
export const commandOf = (path: string): string => join(ROOT, "node_modules", path);
