// Makes the pictures of the console that README shows: npx tsx test/browser/screenshots.ts
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launchChromium } from "./chromium.js";
import { ConsolePage } from "./console-page.js";
import { Dev, ROOT } from "./dev.js";

/** The paths of the pictures in README. */
const FOLDER = join(ROOT, "docs/images");

/** The messages in the picture: the tab that publishes, and its message. */
const STORY = [
  ["editor", "rooms/5", '{ "title": "First light over the estuary", "words": 812, "draft": false }'],
  ["editor", "news/tides", '"High water 06:42, 4.1 m"'],
] as const;

/** The reader's messages while the editor's connection is cut. */
const MISSED = [
  '{ "comment": "The tide tables are a day off.", "tags": ["tides", "correction"] }',
  '{ "comment": "Otherwise ready to go." }',
];

/** The editor's answer. */
const ANSWER = '{ "title": "First light over the estuary", "words": 829, "corrected": true }';

const picture = async (browser: Browser, dev: Dev, colorScheme: "light" | "dark", file: string): Promise<void> => {
  const context = await browser.newContext({
    viewport: { width: 1400, height: 1000 },
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
    await tab.subscribed("rooms/5");
    await tab.subscribed("news/tides");
  }
  for (const [who, channel, data] of STORY) {
    await tabs[who].publish(channel, data);
    await tabs.reader.messages.filter({ hasText: channel }).first().waitFor();
  }
  const { editor, reader } = tabs;
  await editor.page.getByRole("button", { name: "Cut this connection" }).click();
  await editor.state("connecting");
  for (const data of MISSED) await reader.publish("rooms/5", data);
  await editor.page.getByRole("button", { name: /^Mend it now/ }).click();
  await editor.recovery.getByText("2 missed messages recovered").waitFor();
  await editor.publish("rooms/5", ANSWER);
  await editor.subscribe("drafts/7");
  await editor.subscription("drafts/7").getByText("Only editors may read drafts.").waitFor();
  await editor.publish("drafts/7", '{ "title": "Not for everyone" }');
  await editor.messages.nth(STORY.length + MISSED.length).waitFor();
  await editor.present("rooms/5").nth(1).waitFor();
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
