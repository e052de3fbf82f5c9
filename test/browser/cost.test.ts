import type { Browser } from "playwright-core";
import { launchChromium } from "./chromium.js";
import { ConsolePage } from "./console-page.js";
import { Dev } from "./dev.js";

jest.setTimeout(120_000);

describe("the console page of push-it-cli dev --meter", () => {
  let dev: Dev;
  let browser: Browser;

  beforeAll(async () => {
    [dev, browser] = await Promise.all([Dev.start("--meter"), launchChromium()]);
  });

  afterAll(async () => {
    await Promise.all([browser?.close(), dev?.stop()]);
  });

  it("shows what AWS would bill, live", async () => {
    const tab = await ConsolePage.open(await browser.newContext(), dev.consoleUrl);
    await tab.state("connected");
    await tab.page.getByRole("tab", { name: "Cost" }).click();
    const row = (what: string) => tab.page.getByRole("row").filter({ hasText: what });
    await row("API Gateway connection minutes").waitFor();
    await row("together").waitFor();
    expect(await row("per million deliveries").count()).toBe(0);
    await tab.subscribed("stories/5");
    await tab.publish("stories/5", "1");
    await row("per million deliveries").getByText("$").waitFor();
    await row("DynamoDB write units").waitFor();
    expect(tab.complaints).toEqual([]);
  });
});
