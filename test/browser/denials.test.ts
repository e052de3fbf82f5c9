import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launchChromium } from "./chromium.js";
import { ConsolePage } from "./console-page.js";
import { Dev, ROOT } from "./dev.js";

jest.setTimeout(120_000);

const GUARDS = ["--guards", join(ROOT, "test/browser/guards.ts")];

describe("the console page of push-it-cli dev, with guards that deny", () => {
  let dev: Dev;
  let browser: Browser;
  let tab: ConsolePage;

  beforeAll(async () => {
    [dev, browser] = await Promise.all([Dev.start(...GUARDS), launchChromium()]);
  });

  afterAll(async () => {
    await Promise.all([browser?.close(), dev?.stop()]);
  });

  beforeEach(async () => {
    tab = await ConsolePage.open(await browser.newContext({ viewport: { width: 1280, height: 800 } }), dev.consoleUrl);
    await tab.page.getByLabel("Connection facts").getByText("guards.ts", { exact: true }).waitFor();
  });

  afterEach(async () => {
    expect(tab.complaints).toEqual([]);
    await tab.page.context().close();
  });

  it("waits with connecting, for credentials", async () => {
    expect(await tab.page.getByText("Not connected yet.").isVisible()).toBe(true);
    await tab.connect();
    await tab.state("connected");
  });

  it("shows why a connection is denied, hides credentials, and offers a retry", async () => {
    await tab.connect('{ "token": "expired" }');
    await tab.state("denied");
    const denial = tab.page.getByRole("alert").filter({ hasText: "This token has expired: sign in again." });
    await denial.getByText("denied", { exact: true }).waitFor();
    const handshake = tab.frames.filter({ hasText: "handshake" });
    await handshake.locator("summary").click();
    await handshake.getByText(/push-it\.credentials\.… \(26 characters of base64url, not shown\)/).waitFor();
    await tab.connect('{ "token": "good" }');
    await tab.state("connected");
    expect(await denial.isVisible()).toBe(false);
  });

  it("shows why a subscription is denied, at the subscription", async () => {
    await tab.connect();
    await tab.state("connected");
    await tab.subscribe("drafts/7");
    await tab.subscription("drafts/7").getByText("Only editors may read drafts.").waitFor();
    await tab.subscription("drafts/7").getByText("denied", { exact: true }).waitFor();
    await tab.page.getByRole("button", { name: "Forget drafts/7" }).click();
    expect(await tab.subscriptions.count()).toBe(0);
  });

  it("shows why a publication is denied, and that a guard failed", async () => {
    await tab.connect();
    await tab.state("connected");
    expect(await tab.publish("drafts/7", "1")).toMatch(/^denied Only editors may publish drafts\./);
    expect(await tab.publish("crash/now", "1")).toMatch(/^guard_failed /);
    expect(await tab.frames.filter({ hasText: "/meta/error denied: Only editors may publish drafts." }).count()).toBe(
      1,
    );
  });

  it("shows what the guard gave with its permission", async () => {
    await tab.connect();
    await tab.state("connected");
    expect(await tab.publish("receipts/1", "1")).toContain('{ "receipt": 7 }');
  });

  it("stays subscribed where a guard does not let go, and says why", async () => {
    await tab.connect();
    await tab.state("connected");
    await tab.subscribed("held/1");
    await tab.page.getByRole("button", { name: "Unsubscribe from held/1" }).click();
    await tab.subscription("held/1").getByText("You are on duty until six.").waitFor();
    await tab.subscription("held/1").getByText("subscribed").waitFor();
  });

  it("shows a subscription that a guard made unasked", async () => {
    await tab.connect();
    await tab.state("connected");
    await tab.subscribe("teams/red");
    await tab.subscription("teams/red").getByText("subscribed").waitFor();
    await tab.subscription("announcements").getByText("subscribed").waitFor();
  });

  // Last: it takes the system away from under the page.
  it("shows why a connection is lost, and reconnects with the stage", async () => {
    await tab.connect();
    await tab.state("connected");
    await tab.subscribed("stories/5");
    await dev.stop();
    await tab.state("connecting");
    await tab.page
      .locator("#state-reason")
      .getByText(/Next attempt in \d+ s\.|Trying again…/)
      .waitFor();
    await tab.subscription("stories/5").getByText("once connected").waitFor();
    await tab.page.getByRole("tab", { name: /State/ }).click();
    const states = tab.page.getByRole("tabpanel", { name: /State/ });
    await states.getByText("unreachable The stage cannot be reached").first().waitFor();
    dev = await Dev.start(...GUARDS, "--port", new URL(dev.consoleUrl).port);
    // Back online: the next attempt is made at once.
    await tab.page.evaluate(() => dispatchEvent(new Event("online")));
    await tab.state("connected");
    await tab.subscription("stories/5").getByText("subscribed").waitFor();
    // Until it is ready, a run answers 503 at its port.
    const others = tab.complaints.splice(0).filter((complaint) => !/ERR_CONNECTION_REFUSED|\b503\b/.test(complaint));
    expect(others).toEqual([]);
  });
});
