import { PushIt } from "push-it-client";
import { WebSocket } from "ws";
import { describeIn } from "../engines/describe-in.js";
import type { Engine, RunningBrowser } from "../engines/engine.js";
import { numbers } from "../talk-page.js";
import { ChatPage } from "./chat-page.js";
import type { Example } from "./example.js";

/** How long the network is dead, and how many messages are published meanwhile. */
const DEAD_MS = 20_000;
const MISSED = 50;

/** Runs the tests of a chat example in an engine. Each test has tabs and a room of its own. */
export const runChatIn = (engine: Engine, example: () => Example): void =>
  describeIn(engine, `in ${engine.name}`, () => {
    let browser: RunningBrowser;
    const pages: ChatPage[] = [];

    beforeAll(async () => {
      browser = await engine.launch();
    });

    afterEach(async () => {
      example().way.mend();
      for (const { tab } of pages.splice(0)) await tab.close();
    });

    afterAll(() => browser?.close());

    /** A tab of a signed-in user in a room of this engine. */
    const enter = async (name: string, room: string): Promise<ChatPage> => {
      const page = await ChatPage.open(browser, `${example().url}#${room}-${engine.name}`);
      pages.push(page);
      await page.signIn(name);
      await page.shows("Here:");
      return page;
    };

    it("two users talk, and see each other typing", async () => {
      const [ada, bob] = [await enter("Ada", "talk"), await enter("Bob", "talk")];
      await ada.members("Ada", "Bob");
      await bob.type("Hel");
      await ada.shows("Bob typing…");
      await bob.send("Hello");
      await ada.messages(1);
      await ada.hides("Bob typing…");
      await ada.send("Hello yourself");
      const texts = [
        { from: "Bob", text: "Hello", classes: "sent" },
        { from: "Ada", text: "Hello yourself", classes: "sent own" },
      ];
      expect(await ada.messages(2)).toEqual(texts);
      expect((await bob.messages(2)).map(({ text }) => text)).toEqual(["Hello", "Hello yourself"]);
    });

    it("a reload keeps the user and the messages", async () => {
      const page = await enter("Ada", "reload");
      await page.send("Still here?");
      await page.messages(1);
      await page.tab.reload();
      await page.status("online");
      expect(await page.messages(1)).toEqual([{ from: "Ada", text: "Still here?", classes: "sent own" }]);
    });

    it("two tabs of a user are one member", async () => {
      const [first, second, other] = [
        await enter("Ada", "tabs"),
        await enter("Ada", "tabs"),
        await enter("Bob", "tabs"),
      ];
      await other.members("Ada", "Bob");
      await first.send("From the first tab");
      expect(await second.messages(1)).toMatchObject([{ classes: "sent own" }]);
      await first.tab.close();
      pages.splice(pages.indexOf(first), 1);
      await second.send("Alone");
      await other.messages(2);
      await other.members("Ada", "Bob");
    });

    it("a denied room shows the guard's reason", async () => {
      const page = await enter("Ada", "denied");
      await page.press("staff");
      await page.shows("This room is for staff. Ask an administrator to let you in.");
      await page.press("lobby");
      await page.members("Ada");
    });

    it("another user in the same tab begins anew", async () => {
      const page = await enter("Ada", "users");
      await page.send("From Ada");
      await page.messages(1);
      await page.press("Sign out");
      await page.signIn("Bob");
      expect(await page.messages(1)).toEqual([{ from: "Ada", text: "From Ada", classes: "sent" }]);
      await page.members("Bob");
    });

    it("a network that is dead for 20 seconds loses no message", async () => {
      const page = await enter("Ada", "dead");
      const writer = new PushIt({ url: example().websocketUrl, WebSocket, credentials: { name: "Bob" } });
      const room = writer.channel(`rooms/dead-${engine.name}`);
      await room.subscribe();
      example().way.die();
      const diedAt = performance.now();
      await page.send("From the tunnel");
      for (let number = 1; number <= MISSED; number += 1) await room.publish({ text: String(number) });
      await page.status("offline", 60_000);
      await new Promise((resolve) => setTimeout(resolve, DEAD_MS - (performance.now() - diedAt)));
      example().way.mend();
      await page.status("online", 60_000);
      const messages = await page.messages(MISSED + 1, 60_000);
      const others = messages.filter(({ from }) => from === "Bob").map(({ text }) => text);
      expect(others).toEqual(numbers(1, MISSED));
      expect(messages.filter(({ from }) => from === "Ada")).toEqual([
        { from: "Ada", text: "From the tunnel", classes: "sent own" },
      ]);
      writer.disconnect();
    });
  });
