import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { Cuttable } from "../cuttable.js";
import { Dev, ROOT } from "../dev.js";

/** The packages are found above it, and no tool of the repository looks into it. */
const COPIES = join(ROOT, ".push-it");

/** A copy does not need these folders of a developer. */
const LEFT_OUT = /\/(node_modules|dist|cdk\.out|\.next)$/;

/** An example that runs as `npm start` runs it, on free ports. Its page reaches the system by a way that can fail. */
export class Example {
  private constructor(
    /** Its folder: a copy, which a test may edit. */
    readonly folder: string,
    private readonly dev: Dev,
    readonly way: Cuttable,
    private readonly server: ChildProcess,
    /** The address of its page. */
    readonly url: string,
  ) {}

  /**
   * Starts the system and the server of the page.
   * @param command the server of the page: a file of a package, and its arguments
   */
  static async start(name: string, [file, ...args]: [file: string, ...args: string[]] = VITE): Promise<Example> {
    mkdirSync(COPIES, { recursive: true });
    const folder = mkdtempSync(join(COPIES, `${name}-`));
    cpSync(join(ROOT, "examples", name), folder, { recursive: true, filter: (path) => !LEFT_OUT.test(path) });
    const dev = await Dev.startIn(folder);
    const way = await Cuttable.to(Number(new URL(dev.websocketUrl).port));
    const server = spawn(process.execPath, [join(ROOT, "node_modules", file), ...args], {
      cwd: folder,
      env: { ...process.env, NODE_ENV: "development", PUSH_IT_URL: `ws://127.0.0.1:${way.port}/live` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new Example(folder, dev, way, server, await addressOf(server));
  }

  /** The stage's URL, which always works. */
  get websocketUrl(): string {
    return this.dev.websocketUrl;
  }

  async close(): Promise<void> {
    this.server.kill();
    if (this.server.exitCode === null) await once(this.server, "close");
    await Promise.all([this.way.close(), this.dev.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Vite on any free port. */
const VITE: [file: string, ...args: string[]] = ["vite/bin/vite.js", "--host", "127.0.0.1", "--port", "0"];

/** The address that a server of pages prints when it is ready. */
const addressOf = (server: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let log = "";
    const read = (chunk: Buffer): void => {
      log += stripVTControlCharacters(String(chunk));
      const url = /Local:\s+(http:\S+)/.exec(log)?.[1];
      if (url) resolve(url);
    };
    server.stdout!.on("data", read);
    server.stderr!.on("data", read);
    server.once("close", () => reject(new Error(`The server of the page ended:\n${log}`)));
  });
