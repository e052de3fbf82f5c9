import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import type { Ready } from "../../../local/dev/command/ready.js";

const CLI = resolve(__dirname, "../../../local/dist/cli.js");

/** A command's result. */
export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command to its end. */
export const run = async (args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Ran> => {
  const { child, output } = launch(args, options);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...output };
};

/** A command that is running. */
export interface Launched {
  child: ChildProcess;
  output: { stdout: string; stderr: string };
  /** The ready line; rejects if the command ends before. */
  ready: Promise<Ready>;
}

/** Starts the command. */
export const launch = (args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Launched => {
  const child = spawn(process.execPath, [CLI, ...args], { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  const ready = new Promise<Awaited<Launched["ready"]>>((done, fail) => {
    child.stdout.on("data", (chunk: Buffer) => {
      output.stdout += chunk.toString();
      const line = /^(\{.*\})\n/m.exec(output.stdout)?.[1];
      if (line) done(JSON.parse(line) as Awaited<Launched["ready"]>);
    });
    child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
    child.once("close", () => fail(new Error(`It ended before it was ready:\n${output.stderr}`)));
  });
  ready.catch(() => undefined);
  return { child, output, ready };
};

/** All processes below one: `[id, command line]`. */
export const descendants = (root: number): [number, string][] => {
  const table = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).trim().split("\n");
  const all = table.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)!);
  const below = (parent: number): [number, string][] =>
    all
      .filter((each) => Number(each[2]) === parent)
      .flatMap((each): [number, string][] => {
        const pid = Number(each[1]);
        return [[pid, each[3] ?? ""], ...below(pid)];
      });
  return below(root).filter(([, args]) => !args.startsWith("ps "));
};

/** Whether a process runs. A process that has ended but was not waited for does not count. */
export const alive = (pid: number): boolean => {
  try {
    const state = execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return state !== "" && !state.startsWith("Z");
  } catch {
    return false;
  }
};
