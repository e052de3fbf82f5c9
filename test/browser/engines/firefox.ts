import { existsSync } from "node:fs";
import { launch, type Page } from "puppeteer-core";
import { type Engine, type RunningBrowser, Tab } from "./engine.js";
import { environment } from "./environment.js";

/** Where Debian puts it. */
const EXECUTABLE = "/usr/bin/firefox-esr";

/** What keeps the browser from talking to anybody but the page under test. */
const PREFERENCES = {
  "network.proxy.type": 0,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
};

/** Firefox as Debian has it; by WebDriver BiDi. */
export const firefox: Engine = {
  name: "firefox",
  missing: () => (existsSync(EXECUTABLE) ? undefined : "apt-get install -y --no-install-recommends firefox-esr"),
  launch: async () => {
    const browser = await launch({
      browser: "firefox",
      executablePath: EXECUTABLE,
      headless: true,
      // On a machine that is busy with other things.
      timeout: 100_000,
      extraPrefsFirefox: PREFERENCES,
      env: environment(),
    });
    return {
      version: await browser.version(),
      open: async (url) => {
        const tab = new FirefoxTab(await browser.newPage());
        await tab.goto(url);
        return tab;
      },
      close: () => browser.close(),
    } satisfies RunningBrowser;
  },
};

class FirefoxTab extends Tab {
  constructor(private readonly page: Page) {
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
