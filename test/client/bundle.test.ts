import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { runInNewContext } from "node:vm";
import { brotliCompressSync } from "node:zlib";
import WebSocket from "ws";
import type { PushIt } from "../../client/src/index.js";
import { Bench } from "./support/setup.js";

/** What each bundle may weigh, in bytes, brotli-compressed as a CDN serves it; `core.mjs` is without history and presence. */
const LIMITS: [file: string, bytes: number][] = [
  ["index.mjs", 5_200],
  ["push-it.iife.js", 5_200],
  ["core.mjs", 3.5 * 1024],
];

const bench = Bench.use();
const run = promisify(execFile);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "push-it-client-"));
  execFileSync(process.execPath, [join(__dirname, "support/build-client.mjs"), folder]);
});

afterAll(() => rmSync(folder, { recursive: true }));

const text = (file: string): string => readFileSync(join(folder, file), "utf8");

describe("the bundles", () => {
  it.each(LIMITS)("%s weighs at most %d bytes", (file, limit) => {
    expect(brotliCompressSync(text(file)).length).toBeLessThanOrEqual(limit);
  });

  it("leave out of the smaller one what it does not do", () => {
    for (const word of ["/meta/presence", '"history"', "push-it.session"]) {
      expect(text("index.mjs")).toContain(word);
      expect(text("core.mjs")).not.toContain(word);
    }
  });

  it("depend on nothing", () => {
    for (const file of ["index.mjs", "core.mjs"]) {
      expect(text(file)).not.toMatch(/\bimport\b|\brequire\b/);
      expect(text(file)).toMatch(/export ?\{[^}]*\};?\s*$/);
    }
  });
});

/** Runs the scenario in a process of its own, with the server echoing one message. */
const scenario = async (flags: string[], file: string, ...library: string[]) => {
  const script = join(__dirname, "support/scenario.mjs");
  const running = run(process.execPath, [...flags, script, join(folder, file), bench.server.url, ...library]);
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

describe("the ES module", () => {
  it.each([["index.mjs", 4], ["core.mjs", 3]])("runs on Node with the ws package's class: %s", async (file, offered) => {
    const { outcome, protocols, sent } = await scenario([], file, require.resolve("ws"));
    expect(outcome).toEqual(OUTCOME);
    expect(protocols).toHaveLength(offered);
    expect(sent).toMatchObject({ action: "send", data: 2 });
  });

  it("runs with the runtime's own WebSocket", async () => {
    // Node has it without a flag from 22 on.
    const flags = "WebSocket" in globalThis || Number(process.versions.node.split(".")[0]) >= 22 ? [] : ["--experimental-websocket"];
    const { outcome } = await scenario(flags, "index.mjs");
    expect(outcome).toEqual(OUTCOME);
  });
});

describe("the script", () => {
  it("defines the global PushIt, and takes the world from the page", async () => {
    const page = {
      WebSocket,
      AbortController,
      TextEncoder,
      btoa,
      crypto,
      queueMicrotask,
      setTimeout,
      clearTimeout,
    } as unknown as { PushIt: typeof PushIt };
    const before = Object.keys(page);
    runInNewContext(text("push-it.iife.js"), page);
    expect(Object.keys(page)).toEqual([...before, "PushIt"]);
    const pushIt = new page.PushIt({ url: bench.server.url });
    await new Promise((resolve) => pushIt.on("state", ({ state }) => state === "connected" && resolve(state)));
    await pushIt.channel("a").publish(1);
    pushIt.disconnect();
    expect((await bench.server.peers.take()).texts).toHaveLength(1);
  });
});
