import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "../engines/chromium.js";
import { firefox } from "../engines/firefox.js";
import { webkit } from "../engines/webkit.js";
import { ChatPage } from "./chat-page.js";
import { runChatIn } from "./chat-suite.js";
import { Example } from "./example.js";

jest.setTimeout(180_000);

describe("examples/react-chat", () => {
  let example: Example;

  beforeAll(async () => {
    example = await Example.start("react-chat");
  });

  afterAll(() => example?.close());

  for (const engine of [chromium, firefox, webkit]) runChatIn(engine, () => example);

  it("keeps the connection and the messages over a hot reload", async () => {
    const browser = await chromium.launch();
    try {
      const page = await ChatPage.open(browser, `${example.url}#hot`);
      await page.signIn("Ada");
      await page.send("Before the reload");
      await page.messages(1);
      const connections = example.way.accepted;
      const file = join(example.folder, "src/Chat.tsx");
      writeFileSync(file, readFileSync(file, "utf8").replace("Here: ", "In this room: "));
      await page.shows("In this room: Ada");
      expect(await page.messages(1)).toMatchObject([{ text: "Before the reload" }]);
      expect(example.way.accepted).toBe(connections);
    } finally {
      await browser.close();
    }
  });
});
