import type { RunningBrowser, Tab } from "./engines/engine.js";
import type { Beginning, Site } from "./site.js";

/** What the page defines, for the functions that run in it. */
declare const app: {
  subscribe(channel: string): Promise<void>;
  publish(channel: string, data: string): Promise<void>;
  pushIt: { connect(with_?: { credentials?: unknown }): void };
};

/** Something that the page shows among its events. */
export interface Happening {
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
  state(state: "disconnected" | "connecting" | "connected" | "denied", patience?: number): Promise<void> {
    return this.tab.until((text) => document.getElementById("state")!.textContent === text, [state], patience);
  }

  /** Waits until an event is shown whose text begins so, and gives the first such. */
  async shows(beginning: string, patience?: number): Promise<Happening> {
    await this.tab.until(
      (text) => [...document.querySelectorAll("#events li")].some((item) => item.textContent?.startsWith(text)),
      [beginning],
      patience,
    );
    return (await this.happenings()).find(({ text }) => text.startsWith(beginning))!;
  }

  /** Everything that the page shows among its events. */
  happenings(): Promise<Happening[]> {
    return this.tab.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("#events li")].map(({ textContent, dataset }) => ({
        text: textContent.trim(),
        at: Number(dataset["at"]),
        retryIn: Number(dataset["retryIn"]),
      })),
    );
  }

  /** Takes away the events that are shown, so that what is shown next is new. */
  forgetHappenings(): Promise<void> {
    return this.tab.evaluate(() => document.getElementById("events")!.replaceChildren());
  }

  /** Waits until at least so many messages are shown, and gives all. */
  async messages(least = 0, patience?: number): Promise<string[]> {
    await this.tab.until((count) => document.querySelectorAll("#messages li").length >= count, [least], patience);
    return this.tab.evaluate(() =>
      [...document.querySelectorAll("#messages li")].map(({ textContent }) => textContent ?? ""),
    );
  }

  /** Subscribes, and waits for what became of it. */
  subscribe(channel: string): Promise<void> {
    return this.tab.evaluate((name) => app.subscribe(name), channel);
  }

  /** Publishes, one after the other, and waits for what became of each. */
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
