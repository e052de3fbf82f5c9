import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** How and where a command runs. */
export interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs a command line to its end; gives its standard output. Throws with everything that it printed if it fails. */
export const run = async (command: string, { cwd, env }: Place): Promise<string> => {
  const child = spawn(command, { cwd, env, shell: true, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, printed] = ["", ""];
  child.stdout.on("data", (text: Buffer) => {
    stdout += text.toString();
    printed += text.toString();
  });
  child.stderr.on("data", (text: Buffer) => (printed += text.toString()));
  const status = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${printed}`);
  return stdout;
};

/** A command that runs until it is stopped. */
export interface Running {
  /** The line that was waited for. */
  readonly line: string;
  stop(): Promise<void>;
}

const interrupt = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  // Its own process group: what it has started ends, too.
  process.kill(-child.pid!, "SIGINT");
  await ended;
};

/**
 * Starts a command line and waits for a line. Throws with everything that it printed if it ends before.
 * @param wanted matches the line; by default it is the first
 */
export const serve = async (command: string, { cwd, env }: Place, wanted = /^/): Promise<Running> => {
  const child = spawn(command, { cwd, env, shell: true, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let printed = "";
  child.stderr.on("data", (text: Buffer) => (printed += text.toString()));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (text) => {
      printed += `${text}\n`;
      if (wanted.test(text)) resolve(text);
    });
    child.once("error", reject);
    child.once("exit", (status) => reject(new Error(`${command} ended with ${status}:\n${printed}`)));
  });
  return { line, stop: () => interrupt(child) };
};

/** The line in which Vite and Next.js print the address of their page. */
const PAGE_LINE = /Local: +(http:\S+)/;

/** Starts a command line that serves a page, and waits for the page's address. */
export const servePage = async (command: string, { cwd, env }: Place): Promise<Running & { url: string }> => {
  const running = await serve(command, { cwd, env: { ...env, NO_COLOR: "1" } }, PAGE_LINE);
  return { ...running, url: PAGE_LINE.exec(running.line)![1]! };
};
