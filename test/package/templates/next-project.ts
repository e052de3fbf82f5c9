import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { type Running, serve } from "../../../scripts/release-dry/processes.js";
import { CLI, ROOT, run } from "../processes.js";

/** The version that the template is tested with. */
const NEXT = "next@16.4.6";

/** The line in which Next prints the page's address. */
const PAGE_LINE = /Local: +(http:\S+)/;

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
    const env = { ...process.env, NODE_ENV: undefined, NEXT_TELEMETRY_DISABLED: "1", NO_COLOR: "1" };
    const page = `"${process.execPath}" "${this.#next}" dev --port 0`;
    const command = `"${process.execPath}" "${CLI}" dev --port 0 --secrets server/secrets.json -- ${page}`;
    this.running = await serve(command, { cwd: this.folder, env }, PAGE_LINE);
    return PAGE_LINE.exec(this.running.line)![1]!;
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
export const signIn = async (context: BrowserContext, url: string, name: string): Promise<Page> => {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(url);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Enter" }).click();
  await page.getByText("online", { exact: true }).waitFor();
  return page;
};

/** Sends a message. */
export const sendFrom = async (page: Page, text: string): Promise<void> => {
  await page.getByPlaceholder("Write a message").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
};

/** Waits until the page shows a message. */
export const sees = async (page: Page, text: string): Promise<void> =>
  await page.getByRole("listitem").filter({ hasText: text }).waitFor();
