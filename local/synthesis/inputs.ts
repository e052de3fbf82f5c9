import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { resolveFrom } from "../core/packages.js";
import { readRecords, type Recorded, RECORDS_VARIABLE } from "./record.js";

/** The inputs of a synthesis, as absolute paths. */
export interface SynthesisInputs {
  files: Set<string>;
  /** Folders whose listing matters: files may appear or disappear there. */
  folders: Set<string>;
  /** The files of the app's own code, found by its imports. */
  code: Set<string>;
}

/** Files of a project that matter whether they were read or not: they may come to be. */
const ALWAYS = [
  "cdk.json",
  "cdk.context.json",
  "package.json",
  "package-lock.json",
  "yarn.lock",
  "pnpm-lock.yaml",
  "tsconfig.json",
];

/** A process that read this package synthesized a CDK app. */
const CDK = `${sep}aws-cdk-lib${sep}`;

/** Records the inputs of a synthesis. */
export class InputRecorder {
  readonly #records = mkdtempSync(join(tmpdir(), "push-it-records-"));

  /** @param dist the built package's folder */
  constructor(private readonly dist: string) {}

  /** The environment variables that processes of the synthesis need. */
  get variables(): Record<string, string> {
    const file = join(this.dist, "recorder.cjs");
    return {
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --require ${JSON.stringify(file)}`.trim(),
      [RECORDS_VARIABLE]: this.#records,
    };
  }

  /**
   * Returns the inputs of the synthesis that has just ended. Call it once.
   * @param project the folder with `cdk.json`
   * @param outdir the assembly's folder, which is not an input
   * @returns `undefined` if the inputs are unknown: the app is not Node code, or its reads cannot be recorded
   */
  async inputs(project: string, outdir: string): Promise<SynthesisInputs | undefined> {
    const recorded = readRecords(this.#records);
    rmSync(this.#records, { recursive: true, force: true });
    if (!recorded.reads.some((path) => path.includes(CDK))) return undefined;
    const written = new Set(recorded.writes);
    const own = (path: string): boolean => isOwn(path, project) && !isIn(outdir, path) && !written.has(path);
    const code = new Set(await importedBy(recorded, project));
    const always = ALWAYS.map((name) => join(project, name));
    return {
      files: new Set([...recorded.reads.filter(own), ...code, ...always]),
      folders: new Set(recorded.folders.filter((path) => own(path) && existsSync(path))),
      code,
    };
  }

  /** Removes the records. */
  close(): void {
    rmSync(this.#records, { recursive: true, force: true });
  }
}

const isIn = (folder: string, path: string): boolean => path === folder || path.startsWith(folder + sep);

/** Whether a path counts as an input. Packages do not change, and files in hidden or temporary folders are caches. */
const isOwn = (path: string, project: string): boolean => {
  const inside = isIn(project, path);
  const folders = dirname(inside ? relative(project, path) : path).split(sep);
  if (folders.some((name) => name === "node_modules" || (name.startsWith(".") && name !== "." && name !== "..")))
    return false;
  return inside || !["/proc", "/dev", tmpdir()].some((folder) => isIn(folder, path));
};

/**
 * The code that the app's programs import, which no record has if ES modules load it, or esbuild bundles it. Programs that
 * cannot be bundled count themselves.
 */
const importedBy = async ({ programs }: Recorded, project: string): Promise<string[]> => {
  const entries = programs.filter((path) => !path.includes(`${sep}node_modules${sep}`) && existsSync(path));
  const file = resolveFrom(project, "esbuild");
  if (file === undefined) return entries;
  const esbuild = createRequire(file)(file) as typeof import("esbuild");
  const all = entries.map(async (entry) => {
    try {
      const { metafile } = await esbuild.build({
        entryPoints: [entry],
        absWorkingDir: dirname(entry),
        outfile: join(dirname(entry), "unused.js"),
        write: false,
        bundle: true,
        metafile: true,
        packages: "external",
        platform: "node",
        format: "esm",
        logLevel: "silent",
      });
      return Object.keys(metafile.inputs).map((input) => resolve(dirname(entry), input));
    } catch {
      return [entry];
    }
  });
  return (await Promise.all(all)).flat();
};
