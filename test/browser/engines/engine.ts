/** The engines that the suite knows. */
export type EngineName = "chromium" | "firefox" | "webkit";

/** A browser engine of this machine, and what its driver can do. */
export interface Engine {
  /** Its name in the tests' titles. */
  readonly name: EngineName;
  /** Gives what to install when this machine has not got the engine. */
  missing(): string | undefined;
  /** Starts a browser with a profile of its own, which is gone with it. */
  launch(): Promise<RunningBrowser>;
}

/** A browser that runs. */
export interface RunningBrowser {
  /** Its product and version, as it names itself. */
  readonly version: string;
  /** Opens a page in a new tab and waits until it is loaded. All tabs share cookies and storage. */
  open(url: string): Promise<Tab>;
  /** Ends the browser, its tabs, and what was started for it. */
  close(): Promise<void>;
}

/** One tab. */
export interface Tab {
  /** Loads another page and waits until it is loaded. */
  goto(url: string): Promise<void>;
  /** Loads the page again and waits until it is loaded. */
  reload(): Promise<void>;
  /**
   * Runs a function in the page, and waits for the promise if it gives one.
   * @param run sees nothing but its arguments and the page's globals
   * @throws Error with what the function threw
   */
  evaluate<Result, Arguments extends Json[]>(
    run: (...args: Arguments) => Result | Promise<Result>,
    ...args: Arguments
  ): Promise<Result>;
  /** Closes it, as its user does. */
  close(): Promise<void>;
  /**
   * Takes the browser's network away, or gives it back: the page is told by an event. Absent where the driver cannot.
   */
  setOffline?(offline: boolean): Promise<void>;
  /**
   * Freezes the page as a browser does with what has long been in the background, or wakes it up. Absent where the driver
   * cannot.
   */
  setFrozen?(frozen: boolean): Promise<void>;
}

/** What can be handed to a page. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A call of a function as text, for a page to evaluate. */
export const callOf = (run: (...args: never[]) => unknown, args: readonly Json[]): string =>
  `(${String(run)})(...${JSON.stringify(args)})`;
