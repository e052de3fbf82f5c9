import type { Browser, BrowserContext } from "playwright-core";
import { Wire } from "../e2e/support/wire.js";
import { launchChromium } from "./chromium.js";
import { ConsolePage } from "./console-page.js";
import { Dev } from "./dev.js";

jest.setTimeout(120_000);

describe("the console page of push-it-cli dev, without guards", () => {
  let dev: Dev;
  let browser: Browser;
  let context: BrowserContext;
  const pages: ConsolePage[] = [];

  const open = async (search = ""): Promise<ConsolePage> => {
    const opened = await ConsolePage.open(context, dev.consoleUrl + search);
    pages.push(opened);
    return opened;
  };

  beforeAll(async () => {
    [dev, browser] = await Promise.all([Dev.start(), launchChromium()]);
  });

  afterAll(async () => {
    await Promise.all([browser?.close(), dev?.stop()]);
  });

  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  });

  afterEach(async () => {
    const complaints = pages.splice(0).flatMap((page) => page.complaints);
    await context.close();
    expect(complaints).toEqual([]);
  });

  it("connects by itself, and says to what", async () => {
    const tab = await open();
    const { page } = tab;
    await tab.state("connected");
    expect(await page.getByLabel("WebSocket URL").inputValue()).toBe(dev.websocketUrl);
    await page.getByText("none: open to everyone").first().waitFor();
    await page
      .getByLabel("Connection facts")
      .getByText(/^[\w-]{22}$/)
      .waitFor();
    expect(await page.title()).toBe("Push-It console · connected");
  });

  it("shows in both tabs what one publishes", async () => {
    const [one, other] = [await open(), await open()];
    for (const tab of [one, other]) {
      await tab.state("connected");
      await tab.subscribed("stories/5");
    }
    expect(await one.publish("stories/5", '{"title":"Hello","words":[1,2]}')).toMatch(/^Published on stories\/5 in \d/);
    for (const tab of [one, other]) {
      await tab.messages.filter({ hasText: '{ "title": "Hello", "words": [1, 2] }' }).waitFor();
      expect(await tab.messages.count()).toBe(1);
    }
    expect(await one.messages.getByText("mine").count()).toBe(1);
    expect(await other.messages.getByText("mine").count()).toBe(0);
  });

  it("takes the first steps for whoever presses the button", async () => {
    const one = await open();
    await one.state("connected");
    const [popup] = await Promise.all([
      context.waitForEvent("page"),
      one.page.getByRole("button", { name: "Open a second tab" }).click(),
    ]);
    const other = new ConsolePage(popup);
    pages.push(other);
    await other.subscription("rooms/5").getByText("subscribed").waitFor();
    await one.subscription("rooms/5").getByText("subscribed").waitFor();
    await other.page.getByRole("button", { name: "Publish", exact: true }).click();
    await one.messages.filter({ hasText: "Hello" }).waitFor();
    expect(await one.page.getByLabel("First steps").isVisible()).toBe(false);
  });

  it("shows the frames on the wire, and what is in them", async () => {
    const tab = await open();
    await tab.state("connected");
    await tab.subscribed("stories/5");
    await tab.publish("stories/5", '"Hi"');
    for (const what of ["handshake", "open, push-it.v1 selected", "subscribe stories/5", "/meta/subscribe stories/5"]) {
      await tab.frames.filter({ hasText: what }).first().waitFor();
    }
    const published = tab.frames.filter({ hasText: "publish stories/5" });
    await published.locator("summary").click();
    await published.getByText('"action": "publish"').waitFor();
    expect(await published.getByText(/^\d+ B$/).count()).toBe(1);
  });

  it("publishes text as it is, and no copy to itself where none is wanted", async () => {
    const [one, other] = [await open(), await open()];
    for (const tab of [one, other]) {
      await tab.state("connected");
      await tab.subscribed("stories/5");
    }
    await one.page.getByRole("radio", { name: "Text" }).check();
    await one.page.getByLabel("Send me my own copy").uncheck();
    await one.publish("stories/5", "{not JSON}");
    await other.messages.filter({ hasText: '"{not JSON}"' }).waitFor();
    expect(await one.messages.count()).toBe(0);
  });

  it("shows what strangers send as text, whatever it is", async () => {
    const tab = await open();
    await tab.state("connected");
    await tab.subscribed("stories/5");
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    await tab.publish("stories/5", JSON.stringify({ [hostile]: hostile }));
    await tab.messages.filter({ hasText: "<img src=x" }).waitFor();
    await tab.frames.filter({ hasText: "publish stories/5" }).locator("summary").click();
    expect(await tab.page.locator("main img, main script").count()).toBe(0);
  });

  it("pauses, filters and clears the messages", async () => {
    const tab = await open("?channel=a/1");
    const { page } = tab;
    await tab.subscription("a/1").getByText("subscribed").waitFor();
    await tab.subscribed("b/1");
    await tab.publish("a/1", '"first"');
    await tab.messages.filter({ hasText: "first" }).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await tab.publish("b/1", '"second"');
    await page.getByRole("button", { name: "Resume (1 new)" }).waitFor();
    expect(await tab.messages.count()).toBe(1);
    await page.getByRole("button", { name: "Resume" }).click();
    await tab.messages.filter({ hasText: "second" }).waitFor();
    expect(await tab.messages.first().textContent()).toContain("second");
    await page.getByLabel("Filter by channel").fill("a/*");
    expect(await tab.messages.allTextContents()).toEqual([expect.stringContaining("first")]);
    await page.getByLabel("Filter by channel").fill("");
    expect(await tab.messages.count()).toBe(2);
    await page.getByRole("button", { name: "Clear the messages" }).click();
    expect(await tab.messages.count()).toBe(0);
  });

  it("keeps the newest 500 messages of a flood, and its count", async () => {
    const tab = await open("?channel=stories/5");
    await tab.subscription("stories/5").getByText("subscribed").waitFor();
    // From so many agents that none of them is over the rate of publications.
    const publishers = await Promise.all(Array.from({ length: 4 }, () => Wire.open(dev.websocketUrl)));
    for (let frame = 0; frame < 21; frame += 1) {
      const messages = Array.from({ length: 25 }, (_, at) => ({
        channel: "stories/5",
        uuid: `m${frame}-${at}`,
        data: at,
      }));
      publishers[frame % 4]?.send({ action: "publish", messages });
    }
    await tab.page.getByRole("heading", { name: "Messages 525" }).waitFor();
    await tab.page.waitForFunction(() => document.querySelector("#message-list")?.childElementCount === 500);
    await Promise.all(publishers.map((publisher) => publisher.close()));
  });

  it("recovers what it missed while its connection was cut, in order, and shows who comes and goes", async () => {
    const [one, other] = [await open(), await open()];
    for (const tab of [one, other]) {
      await tab.state("connected");
      await tab.subscribed("rooms/cut");
    }
    await one.subscribed("stories/5");
    await one.present("rooms/cut").nth(1).waitFor();
    await other.present("rooms/cut").nth(1).waitFor();
    await other.publish("rooms/cut", '"before"');
    await one.messages.filter({ hasText: "#1" }).waitFor();

    await one.page.getByRole("button", { name: "Cut this connection" }).click();
    await one.recovery.getByText("This connection is cut.").waitFor();
    await one.page.locator(":focus", { hasText: "Mend it now" }).waitFor();
    await other
      .subscription("rooms/cut")
      .getByText(/left at/)
      .waitFor();
    expect(await other.present("rooms/cut").allTextContents()).toEqual(["you"]);
    for (const data of ["1", "2", "3"]) await other.publish("rooms/cut", data);
    expect(await one.messages.count()).toBe(1);

    await one.page.getByRole("button", { name: /^Mend it now/ }).click();
    await one.recovery.getByText(/^Reconnected after .*: 3 missed messages recovered\.$/).waitFor();
    await one.recovery.getByText("rooms/cut #2 to #4").waitFor();
    await one.recovery.getByText("stories/5 keeps no history").waitFor();
    const recovered = one.messages.filter({ hasText: "recovered" });
    expect(await recovered.locator(".offset").allTextContents()).toEqual(["#4", "#3", "#2"]);
    expect(await recovered.locator("pre").allTextContents()).toEqual(["3", "2", "1"]);
    await other
      .subscription("rooms/cut")
      .getByText(/joined at/)
      .waitFor();
    expect(await other.present("rooms/cut").count()).toBe(2);

    // What is published from now on is late no more.
    await other.publish("rooms/cut", '"after"');
    await one.messages.filter({ hasText: "after" }).waitFor();
    expect(await one.messages.filter({ hasText: "recovered" }).count()).toBe(3);
    await one.page.getByRole("button", { name: "Dismiss" }).last().click();
    expect(await one.recovery.isVisible()).toBe(false);
  });

  it("shows a channel's history among what arrived since", async () => {
    const one = await open();
    await one.state("connected");
    for (const data of ['"first"', '"second"']) await one.publish("rooms/kept", data);
    await one.subscribed("rooms/kept");
    await one.publish("rooms/kept", '"third"');
    await one.messages.filter({ hasText: "third" }).waitFor();
    // Twice is once.
    for (let times = 0; times < 2; times++) {
      await one.page.getByRole("button", { name: "Show the history of rooms/kept" }).click();
      await one.subscription("rooms/kept").getByText("Its newest 3 are shown").waitFor();
      expect(await one.messages.locator("pre").allTextContents()).toEqual(['"third"', '"second"', '"first"']);
      await one.subscription("rooms/kept").getByText("Show", { exact: true }).waitFor();
    }
    expect(await one.messages.filter({ hasText: "earlier" }).count()).toBe(2);
  });

  it("unsubscribes", async () => {
    const tab = await open("?channel=stories/5");
    await tab.subscription("stories/5").getByText("subscribed").waitFor();
    await tab.page.getByRole("button", { name: "Unsubscribe from stories/5" }).click();
    await tab.page.getByText("No subscriptions yet.").waitFor();
    await tab.publish("stories/5", '"to nobody"');
    expect(await tab.messages.count()).toBe(0);
  });

  it("says what is wrong with what was typed, at the field", async () => {
    const tab = await open();
    const { page } = tab;
    await tab.state("connected");
    await page.getByLabel("Channel to subscribe to").fill("/meta/x");
    await page.getByLabel("Channel to subscribe to").press("Enter");
    await page.getByText("/meta and what is below it is reserved.").waitFor();
    await tab.credentials("{");
    await page.locator("summary").filter({ hasText: "Credentials" }).click();
    await page.getByRole("button", { name: "Reconnect" }).click();
    await page
      .locator("#credentials-error")
      .getByText(/^This is not JSON/)
      .waitFor();
    expect(await page.getByLabel("Credentials").getAttribute("aria-invalid")).toBe("true");
    await page.getByLabel("Credentials").fill(JSON.stringify("ë".repeat(10)));
    await page.getByText("22 / 4,096 bytes").waitFor();
  });

  it("works without a mouse", async () => {
    const tab = await open();
    const { page } = tab;
    await tab.state("connected");
    const walkTo = (name: string): Promise<void> => tab.walkTo(name, (passed) => expect(passed.outline).toBe("solid"));
    await walkTo("Controls");
    await walkTo("Dismiss");
    await walkTo("WebSocket URL");
    await walkTo("Credentials");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.type('"me"');
    await page.getByText("4 / 4,096 bytes").waitFor();
    await walkTo("Channel to subscribe to");
    await page.keyboard.type("stories/5");
    await page.keyboard.press("Enter");
    await tab.subscription("stories/5").getByText("subscribed").waitFor();
    await walkTo("Unsubscribe from stories/5");
    await walkTo("Channel");
    await walkTo("Data");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type('"by keyboard"');
    await page.keyboard.press("Control+Enter");
    await tab.messages.filter({ hasText: "by keyboard" }).waitFor();
    await walkTo("Pause");
    await walkTo("Received messages");
    await walkTo("Wire");
    await page.keyboard.press("ArrowRight");
    await page.getByRole("tabpanel", { name: /State/ }).getByText("The server accepted this agent.").waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.getByRole("tabpanel", { name: /Wire/ }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Copy this frame" }).waitFor();
  });

  it("fits a phone, whatever it shows", async () => {
    const tab = await open();
    await tab.page.setViewportSize({ width: 360, height: 740 });
    await tab.state("connected");
    const long = `a/${"very-long-channel-name".repeat(5)}`;
    await tab.subscribed(long);
    await tab.publish(long, JSON.stringify({ text: "x".repeat(400), list: Array.from({ length: 30 }, (_, n) => n) }));
    await tab.messages.first().waitFor();
    for (const name of [/Wire/, /State/, /Server/]) {
      await tab.page.getByRole("tab", { name }).click();
      const [page, window] = await tab.widths();
      expect(page).toBe(window);
    }
    await tab.page.getByRole("link", { name: /Messages/ }).click();
    expect(await tab.messages.first().isVisible()).toBe(true);
  });

  it("opens without push-it-cli dev's facts, and waits for a URL", async () => {
    await context.route("**/_push-it/info", (route) => route.fulfill({ status: 404 }));
    const tab = await ConsolePage.open(context, dev.consoleUrl);
    await tab.page.getByText("Not connected yet.").waitFor();
    await tab.connect();
    await tab.page.getByText(/Its URL begins with wss:/).waitFor();
    await tab.page.getByLabel("WebSocket URL").fill(dev.websocketUrl);
    await tab.page.keyboard.press("Enter");
    await tab.state("connected");
  });

  it("remembers a URL where told to, and nothing else", async () => {
    const tab = await open();
    await tab.state("connected");
    await tab.connect('{"token":"planted-secret"}');
    await tab.state("connected");
    const stored = () =>
      tab.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]));
    expect(await stored()).not.toMatch(/planted-secret|live/);
    await tab.page.getByLabel("Remember it").check();
    expect(await stored()).toContain(dev.websocketUrl);
    expect(await stored()).not.toContain("planted-secret");
  });
});
