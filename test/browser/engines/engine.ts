/** The engines that the suite knows. */
export type EngineName = "chromium" | "firefox" | "webkit";

/** A browser engine, as this machine has it. */
export interface Engine {
  /** Its name in the tests' titles. */
  readonly name: EngineName;
  /** Gives the command that installs the engine, if this machine does not have it. */
  missing(): string | undefined;
  /** Starts a browser with a profile of its own, which is gone with it. */
  launch(): Promise<RunningBrowser>;
}

/** A browser that runs. */
export interface RunningBrowser {
  /** Its product and version, as it names itself. */
  readonly version: string;
  /** Opens a page in a new tab and waits until it is loaded. All tabs share their storage. */
  open(url: string): Promise<Tab>;
  /** Ends the browser with its tabs and its helper processes. */
  close(): Promise<void>;
}

/** Values that can be passed to a page. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined };

/** A function that runs in a page: it sees its arguments and the page's globals, and nothing else. */
export type InPage<Arguments extends Json[], Result> = (...args: Arguments) => Result | Promise<Result>;

/** How long one look at a page may last. Some drivers do one thing at a time, and other tabs want their turn. */
const LOOK = 250;

/** How long to wait for a page, if the test says nothing else. */
const TIMEOUT_MS = 30_000;

/** One tab. */
export abstract class Tab {
  /** Loads another page and waits until it is loaded. */
  abstract goto(url: string): Promise<void>;

  /** Loads the page again and waits until it is loaded. */
  abstract reload(): Promise<void>;

  /** Goes back to the page before, as the back button does, and waits until it is there. */
  abstract back(): Promise<void>;

  /** Closes the tab. */
  abstract close(): Promise<void>;

  /**
   * Takes the network away from the browser, or gives it back. Pages get an event, and open connections stay open.
   * Absent if the driver cannot.
   */
  setOffline?(offline: boolean): Promise<void>;

  /** Freezes the page, as a browser does in the background, or wakes it up. Absent if the driver cannot. */
  setFrozen?(frozen: boolean): Promise<void>;

  /** Evaluates an expression in the page, and waits for the promise if that is what it gives. */
  protected abstract run<Result>(expression: string): Promise<Result>;

  /**
   * Calls a function in the page.
   * @throws Error with what the function threw
   */
  evaluate<Arguments extends Json[], Result>(call: InPage<Arguments, Result>, ...args: Arguments): Promise<Result> {
    return this.run(callOf(call, args));
  }

  /**
   * Waits until a condition holds in the page. It is looked at whenever the document has changed.
   * @throws Error with the condition and what the page shows, if that takes longer than `timeoutMs` milliseconds
   */
  async until<Arguments extends Json[]>(
    holds: InPage<Arguments, boolean>,
    args: Arguments,
    timeoutMs = TIMEOUT_MS,
  ): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (!(await this.run<boolean>(`(${String(watch)})(() => ${callOf(holds, args)}, ${LOOK})`))) {
      if (Date.now() < end) continue;
      const shown = await this.evaluate(() => document.body.innerText);
      throw new Error(`the page does not come to ${callOf(holds, args).replace(/\s+/g, " ")}; it shows:\n${shown}`);
    }
  }
}

/** Runs in the page: waits for a condition, at most for a while, and gives whether it holds. */
const watch = (holds: () => boolean | Promise<boolean>, most: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const end = (held: boolean): void => {
      observer.disconnect();
      clearTimeout(timer);
      resolve(held);
    };
    const look = async (): Promise<void> => {
      if (await holds()) end(true);
    };
    const observer = new MutationObserver(() => void look().catch(reject));
    const timer = setTimeout(() => end(false), most);
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    look().catch(reject);
  });

const callOf = (call: (...args: never[]) => unknown, args: readonly Json[]): string =>
  `(${String(call)})(...${JSON.stringify(args)})`;
