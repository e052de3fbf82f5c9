import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { transformSync } from "esbuild";
import { installedIn } from "../packs.js";
import { ROOT, run } from "../processes.js";

/** How long a consumer may take, in milliseconds: the machine may be busy with other things. */
const LIMIT_MS = 240_000;

/** A folder with the packed packages installed. All suites of a run share it, and jest removes it (test/run/). */
const sharedFolder = (): string => {
  const runFolder = process.env["PUSH_IT_RUN_FOLDER"]!;
  const shared = join(runFolder, "consumers");
  if (existsSync(shared)) return shared;
  const making = mkdtempSync(join(runFolder, "making-"));
  const made = installedIn(join(making, "consumers"), ["client", "server"], "--offline");
  linkFrameworks(join(made, "node_modules"));
  try {
    renameSync(made, shared);
  } catch (error) {
    // Another worker was faster. Its folder is as good.
    if (!existsSync(shared)) throw error;
  }
  rmSync(making, { recursive: true });
  return shared;
};

/** The frameworks that applications with a binding have: from this repository. */
const linkFrameworks = (modules: string): void => {
  mkdirSync(join(modules, "@types"), { recursive: true });
  for (const name of ["react", "@types/react", "csstype", "svelte", "vue"])
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name), "junction");
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
    mkdirSync(dirname(file), { recursive: true });
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

const TRIED_OUT = { opensByItself: false, published: 22, code: "denied", state: "disconnected" };

/** The output of a consumer that uses the package (fixtures/behaviour.mjs). */
export const EXPECTED = JSON.stringify([TRIED_OUT, TRIED_OUT, { isOneClass: true }]) + "\n";

const BEHAVIOUR = readFileSync(join(__dirname, "fixtures/behaviour.mjs"), "utf8");

/** The files of an application in ES modules that tries out the package and prints what it found; the first is `main.mjs`. */
export const ES_MODULES = {
  "main.mjs": `
    import * as client from "push-it-client";
    import * as core from "push-it-client/core";
    import { behaviour } from "./behaviour.mjs";
    behaviour(client, core).then((line) => console.log(line));
  `,
  "behaviour.mjs": BEHAVIOUR,
};

/** The same in CommonJS; the first is `main.cjs`. */
export const COMMON_JS = {
  "main.cjs": `
    const { behaviour } = require("./behaviour.cjs");
    behaviour(require("push-it-client"), require("push-it-client/core")).then((line) => console.log(line));
  `,
  "behaviour.cjs": transformSync(BEHAVIOUR, { format: "cjs" }).code,
};
