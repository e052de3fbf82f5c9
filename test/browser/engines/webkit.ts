import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { type Engine, type RunningBrowser, Tab } from "./engine.js";
import { environment } from "./environment.js";
import { WebDriverSession } from "./webdriver.js";

const DRIVER = "/usr/bin/WebKitWebDriver";
const DISPLAY = "/usr/bin/Xvfb";

const LIBRARIES = "/usr/lib";

/** The browser that comes with the library, in a folder whose name has the machine's architecture. */
const miniBrowser = (): string | undefined =>
  (existsSync(LIBRARIES) ? readdirSync(LIBRARIES) : [])
    .flatMap((folder) => ["4.1", "4.0"].map((version) => join(LIBRARIES, folder, `webkit2gtk-${version}/MiniBrowser`)))
    .find((path) => existsSync(path));

/** WebKitGTK of Debian, which is Safari's engine. It runs by WebDriver over HTTP, on a virtual display. */
export const webkit: Engine = {
  name: "webkit",
  missing: () =>
    existsSync(DRIVER) && existsSync(DISPLAY) && miniBrowser() !== undefined
      ? undefined
      : "apt-get install -y --no-install-recommends webkit2gtk-driver xvfb",
  launch: async () => {
    const started: ChildProcess[] = [];
    const home = mkdtempSync(join(tmpdir(), "push-it-webkit-"));
    const cleanUp = async (): Promise<void> => {
      for (const child of started.reverse()) await ended(child);
      // The last to end may still be writing there.
      rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    };
    try {
      const display = await startDisplay(started);
      const server = await startDriver(started, surroundings(home, display));
      const session = await WebDriverSession.begin(server, {
        "webkitgtk:browserOptions": { binary: miniBrowser(), args: ["--automation"] },
      });
      const { browserName, browserVersion } = session.capabilities;
      return {
        version: `WebKitGTK ${String(browserVersion)} (${String(browserName)})`,
        open: async (url) => {
          const tab = new WebKitTab(session, await session.newWindow());
          await tab.goto(url);
          return tab;
        },
        close: async () => {
          await session.end().catch(() => undefined);
          await cleanUp();
        },
      } satisfies RunningBrowser;
    } catch (error) {
      await cleanUp();
      throw error;
    }
  },
};

class WebKitTab extends Tab {
  constructor(
    private readonly session: WebDriverSession,
    private readonly window: string,
  ) {
    super();
  }

  goto(url: string): Promise<void> {
    return this.session.goto(this.window, url);
  }

  reload(): Promise<void> {
    return this.session.reload(this.window);
  }

  back(): Promise<void> {
    return this.session.back(this.window);
  }

  close(): Promise<void> {
    return this.session.closeWindow(this.window);
  }

  protected run<Result>(expression: string): Promise<Result> {
    return this.session.evaluate(this.window, expression);
  }
}

/** The browser's environment: an empty home, a screen without a graphics card, no desktop. */
const surroundings = (home: string, display: string): Record<string, string> =>
  environment({
    DISPLAY: display,
    HOME: home,
    XDG_RUNTIME_DIR: home,
    XDG_CACHE_HOME: join(home, "cache"),
    XDG_DATA_HOME: join(home, "data"),
    XDG_CONFIG_HOME: join(home, "config"),
    GDK_BACKEND: "x11",
    GTK_A11Y: "none",
    NO_AT_BRIDGE: "1",
    GIO_USE_VFS: "local",
    GSETTINGS_BACKEND: "memory",
    LIBGL_ALWAYS_SOFTWARE: "1",
    WEBKIT_DISABLE_DMABUF_RENDERER: "1",
    // Its sandbox cannot be had by root, and the pages are the test's own.
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
  });

/** Starts a display and gives its name, once it is there. */
const startDisplay = async (started: ChildProcess[]): Promise<string> => {
  const child = spawn(DISPLAY, ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "pipe", "ignore"],
    env: environment(),
  });
  started.push(child);
  const [number] = (await Promise.race([
    once(createInterface(child.stdout), "line"),
    once(child, "exit").then(() => [undefined]),
  ])) as [string | undefined];
  if (number === undefined) throw new Error("Xvfb has ended before it had a display");
  return `:${number}`;
};

/** Starts the driver on a free port and gives its address, once it answers. */
const startDriver = async (started: ChildProcess[], env: Record<string, string>): Promise<string> => {
  const port = await freePort();
  const child = spawn(DRIVER, [`--port=${port}`, "--host=127.0.0.1"], { stdio: "ignore", env });
  started.push(child);
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`WebKitWebDriver has ended with ${child.exitCode}`);
    await sleep(50);
  }
  return `http://127.0.0.1:${port}`;
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });

/** Ends a process, and waits until it has. */
const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
};
