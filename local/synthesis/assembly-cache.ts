import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fingerprintOf } from "./fingerprint.js";
import type { SynthesisInputs } from "./inputs.js";

/** The note that is stored with an assembly. Sets are written as lists. */
interface Note {
  fingerprint: string;
  files: string[];
  folders: string[];
  code: string[];
}

/**
 * The assembly of an app's last synthesis, so that an unchanged app need not be synthesized again. It is in
 * `node_modules/.cache` of the project or of a folder above. A project without such a folder has no cache.
 */
export class AssemblyCache {
  readonly #project: string;
  readonly #tool: string;
  readonly #packages: string | undefined;

  /** @param tool identifies the build of this command */
  constructor(project: string, tool: string) {
    this.#project = resolve(project);
    this.#tool = tool;
    this.#packages = packagesOf(this.#project);
  }

  /**
   * Takes the stored assembly, if all its inputs are unchanged.
   * @param outdir the folder to copy it to
   * @returns its inputs; `undefined` if the app must be synthesized
   */
  take(outdir: string): SynthesisInputs | undefined {
    const folder = this.#folder;
    const note = folder === undefined ? undefined : readNote(folder);
    if (folder === undefined || !note) return undefined;
    const inputs: SynthesisInputs = {
      files: new Set(note.files),
      folders: new Set(note.folders),
      code: new Set(note.code),
    };
    if (this.#fingerprint(inputs) !== note.fingerprint) return undefined;
    cpSync(join(folder, ASSEMBLY), outdir, { recursive: true });
    return inputs;
  }

  /**
   * Replaces the stored assembly, unless an input has changed since the synthesis began.
   * @param begun when the synthesis began, in epoch milliseconds
   */
  store(outdir: string, inputs: SynthesisInputs, begun: number): void {
    const folder = this.#folder;
    const fingerprint = folder === undefined ? undefined : this.#fingerprint(inputs);
    if (
      folder === undefined ||
      fingerprint === undefined ||
      [...inputs.files].some((path) => changedAfter(path, begun))
    )
      return;
    const { files, folders, code } = inputs;
    const note: Note = { fingerprint, files: [...files], folders: [...folders], code: [...code] };
    const made = `${folder}.${process.pid}`;
    try {
      rmSync(made, { recursive: true, force: true });
      mkdirSync(made, { recursive: true });
      cpSync(outdir, join(made, ASSEMBLY), { recursive: true });
      writeFileSync(join(made, NOTE), JSON.stringify(note));
      rmSync(folder, { recursive: true, force: true });
      renameSync(made, folder);
    } catch {
      // A folder that cannot be written to, or another run that stores at this moment: the next run synthesizes.
      rmSync(made, { recursive: true, force: true });
    }
  }

  get #folder(): string | undefined {
    const name = createHash("sha256").update(this.#project).digest("hex").slice(0, 16);
    return this.#packages && join(this.#packages, ".cache", "push-it-cli", name);
  }

  #fingerprint(inputs: SynthesisInputs): string | undefined {
    return fingerprintOf({
      inputs,
      project: this.#project,
      packages: this.#packages!,
      tool: this.#tool,
      variables: process.env,
    });
  }
}

const ASSEMBLY = "assembly";
const NOTE = "inputs.json";

/** The `node_modules` that a project's packages are found in. */
const packagesOf = (project: string): string | undefined => {
  for (let folder = project; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "node_modules"))) return join(folder, "node_modules");
    if (dirname(folder) === folder) return undefined;
  }
};

/** Reads the note. A broken note counts as a missing one. */
const readNote = (folder: string): Note | undefined => {
  try {
    return JSON.parse(readFileSync(join(folder, NOTE), "utf8")) as Note;
  } catch {
    return undefined;
  }
};

const changedAfter = (path: string, time: number): boolean =>
  (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > time;
