/** The capabilities of a new WebDriver session. */
export type Capabilities = Record<string, unknown>;

/** How long a function in a page may take, and a page to load: as long as a test. */
const TIMEOUT_MS = 240_000;

/** Hands a script's result, or what it threw, to the callback that WebDriver adds to the arguments. */
const wrapped = (expression: string): string => `
  const done = arguments[arguments.length - 1];
  Promise.resolve().then(() => ${expression}).then(
    (value) => done({ value }),
    (error) => done({ thrown: String(error) }),
  );
`;

/** A session of a W3C WebDriver, over HTTP. It does one thing at a time, so its commands wait for each other. */
export class WebDriverSession {
  #last: Promise<unknown> = Promise.resolve();
  /** The tab that commands are for. */
  #handle: string | undefined;

  private constructor(
    private readonly url: string,
    /** The window that the session began with: it stays, because with the last window the session would end. */
    private readonly first: string,
    /** The browser's name and version. */
    readonly capabilities: Capabilities,
  ) {}

  /** Begins a session. */
  static async begin(server: string, capabilities: Capabilities): Promise<WebDriverSession> {
    const asked = {
      capabilities: { alwaysMatch: { ...capabilities, timeouts: { script: TIMEOUT_MS, pageLoad: TIMEOUT_MS } } },
    };
    const begun = await command<{ sessionId: string; capabilities: Capabilities }>("POST", `${server}/session`, asked);
    const url = `${server}/session/${begun.sessionId}`;
    return new WebDriverSession(url, await command<string>("GET", `${url}/window`), begun.capabilities);
  }

  /** Makes a window, and gives what it is called. */
  newWindow(): Promise<string> {
    return this.#in(
      this.first,
      async () => (await this.#post<{ handle: string }>("/window/new", { type: "window" })).handle,
    );
  }

  /** Loads a page. */
  goto(window: string, url: string): Promise<void> {
    return this.#in(window, () => this.#post("/url", { url }));
  }

  /** Loads the page again. */
  reload(window: string): Promise<void> {
    return this.#in(window, () => this.#post("/refresh", {}));
  }

  /** Goes back in the window's history. */
  back(window: string): Promise<void> {
    return this.#in(window, () => this.#post("/back", {}));
  }

  /** Evaluates an expression, and waits for the promise if it is one. */
  evaluate<Result>(window: string, expression: string): Promise<Result> {
    return this.#in(window, async () => {
      const script = { script: wrapped(expression), args: [] };
      const { value, thrown } = await this.#post<{ value: Result; thrown?: string }>("/execute/async", script);
      if (thrown !== undefined) throw new Error(thrown);
      return value;
    });
  }

  /** Closes a window. */
  closeWindow(window: string): Promise<void> {
    return this.#in(window, async () => {
      this.#handle = undefined;
      await command("DELETE", `${this.url}/window`);
    });
  }

  /** Ends the session, and the browser with it. */
  end(): Promise<void> {
    return this.#next(() => command("DELETE", this.url));
  }

  #in<Result>(window: string, run: () => Promise<Result>): Promise<Result> {
    return this.#next(async () => {
      if (this.#handle !== window) await this.#post("/window", { handle: window });
      this.#handle = window;
      return run();
    });
  }

  #next<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => undefined);
    return result;
  }

  #post<Result>(path: string, body: unknown): Promise<Result> {
    return command("POST", this.url + path, body);
  }
}

const command = async <Result>(method: string, url: string, body?: unknown): Promise<Result> => {
  const response = await fetch(url, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const { value } = (await response.json()) as { value: Result & { error?: string; message?: string } };
  if (!response.ok) throw new Error(`WebDriver: ${value.error}: ${value.message}`);
  return value;
};
