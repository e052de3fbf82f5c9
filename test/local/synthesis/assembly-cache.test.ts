import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AssemblyCache } from "../../../local/synthesis/assembly-cache.js";
import type { SynthesisInputs } from "../../../local/synthesis/inputs.js";

const root = mkdtempSync(join(tmpdir(), "push-it-cache-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** When files were written, long before the synthesis. */
const BEFORE = new Date("2026-01-01T00:00:00Z");

let projects = 0;

/** An app that was synthesized and stored, and its cache. */
const stored = () => {
  const project = join(root, `app-${(projects += 1)}`);
  const at = (...names: string[]): string => join(project, ...names);
  const write = (path: string, text: string, time = BEFORE): void => {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
    utimesSync(path, time, time);
  };
  write(at("cdk.json"), "{}");
  write(at("app.ts"), "new App();");
  write(at("assets", "page", "index.html"), "<p>Hello</p>");
  write(at("node_modules", ".package-lock.json"), "{}");
  write(at("out", "manifest.json"), "assembly");
  const inputs: SynthesisInputs = {
    files: new Set([at("app.ts"), at("cdk.json"), at("cdk.context.json")]),
    folders: new Set([at("assets")]),
    code: new Set([at("app.ts")]),
  };
  const cache = new AssemblyCache(project, "tool");
  cache.store(at("out"), inputs, Date.now());
  return {
    project,
    at,
    write,
    inputs,
    cache,
    taken: (tool = "tool") => new AssemblyCache(project, tool).take(at("taken")),
  };
};

test("an unchanged app reuses its assembly, with its inputs", () => {
  const { at, inputs, taken } = stored();
  expect(taken()).toEqual(inputs);
  expect(readFileSync(at("taken", "manifest.json"), "utf8")).toBe("assembly");
});

type App = ReturnType<typeof stored>;

test.each<[what: string, change: (app: App) => void]>([
  ["a file of the app", ({ at, write }) => write(at("app.ts"), "new App({});")],
  ["a file that was not there", ({ at, write }) => write(at("cdk.context.json"), "{}")],
  ["a source that no Node process has read", ({ at, write }) => write(at("src", "deep", "other.ts"), "export {};")],
  ["an asset's file", ({ at, write }) => write(at("assets", "page", "index.html"), "<p>Hullo</p>", new Date())],
  ["a new file of an asset", ({ at, write }) => write(at("assets", "page", "b.html"), "")],
  ["a file of an asset that is gone", ({ at }) => rmSync(at("assets", "page", "index.html"))],
  ["the installed packages", ({ at, write }) => write(at("node_modules", ".package-lock.json"), '{"packages":{}}')],
])("%s changes: the app is synthesized again", (_, change) => {
  const app = stored();
  change(app);
  expect(app.taken()).toBeUndefined();
  expect(existsSync(app.at("taken"))).toBe(false);
});

test("another build of the command, or another environment, synthesizes again", () => {
  const { taken } = stored();
  expect(taken("other tool")).toBeUndefined();
  process.env["STAGE"] = "test";
  try {
    expect(taken()).toBeUndefined();
  } finally {
    delete process.env["STAGE"];
  }
  expect(taken()).toBeDefined();
});

test("another window of the same shell does not", () => {
  const { taken } = stored();
  const level = process.env["SHLVL"];
  process.env["SHLVL"] = "9";
  expect(taken()).toBeDefined();
  if (level === undefined) delete process.env["SHLVL"];
  else process.env["SHLVL"] = level;
});

test("what changed while the app was synthesized is not stored", () => {
  const { at, write, cache, inputs, taken } = stored();
  write(at("app.ts"), "new App({ a: 1 });", new Date());
  cache.store(at("out"), inputs, Date.now() - 60_000);
  expect(taken()).toBeUndefined();
});

test("a note that is broken counts as none", () => {
  const { at, taken } = stored();
  const folder = at("node_modules", ".cache", "push-it-cli");
  writeFileSync(join(folder, readdirSync(folder)[0]!, "inputs.json"), "{");
  expect(taken()).toBeUndefined();
});

test("a project without packages has no assembly", () => {
  const { at, project, cache, inputs } = stored();
  rmSync(at("node_modules"), { recursive: true });
  new AssemblyCache(project, "tool").store(at("out"), inputs, Date.now());
  expect(cache.take(at("taken"))).toBeUndefined();
  expect(existsSync(at("node_modules"))).toBe(false);
});
