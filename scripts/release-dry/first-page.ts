import type { Browser, Page as Tab } from "playwright-core";
import { launchChromium } from "../../test/browser/chromium.js";
import { messageField, sees } from "../../test/browser/examples/chat-user.js";

/** How long the page may take to show something, in milliseconds. */
const TIMEOUT_MS = 30_000;

/** Two tabs with the page of the template react-chat. */
export class ChatTabs {
  private constructor(
    private readonly browser: Browser,
    readonly ada: Tab,
    readonly grace: Tab,
  ) {}

  /** Opens the page twice in one browser. */
  static async open(url: string): Promise<ChatTabs> {
    const browser = await launchChromium();
    const context = await browser.newContext();
    const open = async (): Promise<Tab> => {
      const tab = await context.newPage();
      tab.setDefaultTimeout(TIMEOUT_MS);
      await tab.goto(url);
      return tab;
    };
    return new ChatTabs(browser, await open(), await open());
  }

  /** Sends a message from one tab, and waits until the other shows it. */
  async talk(text: string): Promise<void> {
    const input = messageField(this.ada);
    await input.fill(text);
    await input.press("Enter");
    await sees(this.grace, text);
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}
