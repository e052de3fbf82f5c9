import type { BrowserContext, CDPSession, Page } from "playwright-core";
import { launchChromium } from "../chromium.js";
import { type Engine, type RunningBrowser, Tab } from "./engine.js";

/** Chromium, which `npm ci` brought; by the protocol of its developer tools. */
export const chromium: Engine = {
  name: "chromium",
  missing: () => undefined,
  launch: async () => {
    const browser = await launchChromium();
    const context = await browser.newContext();
    return {
      version: `Chromium ${browser.version()}`,
      open: async (url) => {
        const tab = new ChromiumTab(context, await context.newPage());
        await tab.goto(url);
        return tab;
      },
      close: () => browser.close(),
    } satisfies RunningBrowser;
  },
};

class ChromiumTab extends Tab {
  #session: Promise<CDPSession> | undefined;

  constructor(
    private readonly context: BrowserContext,
    private readonly page: Page,
  ) {
    super();
  }

  async goto(url: string): Promise<void> {
    await this.page.goto(url);
  }

  async reload(): Promise<void> {
    await this.page.reload();
  }

  async back(): Promise<void> {
    await this.page.goBack();
  }

  close(): Promise<void> {
    return this.page.close();
  }

  override async setOffline(offline: boolean): Promise<void> {
    await this.context.setOffline(offline);
  }

  override async setFrozen(frozen: boolean): Promise<void> {
    const session = await (this.#session ??= this.context.newCDPSession(this.page));
    await session.send("Page.setWebLifecycleState", { state: frozen ? "frozen" : "active" });
  }

  protected run<Result>(expression: string): Promise<Result> {
    return this.page.evaluate<Result>(expression);
  }
}
