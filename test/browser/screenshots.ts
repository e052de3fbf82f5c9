// Makes the pictures of the console that README shows: npx tsx test/browser/screenshots.ts
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launchChromium } from "./chromium.js";
import { ConsolePage } from "./console-page.js";
import { Dev, ROOT } from "./dev.js";

/** Where README finds them. */
const FOLDER = join(ROOT, "docs/images");

/** What is said in the picture: the tab that publishes, and what. */
const STORY = [
  ["editor", "stories/5", '{ "title": "First light over the estuary", "words": 812, "draft": false }'],
  ["reader", "stories/5", '{ "comment": "The tide tables are a day off.", "tags": ["tides", "correction"] }'],
  ["editor", "news/tides", '"High water 06:42, 4.1 m"'],
  ["editor", "stories/5", '{ "title": "First light over the estuary", "words": 829, "corrected": true }'],
] as const;

const picture = async (browser: Browser, dev: Dev, colorScheme: "light" | "dark", file: string): Promise<void> => {
  const context = await browser.newContext({
    viewport: { width: 1400, height: 980 },
    colorScheme,
    reducedMotion: "reduce",
  });
  const tabs = {
    editor: await ConsolePage.open(context, dev.consoleUrl),
    reader: await ConsolePage.open(context, dev.consoleUrl),
  };
  for (const tab of [tabs.reader, tabs.editor]) {
    await tab.connect('{ "token": "editor-42" }');
    await tab.state("connected");
    await tab.subscribed("stories/5");
    await tab.subscribed("news/tides");
  }
  for (const [who, channel, data] of STORY) {
    await tabs[who].publish(channel, data);
    await tabs.reader.messages.filter({ hasText: channel }).first().waitFor();
  }
  const { editor } = tabs;
  await editor.subscribe("drafts/7");
  await editor.subscription("drafts/7").getByText("Only editors may read drafts.").waitFor();
  await editor.publish("drafts/7", '{ "title": "Not for everyone" }');
  await editor.messages.nth(STORY.length - 1).waitFor();
  await editor.frames.filter({ hasText: "/meta/error" }).locator("summary").click();
  await editor.page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await editor.page.screenshot({ path: join(FOLDER, file) });
  await context.close();
};

const main = async (): Promise<void> => {
  mkdirSync(FOLDER, { recursive: true });
  const [dev, browser] = await Promise.all([Dev.start("--guards", "test/browser/guards.ts"), launchChromium()]);
  try {
    await picture(browser, dev, "light", "console.png");
    await picture(browser, dev, "dark", "console-dark.png");
  } finally {
    await Promise.all([browser.close(), dev.stop()]);
  }
};

void main();
