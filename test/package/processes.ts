import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The repository. */
export const ROOT = join(__dirname, "../..");

/** The built command. */
export const CLI = join(ROOT, "local/dist/cli.js");

/** The output of `push-it-cli dev --json` when it is ready. */
export interface Ready {
  websocketUrl: string;
  managementUrl: string;
  consoleUrl: string;
}

/** A temporary folder, and what removes it. */
export const temporaryFolder = (): { folder: string; remove: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), "push-it-test-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
};

/**
 * Runs a program to its end; gives its standard output. Throws with everything it said when it fails, or when it takes
 * more than `timeout` milliseconds.
 */
export const run = (
  command: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeout?: number } = {},
): string => {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    ...options,
    env: { ...process.env, ...options.env },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
};

/** `push-it-cli dev`, running. */
export class Dev {
  private constructor(
    private readonly child: ChildProcess,
    readonly ready: Ready,
  ) {}

  /** Starts it and waits for its ready line. */
  static async start(command: string, args: string[], cwd = ROOT): Promise<Dev> {
    // A process group of its own, so that an interrupt reaches all of it and nothing else, as from a terminal.
    const child = spawn(command, [...args, "--port", "0", "--json"], {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let said = "";
    child.stderr.on("data", (text: Buffer) => (said += text.toString()));
    const ready = await new Promise<Ready>((resolve, reject) => {
      createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line) as Ready));
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`push-it-cli dev ended with ${code}:\n${said}`)));
    });
    return new Dev(child, ready);
  }

  /** Interrupts it, as Ctrl-C does, and gives its exit code. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const ended = new Promise<number | null>((resolve) => this.child.once("exit", resolve));
    process.kill(-this.child.pid!, "SIGINT");
    return await ended;
  }
}
