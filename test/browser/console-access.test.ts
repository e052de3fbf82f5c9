import { ConsolePage } from "./console-page.js";
import { ConsoleSite } from "./console-site.js";

jest.setTimeout(120_000);

describe("the console page for its users", () => {
  const site = ConsoleSite.forSuite();

  it("works without a mouse", async () => {
    const tab = await site.open();
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
    const tab = await site.open();
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
    await site.context.route("**/_push-it/info", (route) => route.fulfill({ status: 404 }));
    const tab = await ConsolePage.open(site.context, site.dev.consoleUrl);
    await tab.page.getByText("Not connected yet.").waitFor();
    await tab.connect();
    await tab.page.getByText(/Its URL begins with wss:/).waitFor();
    await tab.page.getByLabel("WebSocket URL").fill(site.dev.websocketUrl);
    await tab.page.keyboard.press("Enter");
    await tab.state("connected");
  });

  it("remembers only a URL, if the user chose that", async () => {
    const tab = await site.open();
    await tab.state("connected");
    await tab.connect('{"token":"planted-secret"}');
    await tab.state("connected");
    const stored = () =>
      tab.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]));
    expect(await stored()).not.toMatch(/planted-secret|live/);
    await tab.page.getByLabel("Remember it").check();
    expect(await stored()).toContain(site.dev.websocketUrl);
    expect(await stored()).not.toContain("planted-secret");
  });
});
