import type { BrowserContext, Locator, Page } from "playwright-core";

/** The console page in one tab, as its user sees it: by labels and roles. */
export class ConsolePage {
  /** Errors of the page, what its content security policy stopped, and requests to strangers. */
  readonly complaints: string[] = [];

  constructor(readonly page: Page) {
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(message.text());
    });
    page.on("request", (request) => {
      if (new URL(request.url()).hostname !== "127.0.0.1") this.complaints.push(`request to ${request.url()}`);
    });
  }

  static async open(context: BrowserContext, url: string): Promise<ConsolePage> {
    const opened = new ConsolePage(await context.newPage());
    await opened.page.goto(url);
    return opened;
  }

  /** Waits for a state of the connection. */
  state(state: "disconnected" | "connecting" | "connected" | "denied"): Promise<void> {
    return this.page.locator(`body[data-state="${state}"]`).waitFor();
  }

  get subscriptions(): Locator {
    return this.page.getByRole("list", { name: "Subscriptions" }).getByRole("listitem");
  }

  /** The row of one subscription. */
  subscription(channel: string): Locator {
    return this.subscriptions.filter({ has: this.page.getByText(channel, { exact: true }) });
  }

  get messages(): Locator {
    return this.page.locator("#message-list > li");
  }

  get frames(): Locator {
    return this.page.locator("#wire-list > li");
  }

  /** The page's notice about a lost connection. */
  get recovery(): Locator {
    return this.page.locator("#recovery");
  }

  /** The members of a channel: `you`, and others by the beginning of their ids. */
  present(channel: string): Locator {
    return this.subscription(channel).getByRole("list", { name: "Present" }).locator(".person");
  }

  get result(): Locator {
    return this.page.locator("#publish-result");
  }

  async connect(credentials?: string): Promise<void> {
    if (credentials !== undefined) await this.credentials(credentials);
    await this.page.getByRole("button", { name: /^(Connect|Reconnect)$/ }).click();
  }

  /** Types credentials, which are folded away where everybody may connect. */
  async credentials(json: string): Promise<void> {
    const field = this.page.getByLabel("Credentials");
    if (!(await field.isVisible())) await this.page.locator("summary").filter({ hasText: "Credentials" }).click();
    await field.fill(json);
  }

  async subscribe(channel: string): Promise<void> {
    await this.page.getByLabel("Channel to subscribe to").fill(channel);
    await this.page.getByRole("button", { name: "Subscribe", exact: true }).click();
  }

  /** Subscribes, and waits until the server has acknowledged it. */
  async subscribed(channel: string): Promise<void> {
    await this.subscribe(channel);
    await this.subscription(channel).getByText("subscribed").waitFor();
  }

  /** Publishes, and waits for what became of it. */
  async publish(channel: string, data: string): Promise<string> {
    await this.page.getByLabel("Channel", { exact: true }).fill(channel);
    await this.page.getByLabel("Data", { exact: true }).fill(data);
    const before = await this.result.getByText(/^[\w-]{22}/).allTextContents();
    await this.page.getByRole("button", { name: "Publish", exact: true }).click();
    await this.result
      .getByText(/^[\w-]{22}/)
      .filter({ hasNotText: before[0] ?? "no result yet" })
      .waitFor();
    return (await this.result.textContent()) ?? "";
  }

  /**
   * Walks on with the Tab key to the element with a name.
   * @param passed sees everything that has the focus on the way, with its outline as it is drawn
   */
  async walkTo(name: string, passed: (focused: { name: string; outline: string }) => void): Promise<void> {
    for (let step = 0; step < MOST_STEPS; step++) {
      await this.page.keyboard.press("Tab");
      const focused = await this.page.evaluate(describeFocus);
      passed(focused);
      if (focused.name.startsWith(name)) return;
    }
    throw new Error(`Tab does not reach ${name}`);
  }

  /** The widest thing on the page, against the window: `[page, window]` in CSS pixels. */
  widths(): Promise<[number, number]> {
    return this.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  }
}

/** More than the page has stops. */
const MOST_STEPS = 40;

/** Runs in the page. The element next to a switch's radio button draws the switch. */
const describeFocus = (): { name: string; outline: string } => {
  const element = document.activeElement as HTMLInputElement;
  const name = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent ?? "";
  const drawn = element.name === "format" ? element.nextElementSibling! : element;
  return { name: name.replace(/\s+/g, " ").trim(), outline: getComputedStyle(drawn).outlineStyle };
};
