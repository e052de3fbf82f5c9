import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { Wire } from "../../e2e/support/wire.js";
import { launch, type Launched } from "./support.js";

/** Inside the package, so that the app's `push-it-aws` is this one. */
const FOLDERS = resolve(__dirname, "../../../.push-it");

const FILES = {
  "cdk.json": JSON.stringify({ app: "npx tsx app.ts" }),
  "app.ts": `
    import { App, Duration, Stack } from "aws-cdk-lib";
    import { Guards, PushIt } from "push-it-aws";
    import { NAME } from "./shared/name";
    const stack = new Stack(new App(), NAME);
    // The test's machine may be busy.
    const timeouts = { onSubscriptionRequest: Duration.seconds(8) };
    new PushIt(stack, "PushIt", { guards: Guards.fromModule("guards.ts", { bundling: { define: { ANSWER: "42" } } }), timeouts });
  `,
  "shared/name.ts": 'export const NAME = "App";',
  "shared/word.ts": 'export const WORD = "first";',
  "guards.ts": [
    'import { WORD } from "./shared/word";',
    "declare const ANSWER: number;",
    "export default {",
    "  onSubscriptionRequest(channel: any, agent: any) {",
    '    if (channel.name === "boom") throw new Error("the word is boom");',
    "    agent.subscriptionDenied(channel, WORD + ANSWER);",
    "  },",
    "};",
  ].join("\n"),
  "web/src/page.ts": "",
  "docs/page.md": "",
};

let folder: string;
let dev: Launched;
let wire: Wire;

const write = (name: string, text: string): void => {
  mkdirSync(resolve(folder, name, ".."), { recursive: true });
  writeFileSync(join(folder, name), text);
};

/** Waits until the terminal shows something after what it has shown before. */
const shown = async (text: string | RegExp, from = 0): Promise<string> => {
  for (;;) {
    const since = dev.output.stderr.slice(from);
    if (typeof text === "string" ? since.includes(text) : text.test(since)) return since;
    if (dev.child.exitCode !== null) throw new Error(dev.output.stderr);
    const waiting = new AbortController();
    const { signal } = waiting;
    const either = [once(dev.child.stderr!, "data", { signal }), once(dev.child, "close", { signal })];
    await Promise.race(either);
    waiting.abort();
    await Promise.allSettled(either);
  }
};

/** Changes a file, and waits for what the terminal says of it. */
const edit = async (name: string, text: string, expected: string | RegExp): Promise<string> => {
  const from = dev.output.stderr.length;
  write(name, text);
  return shown(expected, from);
};

beforeAll(async () => {
  mkdirSync(FOLDERS, { recursive: true });
  folder = mkdtempSync(join(FOLDERS, "guards-"));
  for (const [name, text] of Object.entries(FILES)) write(name, text);
  dev = launch(["dev", "--port", "0", "--json"], { cwd: folder });
  wire = await Wire.open((await dev.ready).websocketUrl);
  // The files of the guards are known a moment later.
  await edit("guards.ts", `${FILES["guards.ts"]}\n`, "The guard module is live");
});

afterAll(async () => {
  await wire?.close();
  dev?.child.kill("SIGTERM");
  if (dev && dev.child.exitCode === null) await once(dev.child, "close");
  rmSync(folder, { recursive: true, force: true });
});

test("a guard's exception is shown with its message and source position", async () => {
  const from = dev.output.stderr.length;
  expect(await wire.subscribe("boom")).toMatchObject({ successful: false, code: "guard_failed" });
  const since = await shown("the word is boom", from);
  expect(since).toContain("onSubscriptionRequest of boom threw:");
  expect(since).toMatch(/[( ]guards\.ts:5:\d+\)?\n/);
  expect(since).not.toMatch(/asset\.|guard-worker/);
});

test("an edit of guards is live and reported without a synthesis", async () => {
  expect(await wire.subscribe("a")).toMatchObject({ error: "first42" });
  const said = await edit("shared/word.ts", 'export const WORD = "second";', "The guard module is live");
  expect(said).toContain("shared/word.ts changed: bundling the guards …");
  expect(said).not.toContain("synthesizing");
  expect(await wire.subscribe("a")).toMatchObject({ error: "second42" });
});

test("what does not compile is shown, and what ran before goes on", async () => {
  const said = await edit("shared/word.ts", "export const WORD = ;", "What ran before goes on.");
  expect(said).toContain("shared/word.ts:1:20");
  expect(await wire.subscribe("a")).toMatchObject({ error: "second42" });
  await edit("shared/word.ts", 'export const WORD = "third";', "The guard module is live");
  expect(await wire.subscribe("a")).toMatchObject({ error: "third42" });
});

test("a guard module that cannot be loaded is shown with the reason", async () => {
  await edit(
    "shared/word.ts",
    'export const WORD: string = (() => { throw new Error("no word today"); })();',
    "The guard module is live",
  );
  const from = dev.output.stderr.length;
  expect(await wire.subscribe("a")).toMatchObject({ code: "guard_failed" });
  const since = await shown("no word today", from);
  expect(since).toContain("The guard module could not be loaded, so nothing is permitted:");
  expect(since).toMatch(/shared\/word\.ts:1:\d+/);
});

test("only a file of the app starts a synthesis, which is reported", async () => {
  const from = dev.output.stderr.length;
  write("web/src/page.ts", "export const page = 1;");
  write("web/src/other.ts", "export const other = 1;");
  write("docs/page.md", "# Page");
  // Changes are reported in order: if the others had counted, they would be named first.
  const said = await edit("shared/name.ts", 'export const NAME = "App"; // again', "The app is live");
  expect(said).toContain("shared/name.ts changed: synthesizing the app …");
  expect(dev.output.stderr.slice(from)).not.toMatch(/page|other\.ts/);
});
