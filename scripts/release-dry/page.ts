import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser, Page as Tab } from "playwright-core";
import { launchChromium } from "../../test/browser/chromium.js";

/** How long the page may take to show something, in milliseconds. */
const TIMEOUT_MS = 30_000;

const TYPES: Readonly<Record<string, string>> = { "/": "text/html", "/page.js": "text/javascript" };

/** Serves the page of the quick start, and nothing else. */
const serveFolder = async (folder: string): Promise<Server> => {
  const server = createServer(({ url = "" }, response) => {
    const type = TYPES[url];
    if (type === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": type }).end(readFileSync(join(folder, url === "/" ? "index.html" : url)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
};

/** The page of the quick start in Chromium. */
export class Page {
  private constructor(
    private readonly server: Server,
    private readonly browser: Browser,
    private readonly tab: Tab,
    private readonly said: readonly string[],
  ) {}

  /** Opens it. */
  static async open(folder: string): Promise<Page> {
    const [server, browser] = await Promise.all([serveFolder(folder), launchChromium()]);
    const tab = await browser.newPage();
    const said: string[] = [];
    tab.on("console", (message) => said.push(message.text()));
    tab.on("pageerror", (error) => said.push(String(error)));
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return new Page(server, browser, tab, said);
  }

  /** Waits until a line of the page is this. Throws with what the browser said if it does not come. */
  async shows(text: string): Promise<void> {
    try {
      await this.tab.getByText(text, { exact: true }).first().waitFor({ timeout: TIMEOUT_MS });
    } catch {
      throw new Error(
        `The page does not show ${text}. It shows: ${await this.tab.locator("ul").innerText()}\nThe browser said: ${this.said.join("\n")}`,
      );
    }
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.server.close();
    this.server.closeAllConnections();
  }
}
