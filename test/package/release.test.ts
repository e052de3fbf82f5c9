import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSystem } from "../../local/assembly/read-system.js";
import type { SystemModel } from "../../local/assembly/model/system.js";

const root = join(__dirname, "../..");
/** The first release. Later versions are tested against it, so it stays. */
const FIRST = "0.2.0";
/** How many functions its construct has at most. */
const FUNCTIONS = 17;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "push-it-release-"));
  node(`import { unpackRelease } from "${join(root, "scripts/release.mjs")}"; unpackRelease("${FIRST}", "${folder}");`);
});

afterAll(() => rmSync(folder, { recursive: true }));

const node = (script: string): string =>
  execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });

const filesBelow = (below: string): string[] =>
  readdirSync(below, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );

const read = (name: string): SystemModel => readSystem(join(folder, "assembly"), { construct: `${name}/PushIt` }).model;

describe("the first release", () => {
  it("has the code of each function", () => {
    const { functions } = read("Everything");
    expect(functions).toHaveLength(FUNCTIONS);
    for (const { code } of functions) expect(existsSync(join(code, "index.mjs"))).toBe(true);
  });

  it.each(["Plain", "Everything"])("has a stack %s that runs locally, with its outputs", (name) => {
    const { tables, api, unrunnable, outputs } = read(name);
    expect(tables).toHaveLength(1);
    expect(Object.keys(api.routes)).toEqual(expect.arrayContaining(["$connect", "publish"]));
    expect(unrunnable).toEqual([]);
    const expected = [...(name === "Everything" ? ["PublishUrl"] : []), "Publisher", "Url"];
    expect(Object.keys(outputs).sort()).toEqual(expected);
  });

  it("does not say where it was made", () => {
    const texts = filesBelow(folder).map((file) => readFileSync(file, "utf8"));
    expect(texts.filter((text) => text.includes(root.replace(/\/$/, "")))).toEqual([]);
  });

  it("has a client that runs", () => {
    const client = join(folder, "client");
    const { exports } = JSON.parse(readFileSync(join(client, "package.json"), "utf8")) as {
      exports: Record<string, { import: { default: string } }>;
    };
    const output = node(`
      import { PushIt } from "${join(client, exports["."]!.import.default)}";
      console.log(new PushIt({ url: "wss://example.com/live", autoConnect: false }).state);
    `);
    expect(output.trim()).toBe("disconnected");
  });
});
