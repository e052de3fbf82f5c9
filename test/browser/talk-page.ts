import type { RunningBrowser, Tab } from "./engines/engine.js";
import type { Beginning, Site } from "./site.js";

/** The page's definitions, for the functions that run in it. */
declare const app: {
  subscribe(channel: string): Promise<void>;
  publish(channel: string, data: string): Promise<void>;
  pushIt: { connect(with_?: { credentials?: unknown }): void };
};

/** Something that the page shows among its events. */
export interface PageEvent {
  /** For a change of state: `state code reason`. */
  text: string;
  /** When it happened, by the page's clock. */
  at: number;
  /** For a failed attempt: in how many milliseconds the next one follows. */
  retryIn: number;
}

/** The page talk.html in one tab, as its user sees it. */
export class TalkPage {
  private constructor(readonly tab: Tab) {}

  /** Opens it in a new tab, and waits until it shows that it is subscribed to its channels. */
  static async open(browser: RunningBrowser, site: Site, beginning: Beginning): Promise<TalkPage> {
    const page = new TalkPage(await browser.open(site.page(beginning)));
    for (const channel of beginning.channels ?? []) await page.shows(`subscribed ${channel}`);
    return page;
  }

  /** Waits until the connection is in a state. */
  state(state: "disconnected" | "connecting" | "connected" | "denied", timeoutMs?: number): Promise<void> {
    return this.tab.until((text) => document.getElementById("state")!.textContent === text, [state], timeoutMs);
  }

  /** Waits until an event is shown whose text begins so, and gives the first such. */
  async shows(beginning: string, timeoutMs?: number): Promise<PageEvent> {
    await this.tab.until(
      (text) => [...document.querySelectorAll("#events li")].some((item) => item.textContent?.startsWith(text)),
      [beginning],
      timeoutMs,
    );
    return (await this.events()).find(({ text }) => text.startsWith(beginning))!;
  }

  /** Everything that the page shows among its events. */
  events(): Promise<PageEvent[]> {
    return this.tab.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("#events li")].map(({ textContent, dataset }) => ({
        text: textContent.trim(),
        at: Number(dataset["at"]),
        retryIn: Number(dataset["retryIn"]),
      })),
    );
  }

  /** Removes the shown events, so that all later ones are new. */
  clearEvents(): Promise<void> {
    return this.tab.evaluate(() => document.getElementById("events")!.replaceChildren());
  }

  /** Waits until at least so many messages are shown, and gives all. */
  async messages(least = 0, timeoutMs?: number): Promise<string[]> {
    await this.tab.until((count) => document.querySelectorAll("#messages li").length >= count, [least], timeoutMs);
    return this.tab.evaluate(() =>
      [...document.querySelectorAll("#messages li")].map(({ textContent }) => textContent ?? ""),
    );
  }

  /** Subscribes, and waits for the result. */
  subscribe(channel: string): Promise<void> {
    return this.tab.evaluate((name) => app.subscribe(name), channel);
  }

  /** Publishes, one after the other, and waits for each result. */
  publish(channel: string, ...data: string[]): Promise<void> {
    return this.tab.evaluate(
      async (name, texts) => {
        for (const text of texts) await app.publish(name, text);
      },
      channel,
      data,
    );
  }

  /** Publishes without waiting. */
  publishUnawaited(channel: string, data: string): Promise<void> {
    return this.tab.evaluate(
      (name, text) => {
        void app.publish(name, text);
      },
      channel,
      data,
    );
  }

  /** Connects with these credentials. */
  connect(credentials: { token: string }): Promise<void> {
    return this.tab.evaluate((token) => app.pushIt.connect({ credentials: { token } }), credentials.token);
  }
}

/** Texts from a number to another. */
export const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => String(from + at));
