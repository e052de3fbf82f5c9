import { type LaunchOptions, launch, type Page } from "puppeteer-core";
import { type RunningBrowser, Tab } from "./engine.js";

/** How long a browser may take to start, and to load a page, on a machine that is busy with other things. */
const TIMEOUT = 100_000;

/** Starts a headless browser that Puppeteer can drive: Chromium by its own protocol, Firefox by WebDriver BiDi. */
export const launchByPuppeteer = async (
  options: LaunchOptions,
  makeTab: (page: Page) => Tab,
): Promise<RunningBrowser> => {
  const browser = await launch({ timeout: TIMEOUT, ...options });
  return {
    version: await browser.version(),
    open: async (url) => {
      const page = await browser.newPage();
      page.setDefaultNavigationTimeout(TIMEOUT);
      const tab = makeTab(page);
      await tab.goto(url);
      return tab;
    },
    close: () => browser.close(),
  };
};

/** A tab, as far as both browsers can do the same. */
export class PuppeteerTab extends Tab {
  constructor(protected readonly page: Page) {
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
    await this.page.setOfflineMode(offline);
  }

  protected run<Result>(expression: string): Promise<Result> {
    return this.page.evaluate(expression) as Promise<Result>;
  }
}
