import childProcess from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { threadId } from "node:worker_threads";
import { type Recorded, RECORDS_VARIABLE } from "./record.js";

/*
 * Every Node process of a synthesis loads this file first (`node --require`). It records which files the process reads,
 * writes and runs, and saves the record when the process ends. So the inputs of an app are known, whatever starts it.
 */

const folder = process.env[RECORDS_VARIABLE];

const reads = new Set<string>();
const folders = new Set<string>();
const writes = new Set<string>();
const programs = new Set<string>();

const pathOf = (value: unknown): string | undefined => {
  if (value instanceof URL) return value.protocol === "file:" ? fileURLToPath(value) : undefined;
  if (Buffer.isBuffer(value)) return resolve(value.toString());
  return typeof value === "string" ? resolve(value) : undefined;
};

const noteIn =
  (...sets: (Set<string> | undefined)[]) =>
  (args: unknown[]): void => {
    for (const [at, set] of sets.entries()) {
      const path = pathOf(args[at]);
      if (path !== undefined) set?.add(path);
    }
  };

const isWriting = (flags: unknown): boolean => typeof flags === "string" && /[wa+]/.test(flags);

const noteOpened = (args: unknown[]): void => noteIn(isWriting(args[1]) ? writes : reads)(args);

/** Files that a command names, with or without quotes. */
const noteCommand = (args: unknown[]): void => {
  const words = [args[0], ...(Array.isArray(args[1]) ? (args[1] as unknown[]) : [])].map(String);
  for (const word of words.flatMap((each) => each.split(/[\s"'=,;]+/)))
    if (/\.[cm]?[jt]sx?$/.test(word)) programs.add(resolve(word));
};

type Functions = Record<string, ((...args: unknown[]) => unknown) | undefined>;

/** Has a function of a module note its arguments before it runs. */
const watch = (module: object, name: string, note: (args: unknown[]) => void): void => {
  const functions = module as Functions;
  const original = functions[name];
  if (typeof original !== "function") return;
  const watched = function (this: unknown, ...args: unknown[]): unknown {
    note(args);
    return original.apply(this, args);
  };
  // `util.promisify` looks for these properties, for example.
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(original)))
    Object.defineProperty(watched, key, descriptor);
  for (const key of Object.getOwnPropertySymbols(original))
    Object.defineProperty(watched, key, Object.getOwnPropertyDescriptor(original, key)!);
  functions[name] = watched;
};

const CALLS: [note: (args: unknown[]) => void, names: string[]][] = [
  [noteIn(reads), ["readFileSync", "readFile", "createReadStream"]],
  [noteIn(folders), ["readdirSync", "readdir", "opendirSync", "opendir"]],
  [noteIn(writes), ["writeFileSync", "writeFile", "appendFileSync", "appendFile", "createWriteStream"]],
  [noteIn(reads, writes), ["copyFileSync", "copyFile"]],
  [noteIn(folders, writes), ["cpSync", "cp"]],
  [noteOpened, ["openSync", "open"]],
];

const record = (): void => {
  if (folder === undefined) return;
  const recorded: Recorded = { reads: [...reads], folders: [...folders], writes: [...writes], programs: [...programs] };
  writeFile(join(folder, `${process.pid}-${threadId}.json`), JSON.stringify(recorded));
};

const { writeFileSync: writeFile } = fs;

if (folder !== undefined) {
  for (const [note, names] of CALLS) {
    for (const name of names) {
      watch(fs, name, note);
      watch(fs.promises, name, note);
    }
  }
  for (const name of ["spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync"])
    watch(childProcess, name, noteCommand);
  syncBuiltinESMExports();
  noteCommand(process.argv);
  process.on("exit", record);
}
