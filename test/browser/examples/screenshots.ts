// Makes the pictures in the READMEs of the chat examples: npx tsx test/browser/examples/screenshots.ts react-chat
import { join } from "node:path";
import type { Page } from "playwright-core";
import { launchChromium } from "../chromium.js";
import { ROOT } from "../dev.js";
import { messageField, sees, sendFrom, signIn } from "./chat-user.js";
import { Example } from "./example.js";

/** The conversation in the picture: the user and the message. */
const STORY = [
  ["Ada", "The tide tables for the estuary are up."],
  ["Bob", "Thanks! High water is at 06:42 then?"],
  ["Ada", "Yes, 4.1 m. Bring boots."],
  ["Bob", "And the boat?"],
  ["Ada", "Grace has the key. She is on her way."],
  ["Grace", "Ten minutes. I was offline in the tunnel, and still got everything."],
] as const;

const picture = async (name: string): Promise<void> => {
  const [example, browser] = await Promise.all([Example.start(name), launchChromium()]);
  try {
    const users = new Map<string, Page>();
    for (const user of ["Ada", "Bob", "Grace"]) {
      const context = await browser.newContext({ viewport: { width: 1000, height: 640 }, colorScheme: "light" });
      const page = await context.newPage();
      await page.goto(example.url);
      await signIn(page, user);
      users.set(user, page);
    }
    const ada = users.get("Ada")!;
    for (const [user, text] of STORY) {
      await sendFrom(users.get(user)!, text);
      await sees(ada, text);
    }
    await messageField(users.get("Bob")!).pressSequentially("See y");
    await ada.getByText("Bob typing…").waitFor();
    await ada.screenshot({ path: join(ROOT, "examples", name, "screenshot.png") });
  } finally {
    await Promise.all([browser.close(), example.close()]);
  }
};

void (async () => {
  for (const name of process.argv.slice(2)) await picture(name);
})();
