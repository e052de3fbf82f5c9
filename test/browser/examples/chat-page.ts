import type { RunningBrowser, Tab } from "../engines/engine.js";

/** A message as the page shows it. */
export interface ShownMessage {
  from: string;
  text: string;
  classes: string;
}

/** The page of a chat example in one tab, as its user sees it. */
export class ChatPage {
  private constructor(readonly tab: Tab) {}

  /** Opens it in a new tab. */
  static async open(browser: RunningBrowser, url: string): Promise<ChatPage> {
    return new ChatPage(await browser.open(url));
  }

  /** Signs in, and waits until the connection is there. */
  async signIn(name: string): Promise<void> {
    await this.#submit("name", name);
    await this.status("online");
  }

  /** Sends a message. */
  send(text: string): Promise<void> {
    return this.#submit("text", text);
  }

  /** Presses keys in the field for messages, without sending. */
  async type(text: string): Promise<void> {
    await this.#field("text");
    await this.tab.evaluate((value) => {
      const input = document.querySelector<HTMLInputElement>("input[name=text]")!;
      input.value = value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }, text);
  }

  /** Presses the button or link with a text. */
  async press(text: string): Promise<void> {
    const press = (label: string): boolean => {
      const button = [...document.querySelectorAll<HTMLElement>("button, a")].find((each) =>
        each.textContent.includes(label),
      );
      button?.click();
      return button !== undefined;
    };
    await this.tab.until(press, [text]);
  }

  /** Waits until the status of the connection is shown. */
  status(text: string, timeoutMs?: number): Promise<void> {
    const shows = (wanted: string): boolean =>
      document.querySelector("[role=status]")?.textContent.includes(wanted) ?? false;
    return this.tab.until(shows, [text], timeoutMs);
  }

  /** Waits until exactly these members are shown. */
  members(...names: string[]): Promise<void> {
    const shows = (...wanted: string[]): boolean => {
      const shown =
        document
          .querySelector(".members")
          ?.textContent.replace(/^Here: /, "")
          .split(", ") ?? [];
      return shown.sort().join() === wanted.sort().join();
    };
    return this.tab.until(shows, names);
  }

  /** Waits until the page shows a text. */
  shows(text: string, timeoutMs?: number): Promise<void> {
    return this.tab.until((wanted) => document.body.innerText.includes(wanted), [text], timeoutMs);
  }

  /** Waits until the page does not show a text. */
  hides(text: string): Promise<void> {
    return this.tab.until((wanted) => !document.body.innerText.includes(wanted), [text]);
  }

  /** Waits until a number of messages is shown, and gives them. */
  async messages(count: number, timeoutMs?: number): Promise<ShownMessage[]> {
    await this.tab.until(
      (wanted) => document.querySelectorAll(".scroll li:not(.pending)").length === wanted,
      [count],
      timeoutMs,
    );
    return this.tab.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>(".scroll li")].map((item) => ({
        from: item.querySelector("b")?.textContent ?? "",
        text: [...item.childNodes]
          .filter((node) => node.nodeType === Node.TEXT_NODE)
          .map((node) => node.textContent)
          .join("")
          .trim(),
        classes: item.className.trim(),
      })),
    );
  }

  /** Fills the form with a field, and submits it. */
  async #submit(field: string, value: string): Promise<void> {
    await this.#field(field);
    await this.tab.evaluate(
      (name, text) => {
        const input = document.querySelector<HTMLInputElement>(`input[name=${name}]`)!;
        input.value = text;
        input.dispatchEvent(new Event("input", { bubbles: true }));
        input.form!.requestSubmit();
      },
      field,
      value,
    );
  }

  #field(name: string): Promise<void> {
    return this.tab.until((field) => document.querySelector(`input[name=${field}]`) !== null, [name]);
  }
}
