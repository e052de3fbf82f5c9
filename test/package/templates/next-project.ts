import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { type Running, servePage } from "../../../scripts/release-dry/processes.js";
import { signIn } from "../../browser/examples/chat-user.js";
import { CLI, ROOT, run } from "../processes.js";

/** The version that the template is tested with. */
const NEXT = "next@16.4.6";

/**
 * A project that the command has made of the template `next`. Next.js weighs 330 MB, so only this project has it. It
 * finds all other packages, also ours, in this repository's `node_modules` above it.
 */
export class NextProject {
  readonly folder: string;
  private readonly parent: string;
  private running?: Running;

  constructor() {
    const copies = join(ROOT, ".push-it");
    mkdirSync(copies, { recursive: true });
    this.parent = mkdtempSync(join(copies, "next-"));
    this.folder = join(this.parent, "chat");
    // A second React, as a peer of Next, would break the hooks.
    const flags = ["--no-audit", "--no-fund", "--no-package-lock", "--legacy-peer-deps", "--ignore-scripts"];
    run("npm", ["install", "--prefix", this.parent, ...flags, NEXT], { cwd: this.parent });
    run(process.execPath, [join(ROOT, "create/dist/cli.js"), this.folder, "--template", "next"]);
  }

  /** Runs Next's command to its end. */
  next(...args: string[]): void {
    run(process.execPath, [this.#next, ...args], { cwd: this.folder, env: { NEXT_TELEMETRY_DISABLED: "1" } });
  }

  /** Starts the system and the page, as `npm start` does, on free ports; gives the page's address. */
  async start(): Promise<string> {
    const env = { ...process.env, NODE_ENV: undefined, NEXT_TELEMETRY_DISABLED: "1" };
    const page = `"${process.execPath}" "${this.#next}" dev --port 0`;
    const command = `"${process.execPath}" "${CLI}" dev --port 0 --secrets server/secrets.json -- ${page}`;
    const running = await servePage(command, { cwd: this.folder, env });
    this.running = running;
    return running.url;
  }

  async remove(): Promise<void> {
    await this.running?.stop();
    rmSync(this.parent, { recursive: true, force: true });
  }

  get #next(): string {
    return join(this.parent, "node_modules/next/dist/bin/next");
  }
}

/** Opens the page, signs in, and waits for the connection. */
export const enter = async (context: BrowserContext, url: string, name: string): Promise<Page> => {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(url);
  await signIn(page, name);
  return page;
};
