// .ci/run runs this file on the Node of the machine, and on the Node that is deployed.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { COMMON_JS, Consumer, ES_MODULES, EXPECTED } from "./packed.js";

describe(`Node ${process.version}`, () => {
  test("imports the SDK as ES modules", () => {
    expect(new Consumer("node-import", ES_MODULES).node(["main.mjs"])).toBe(EXPECTED);
  });

  test("requires the SDK as CommonJS", () => {
    expect(new Consumer("node-require", COMMON_JS).node(["main.cjs"])).toBe(EXPECTED);
  });
});

describe("a server that renders pages", () => {
  /** Reports a process that stays alive after its work. */
  const CLOCK = `
    const startedAt = performance.now();
    process.once("exit", () => performance.now() - startedAt > 2_000 && console.error("It took more than 2 s to end."));
  `;
  /** Notes each WebSocket that is opened: not every Node has a class of its own, and no network is needed. */
  const SPY = `${CLOCK}
    import { appendFileSync } from "node:fs";
    globalThis.WebSocket = class { constructor(url) { appendFileSync("opened.txt", url + "\\n"); process.emit("opened"); } };
  `;

  /** Runs a module to its end, and reports how it ended. */
  const render = (text: string, runtime = SPY): { status: number | null; stderr: string; opened: string } => {
    const app = new Consumer("server", { "runtime.mjs": runtime, "main.mjs": text });
    const args = ["--import", "./runtime.mjs", "main.mjs"];
    // The SDK's own timeouts are longer: none of them can be what ends the process.
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: app.folder,
      encoding: "utf8",
      timeout: 20_000,
    });
    const noted = join(app.folder, "opened.txt");
    return { status, stderr, opened: existsSync(noted) ? readFileSync(noted, "utf8") : "" };
  };

  const MODULE = `
    import { PushIt } from "push-it-client";
    export const pushIt = new PushIt({ url: "wss://example.com/live", channels: ["news"] });
  `;
  const ENDED_ALONE = { status: 0, stderr: "", opened: "" };

  test("opens no socket when a module makes a client, and ends", () => {
    expect(render(MODULE)).toEqual(ENDED_ALONE);
  });

  test("neither when it subscribes, listens, publishes and loops", () => {
    const busy = `${MODULE}
      const chat = pushIt.channel("chat");
      chat.subscribe();
      chat.on("message", () => {});
      pushIt.subscribe("more");
      pushIt.send({ channel: "chat", data: 1 });
      chat.publish(1).catch(() => {});
      (async () => { for await (const message of chat) console.error(message); })();
    `;
    expect(render(busy)).toEqual(ENDED_ALONE);
  });

  test("has no need of a WebSocket class", () => {
    expect(render(`${MODULE}pushIt.channel("chat").subscribe();`, `${CLOCK}delete globalThis.WebSocket;`)).toEqual(
      ENDED_ALONE,
    );
  });

  test("opens a socket when it says connect()", () => {
    expect(render(`${MODULE}process.once("opened", () => process.exit()); pushIt.connect();`)).toEqual({
      ...ENDED_ALONE,
      opened: "wss://example.com/live\n",
    });
  });
});
