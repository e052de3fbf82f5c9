import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { runInNewContext } from "node:vm";
import { brotliCompressSync } from "node:zlib";
import WebSocket from "ws";
import type { PushIt } from "push-it-client";
import { Bench } from "./support/setup.js";

/** The largest size of the script for a page without a bundler, in bytes, compressed with brotli as by a CDN. */
const SCRIPT_LIMIT = 14.4 * 1024;

const bench = Bench.use();
const run = promisify(execFile);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "push-it-client-"));
  execFileSync(process.execPath, [join(__dirname, "support/build-client.mjs"), folder]);
});

afterAll(() => rmSync(folder, { recursive: true }));

const text = (file: string): string => readFileSync(join(folder, "client", file), "utf8");

describe("an application", () => {
  it("of the smaller SDK does not contain the larger one's features", () => {
    for (const word of ['"presentChannels"', '"visibilitychange"', '"securitypolicyviolation"']) {
      expect(text("index-application.mjs")).toContain(word);
      expect(text("core-application.mjs")).not.toContain(word);
    }
  });

  it("needs no other package", () => {
    for (const file of ["index-application.mjs", "core-application.mjs"]) {
      expect(text(file)).not.toMatch(/\bimport\b|\brequire\b/);
      expect(text(file)).toMatch(/export ?\{[^}]*\};?\s*$/);
    }
  });
});

/** The JSON that a program prints. */
const printed = async (program: string, flags: string[] = []): Promise<unknown> => {
  const { stdout } = await run(process.execPath, [...flags, "-e", program], { cwd: join(folder, "client") });
  return JSON.parse(stdout);
};

describe("both SDKs in one program", () => {
  const SAME = "console.log(all.PushItError === core.PushItError && all.PushIt !== core.PushIt)";

  it.each([
    [
      "ES modules",
      `const [all, core] = await Promise.all([import("./esm/index.js"), import("./esm/core.js")]); ${SAME}`,
      "module",
    ],
    ["CommonJS", `const all = require("./cjs/index.js"), core = require("./cjs/core.js"); ${SAME}`, "commonjs"],
  ])("throw errors of one class, as %s", async (_kind, program, type) => {
    expect(await printed(program, [`--input-type=${type}`])).toBe(true);
  });
});

describe("the source maps", () => {
  it.each(["esm", "cjs"])("lead from an error to its line in the source: %s", async (kind) => {
    const stack = await printed(
      `import("./${kind}/index.js").then(({ PushIt }) => {
        class WebSocket { constructor() { throw new Error("here"); } }
        new PushIt({ url: "ws://127.0.0.1:1", WebSocket }).channel("a").publish("x".repeat(40_000)).catch(({ stack }) => { console.log(JSON.stringify(stack)); process.exit(); });
      })`,
      ["--enable-source-maps"],
    );
    const [, file = "", line] = /\((.*\/client\/src\/[^:]+\.ts):(\d+):\d+\)/.exec(String(stack)) ?? [];
    const [, path = ""] = /\/(client\/src\/.*)$/.exec(file) ?? [];
    const source = readFileSync(join(__dirname, "../..", path), "utf8").split("\n");
    expect(source[Number(line) - 1]).toContain("PushItError");
  });
});

/** The flags with which this Node has a WebSocket: from 22 on it has one without. */
const OWN_SOCKET =
  "WebSocket" in globalThis || Number(process.versions.node.split(".")[0]) >= 22 ? [] : ["--experimental-websocket"];

/** Runs the scenario in a process of its own, with the server echoing one message. */
const scenario = async (flags: string[], file: string, ...library: string[]) => {
  const script = join(__dirname, "support/scenario.mjs");
  const running = run(process.execPath, [...flags, script, join(folder, "client", file), bench.server.url, ...library]);
  const peer = await bench.server.peers.take();
  await peer.frames.find(({ action }) => action === "publish");
  peer.send({ channel: "a", uuid: "u", data: { n: 0 } });
  const sent = await peer.frames.find(({ action }) => action === "send");
  const { stdout } = await running;
  return { outcome: JSON.parse(stdout) as unknown, protocols: peer.protocols, sent };
};

const OUTCOME = {
  received: { channel: "a", uuid: "u", data: { n: 0 }, payload: { n: 0 } },
  looped: { n: 0 },
  published: ["uuid", "result"],
  refused: [true, "PushItError", "too_large", false],
  isChannel: true,
  states: ["connecting connect", "connected connected"],
};

describe("the modules", () => {
  it.each(["esm/index.js", "esm/core.js", "cjs/index.js", "cjs/core.js", "index-application.mjs"])(
    "run on Node with the ws package's class: %s",
    async (file) => {
      const { outcome, protocols, sent } = await scenario([], file, require.resolve("ws"));
      expect(outcome).toEqual(OUTCOME);
      expect(protocols).toHaveLength(4);
      expect(sent).toMatchObject({ action: "send", data: 2 });
    },
  );

  it("run with the runtime's own WebSocket", async () => {
    const { outcome } = await scenario(OWN_SOCKET, "esm/index.js");
    expect(outcome).toEqual(OUTCOME);
  });
});

/** Runs a program with a server that accepts every client, and returns its output. */
const ran = async (program: string, flags: string[] = []) => {
  const { stdout, stderr } = await run(process.execPath, [...flags, "-e", program], {
    cwd: join(folder, "client"),
    env: { ...process.env, URL_OF_STAGE: bench.server.url, NODE_OPTIONS: "", NODE_NO_WARNINGS: "" },
  });
  return { stdout, stderr };
};

/** If a process has not ended after 5 seconds, it prints the resources that keep it alive. */
const WATCH =
  'setTimeout(() => { console.log("still there: " + process.getActiveResourcesInfo()); process.exit(); }, 5_000).unref();';
const CONNECT = `const { PushIt } = require("./cjs/index.js"); const url = process.env.URL_OF_STAGE;`;
const WS = `const WebSocket = require(${JSON.stringify(require.resolve("ws"))});`;

describe("on Node", () => {
  it("a client with times without end prints no warning", async () => {
    const { stdout, stderr } = await ran(
      `${CONNECT} ${WS} const pushIt = new PushIt({ url, WebSocket, timeout: Infinity, pingInterval: Infinity, pingTimeout: Infinity, suspectAfter: Infinity, connectionLifetime: Infinity });
       pushIt.channel("a").publish(1).then(() => { console.log("published"); pushIt.disconnect(); });`,
    );
    expect([stdout, stderr]).toEqual(["published\n", ""]);
  });

  it("a client that has disconnected lets the process end", async () => {
    const { stdout } = await ran(
      `${CONNECT} ${WS} const pushIt = new PushIt({ url, WebSocket, channels: ["a"] });
       pushIt.on("subscribed", () => { pushIt.disconnect(); ${WATCH} });`,
    );
    expect(stdout).toBe("");
  });

  it("a connected client keeps the process alive", async () => {
    const { stdout } = await ran(
      `${CONNECT} ${WS} const pushIt = new PushIt({ url, WebSocket });
       pushIt.on("state", ({ state }) => state === "connected" && setTimeout(() => { console.log("alive"); process.exit(); }, 500).unref());`,
    );
    expect(stdout).toBe("alive\n");
  });

  it.each([
    ["without", []],
    ["with", OWN_SOCKET],
  ])("a rendering server %s its own WebSocket does not connect and ends", async (_what, flags) => {
    const { stdout, stderr } = await ran(
      `${CONNECT} ${WATCH} const pushIt = new PushIt({ url, channels: ["a"] }); pushIt.channel("b").subscribe(); console.log(pushIt.state);`,
      flags,
    );
    expect([stdout, stderr.replace(/.*ExperimentalWarning.*\n.*\n/, "")]).toEqual(["disconnected\n", ""]);
    expect(bench.server.peers.all).toEqual([]);
  });

  it("without a WebSocket, connect() explains which option to pass", async () => {
    // Node 20 has none; a newer one is made to have none.
    const { stdout } = await ran(
      `delete globalThis.WebSocket; ${CONNECT} try { new PushIt({ url }).connect(); } catch (error) { console.log(error.message); }`,
    );
    expect(stdout).toBe(
      'This runtime has no WebSocket. Pass a class as the option "WebSocket", for example from the package "ws".\n',
    );
  });
});

describe("the script", () => {
  it(`weighs at most ${SCRIPT_LIMIT} bytes`, () => {
    expect(brotliCompressSync(text("push-it.iife.js")).length).toBeLessThanOrEqual(SCRIPT_LIMIT);
  });

  it("defines the global PushIt, and uses the page's platform", async () => {
    const page = {
      window: {},
      WebSocket,
      AbortController,
      btoa,
      crypto,
      queueMicrotask,
      setTimeout,
      clearTimeout,
    } as unknown as { PushIt: typeof PushIt };
    const before = Object.keys(page);
    runInNewContext(text("push-it.iife.js"), page);
    expect(Object.keys(page)).toEqual([...before, "PushIt"]);
    // The other classes are on it.
    const { Channel, PushItError } = page.PushIt as unknown as Record<string, unknown>;
    expect([typeof Channel, typeof PushItError]).toEqual(["function", "function"]);
    const pushIt = new page.PushIt({ url: bench.server.url });
    await new Promise((resolve) => pushIt.on("state", ({ state }) => state === "connected" && resolve(state)));
    await pushIt.channel("a").publish(1);
    pushIt.disconnect();
    expect((await bench.server.peers.take()).texts).toHaveLength(1);
  });
});
