import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { basename, join } from "node:path";
import { buildSync } from "esbuild";
import { makeWorkFolder, type WorkFolder } from "../../lib/work-folder.js";

/** A process that answers each request with one message. */
export interface Process {
  request<Answer>(question: object): Promise<Answer>;
}

/** Bundles programs as functions are bundled, and runs each in its own process. */
export class BundledProcesses {
  readonly #folder: WorkFolder;
  readonly #running: ChildProcess[] = [];

  /** @param root the repository's folder */
  constructor(root: string) {
    this.#folder = makeWorkFolder(root, "bench-");
  }

  /** @returns the bundle's file */
  bundle(program: string): string {
    const outfile = join(this.#folder.path, `${basename(program, ".ts")}.cjs`);
    buildSync({
      entryPoints: [program],
      outfile,
      bundle: true,
      minify: true,
      platform: "node",
      format: "cjs",
      logLevel: "error",
    });
    return outfile;
  }

  /** Starts a bundle. Returns the process, and its first message. */
  async start<Hello>(file: string, args: string[], env: Record<string, string>): Promise<[Process, Hello]> {
    const child = fork(file, args, {
      execArgv: [],
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.#running.push(child);
    const ended = once(child, "exit").then(() => [{ error: `${basename(file)} ended` }]);
    const receive = async <Answer>(): Promise<Answer> => {
      const [answer] = (await Promise.race([once(child, "message"), ended])) as [Answer & { error?: string }];
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer;
    };
    const hello = await receive<Hello>();
    const ask = <Answer>(question: object): Promise<Answer> => {
      const answer = receive<Answer>();
      child.send(question);
      return answer;
    };
    return [{ request: ask }, hello];
  }

  /** Stops all processes. */
  async close(): Promise<void> {
    const ended = this.#running.filter(({ exitCode }) => exitCode === null).map((child) => once(child, "exit"));
    for (const child of this.#running) child.kill();
    await Promise.all(ended);
    this.#folder.remove();
  }
}
