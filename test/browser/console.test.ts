import { Wire } from "../e2e/support/wire.js";
import { ConsoleSite } from "./console-site.js";

jest.setTimeout(120_000);

describe("the console page of push-it-cli dev, without guards", () => {
  const site = ConsoleSite.forSuite();

  it("connects by itself, and shows the URL", async () => {
    const tab = await site.open();
    const { page } = tab;
    await tab.state("connected");
    expect(await page.getByLabel("WebSocket URL").inputValue()).toBe(site.dev.websocketUrl);
    await page.getByText("none: open to everyone").first().waitFor();
    await page
      .getByLabel("Connection facts")
      .getByText(/^[\w-]{22}$/)
      .waitFor();
    expect(await page.title()).toBe("Push-It console · connected");
  });

  it("shows in both tabs what one publishes", async () => {
    const [one, other] = [await site.open(), await site.open()];
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

  it("takes the first steps when the user presses the button", async () => {
    const one = await site.open();
    await one.state("connected");
    const [popup] = await Promise.all([
      site.context.waitForEvent("page"),
      one.page.getByRole("button", { name: "Open a second tab" }).click(),
    ]);
    const other = site.watch(popup);
    await other.subscription("rooms/5").getByText("subscribed").waitFor();
    await one.subscription("rooms/5").getByText("subscribed").waitFor();
    await other.page.getByRole("button", { name: "Publish", exact: true }).click();
    await one.messages.filter({ hasText: "Hello" }).waitFor();
    expect(await one.page.getByLabel("First steps").isVisible()).toBe(false);
  });

  it("shows the frames on the wire, and their contents", async () => {
    const tab = await site.open();
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

  it("publishes text as it is, and without an echo if chosen", async () => {
    const [one, other] = [await site.open(), await site.open()];
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

  it("shows any data of other clients as text", async () => {
    const tab = await site.open();
    await tab.state("connected");
    await tab.subscribed("stories/5");
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    await tab.publish("stories/5", JSON.stringify({ [hostile]: hostile }));
    await tab.messages.filter({ hasText: "<img src=x" }).waitFor();
    await tab.frames.filter({ hasText: "publish stories/5" }).locator("summary").click();
    expect(await tab.page.locator("main img, main script").count()).toBe(0);
  });

  it("pauses, filters and clears the messages", async () => {
    const tab = await site.open("?channel=a/1");
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
    const tab = await site.open("?channel=stories/5");
    await tab.subscription("stories/5").getByText("subscribed").waitFor();
    // From so many agents that none of them is over the rate of publications.
    const publishers = await Promise.all(Array.from({ length: 4 }, () => Wire.open(site.dev.websocketUrl)));
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

  it("recovers missed messages in order after a cut, and shows presence", async () => {
    const [one, other] = [await site.open(), await site.open()];
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

    // Messages from now on are no longer late.
    await other.publish("rooms/cut", '"after"');
    await one.messages.filter({ hasText: "after" }).waitFor();
    expect(await one.messages.filter({ hasText: "recovered" }).count()).toBe(3);
    await one.page.getByRole("button", { name: "Dismiss" }).last().click();
    expect(await one.recovery.isVisible()).toBe(false);
  });

  it("shows a channel's history among what arrived since", async () => {
    const one = await site.open();
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
    const tab = await site.open("?channel=stories/5");
    await tab.subscription("stories/5").getByText("subscribed").waitFor();
    await tab.page.getByRole("button", { name: "Unsubscribe from stories/5" }).click();
    await tab.page.getByText("No subscriptions yet.").waitFor();
    await tab.publish("stories/5", '"to nobody"');
    expect(await tab.messages.count()).toBe(0);
  });

  it("shows the error of an input at its field", async () => {
    const tab = await site.open();
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
});
