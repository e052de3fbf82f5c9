import { chromiumCommand } from "../chromium.js";
import type { Engine } from "./engine.js";
import { launchByPuppeteer, PuppeteerTab } from "./puppeteer.js";

/**
 * Chromium, which `npm ci` brought; by the protocol of its developer tools. Puppeteer lets a page lose the focus, without
 * which none can be frozen; Playwright does not.
 */
export const chromium: Engine = {
  name: "chromium",
  missing: () => undefined,
  launch: async () =>
    launchByPuppeteer({ ...(await chromiumCommand()), headless: "shell" }, (page) => new ChromiumTab(page)),
};

class ChromiumTab extends PuppeteerTab {
  override async setFrozen(frozen: boolean): Promise<void> {
    const session = await this.page.createCDPSession();
    await session.send("Page.setWebLifecycleState", { state: frozen ? "frozen" : "active" });
    await session.detach();
  }
}
