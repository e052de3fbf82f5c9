import type { Browser, BrowserContext, Page } from "playwright-core";
import { launchChromium } from "./chromium.js";
import { ConsolePage } from "./console-page.js";
import { Dev } from "./dev.js";

/** `push-it-cli dev` without guards, and a browser for its console page. */
export class ConsoleSite {
  dev!: Dev;
  #browser?: Browser;
  /** The context of the current test. */
  context!: BrowserContext;
  readonly #pages: ConsolePage[] = [];

  /** Starts both for a suite, gives each test a context, and expects that its pages report no errors. */
  static forSuite(): ConsoleSite {
    const site = new ConsoleSite();
    beforeAll(async () => {
      [site.dev, site.#browser] = await Promise.all([Dev.start(), launchChromium()]);
    });
    afterAll(async () => {
      await Promise.all([site.#browser?.close(), site.dev?.stop()]);
    });
    beforeEach(async () => {
      site.context = await site.#browser!.newContext({ viewport: { width: 1280, height: 800 } });
    });
    afterEach(async () => {
      const complaints = site.#pages.splice(0).flatMap((page) => page.complaints);
      await site.context.close();
      expect(complaints).toEqual([]);
    });
    return site;
  }

  async open(search = ""): Promise<ConsolePage> {
    return this.#keep(await ConsolePage.open(this.context, this.dev.consoleUrl + search));
  }

  /** The console page in a tab that another page has opened. */
  watch(tab: Page): ConsolePage {
    return this.#keep(new ConsolePage(tab));
  }

  #keep(page: ConsolePage): ConsolePage {
    this.#pages.push(page);
    return page;
  }
}
