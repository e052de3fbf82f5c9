import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { servePage } from "../../../scripts/release-dry/processes.js";
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
    private readonly server: Awaited<ReturnType<typeof servePage>>,
  ) {}

  /** The address of its page. */
  get url(): string {
    return this.server.url;
  }

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
    const program = [process.execPath, join(ROOT, "node_modules", file), ...args].map((word) => `"${word}"`).join(" ");
    const env = { ...process.env, NODE_ENV: "development", PUSH_IT_URL: `ws://127.0.0.1:${way.port}/live` };
    return new Example(folder, dev, way, await servePage(program, { cwd: folder, env }));
  }

  /** The stage's URL, which always works. */
  get websocketUrl(): string {
    return this.dev.websocketUrl;
  }

  async close(): Promise<void> {
    await this.server.stop();
    await Promise.all([this.way.close(), this.dev.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Vite on any free port. */
const VITE: [file: string, ...args: string[]] = ["vite/bin/vite.js", "--host", "127.0.0.1", "--port", "0"];
