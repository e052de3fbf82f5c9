import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { TestSystem } from "../e2e/support/system.js";
import { launchChromium } from "./chromium.js";
import { Cuttable } from "./cuttable.js";
import { SDK_SCRIPT } from "./sdk.js";

jest.setTimeout(240_000);

const GUARDS = `
  export default {
    onConnectionRequest: (agent) => agent.connected(),
    onSubscriptionRequest: (channel, agent) => agent.subscribe(channel),
    onPublicationRequest(channel, agent, message) {
      channel.publish(message);
      agent.publicationSuccess(message);
    },
  };
`;

/** Shows each message in a list, and begins at its stored position. Its title says that it is subscribed. */
const PAGE = `<!doctype html><title>…</title><ol></ol><script>/*SDK*/</script><script>
  const { port, name } = Object.fromEntries(new URLSearchParams(location.search));
  const pushIt = new PushIt({ url: "ws://127.0.0.1:" + port + "/STAGE", retryBase: 200 });
  const channel = pushIt.channel(name);
  const stored = localStorage.getItem(name);
  channel.on("message", ({ data, epoch, offset }) => {
    document.querySelector("ol").append(Object.assign(document.createElement("li"), { textContent: data }));
    localStorage.setItem(name, JSON.stringify({ epoch, offset }));
  });
  channel.on("subscribed", ({ recovered }) => (document.title = "subscribed " + recovered));
  const publish = async (from, to) => {
    for (let number = from; number <= to; number++) await channel.publish(number);
  };
  // How long the page stood still, at the longest.
  let stood = 0, last = Date.now();
  setInterval(() => { stood = Math.max(stood, Date.now() - last); last = Date.now(); }, 250);
  channel.subscribe(stored ? { since: JSON.parse(stored) } : {});
</script>`;

/** The page's definitions, for the functions that run in it. */
declare const publish: (from: number, to: number) => Promise<void>;
declare const stood: number;

const MESSAGES = Array.from({ length: 50 }, (_, at) => String(at + 1));

describe("a tab on a channel with history", () => {
  let system: TestSystem;
  let browser: Browser;
  /** Another one, whose pages can be frozen without those of the first. */
  let freezable: Browser;
  let stage: URL;

  beforeAll(async () => {
    [system, browser, freezable] = await Promise.all([
      TestSystem.start({ guards: GUARDS, props: { channels: { "kept/*": { history: {} } } } }),
      launchChromium(),
      launchChromium(),
    ]);
    stage = new URL(system.running.websocketUrl);
  });

  afterAll(async () => {
    await browser?.close();
    await freezable?.close();
    await system?.close();
  });

  /** A tab in a browser of its own, which reaches the stage through `port`. */
  const open = async (
    name: string,
    port = stage.port,
    where = browser,
  ): Promise<{ context: BrowserContext; page: Page }> => {
    const context = await where.newContext();
    const sdk = readFileSync(SDK_SCRIPT, "utf8");
    const body = PAGE.replace("/*SDK*/", () => sdk).replace("/STAGE", stage.pathname);
    await context.route("http://app.test/**", (route) => route.fulfill({ contentType: "text/html", body }));
    const page = await context.newPage();
    await page.goto(`http://app.test/?port=${port}&name=${name}`);
    await subscribed(page);
    return { context, page };
  };

  const subscribed = (page: Page): Promise<unknown> =>
    page.waitForFunction(() => document.title.startsWith("subscribed"), undefined, { timeout: 60_000 });
  const shown = (page: Page): Promise<string[]> => page.locator("li").allTextContents();
  const shows = (page: Page, count: number): Promise<unknown> =>
    page.waitForFunction((least) => document.querySelectorAll("li").length >= least, count, { timeout: 60_000 });

  /** The processes in which a browser's pages run. */
  const renderersOf = async (where: Browser): Promise<number[]> => {
    const session = await where.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  };

  // Together: they mostly wait.
  it("shows all messages once, in order, after offline, reload or freeze", async () => {
    const offline = async (): Promise<void> => {
      const way = await Cuttable.to(Number(stage.port));
      const [tab, other] = await Promise.all([open("kept/offline", String(way.port)), open("kept/offline")]);
      const back = sleep(20_000);
      await tab.context.setOffline(true);
      way.cut();
      await other.page.evaluate(() => publish(1, 50));
      await back;
      expect([way.open, await shown(tab.page)]).toEqual([0, []]);
      way.mend();
      await tab.context.setOffline(false);
      await shows(tab.page, 50);
      await other.page.evaluate(() => publish(51, 51));
      await shows(tab.page, 51);
      expect(await shown(tab.page)).toEqual([...MESSAGES, "51"]);
      expect(await tab.page.title()).toBe("subscribed true");
      await way.close();
    };

    const reloaded = async (): Promise<void> => {
      const [tab, other] = await Promise.all([open("kept/reloaded"), open("kept/reloaded")]);
      await other.page.evaluate(() => publish(1, 20));
      await shows(tab.page, 20);
      const before = await shown(tab.page);
      await tab.page.goto("about:blank");
      await other.page.evaluate(() => publish(21, 40));
      await tab.page.goBack();
      await subscribed(tab.page);
      await other.page.evaluate(() => publish(41, 50));
      await shows(tab.page, 30);
      expect([...before, ...(await shown(tab.page))]).toEqual(MESSAGES);
    };

    const frozen = async (): Promise<void> => {
      const [tab, other] = await Promise.all([open("kept/frozen", stage.port, freezable), open("kept/frozen")]);
      await other.page.evaluate(() => publish(1, 10));
      await shows(tab.page, 10);
      // Stops the page's process, as an operating system does with background processes.
      const renderers = await renderersOf(freezable);
      expect(renderers.length).toBeGreaterThan(0);
      const thaw = sleep(60_000);
      for (const id of renderers) process.kill(id, "SIGSTOP");
      await other.page.evaluate(() => publish(11, 50));
      await thaw;
      for (const id of renderers) process.kill(id, "SIGCONT");
      await shows(tab.page, 50);
      await other.page.evaluate(() => publish(51, 51));
      await shows(tab.page, 51);
      expect(await shown(tab.page)).toEqual([...MESSAGES, "51"]);
      expect(await tab.page.evaluate(() => stood)).toBeGreaterThan(50_000);
    };

    await Promise.all([offline(), reloaded(), frozen()]);
  });
});
