import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** The package's root: where `cdk.json` is. */
export const ROOT = resolve(__dirname, "../..");

/** A `push-it-cli dev` of its own, as a user starts it. */
export class Dev {
  private constructor(
    private readonly process: ChildProcess,
    readonly consoleUrl: string,
    readonly websocketUrl: string,
  ) {}

  /**
   * Starts the command on any free port and waits until it is ready.
   * @throws Error with what the command said, when it ends before that
   */
  static start(...args: string[]): Promise<Dev> {
    return Dev.startIn(ROOT, ...args);
  }

  /** The same in the folder of another app. */
  static async startIn(cwd: string, ...args: string[]): Promise<Dev> {
    const command = [join(ROOT, "local/dist/cli.js"), "dev", "--port", "0", "--json", ...args];
    const child = spawn(process.execPath, command, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let log = "";
    child.stderr.on("data", (text) => (log += text));
    const line = await Promise.race([
      once(createInterface(child.stdout), "line"),
      once(child, "close").then(() => undefined),
    ]);
    if (!line) throw new Error(`push-it-cli dev ended:\n${log}`);
    const { consoleUrl, websocketUrl } = JSON.parse(String(line[0])) as { consoleUrl: string; websocketUrl: string };
    return new Dev(child, consoleUrl, websocketUrl);
  }

  /** Ends it as Ctrl-C does. */
  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill("SIGINT");
    await once(this.process, "close");
  }
}
