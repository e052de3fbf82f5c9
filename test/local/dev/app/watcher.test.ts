import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isSource, sourceFolders } from "../../../../local/synthesis/source-files.js";
import { Watcher } from "../../../../local/dev/app/watcher.js";
import { until } from "../support.js";

let folder: string;
let watcher: Watcher;
let changes: string[][];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watch-test-"));
  changes = [];
  watcher = new Watcher((paths) => changes.push(paths));
  for (const each of ["infra/deep", "node_modules/x", "cdk.out", ".git"])
    mkdirSync(join(folder, each), { recursive: true });
});

afterEach(() => {
  watcher.close();
  rmSync(folder, { recursive: true });
});

const write = (file: string) => writeFileSync(join(folder, file), String(Math.random()));

/** Long enough for the watcher to report a change that counts. */
const QUIET_MS = 400;

describe("a project's sources", () => {
  test("count in every folder, and simultaneous changes are reported together", async () => {
    watcher.watch(sourceFolders(folder), isSource);
    write("infra/deep/app.ts");
    write("cdk.json");
    await until(() => changes.length > 0);
    await sleep(QUIET_MS);
    expect(changes).toHaveLength(1);
    expect([...changes[0]!].sort()).toEqual([join(folder, "cdk.json"), join(folder, "infra/deep/app.ts")]);
  });

  test("exclude packages, output, hidden folders, compiled files and other kinds", async () => {
    write("infra/app.ts");
    watcher.watch(sourceFolders(folder), isSource);
    for (const file of [
      "node_modules/x/a.js",
      "cdk.out/a.json",
      ".git/a.js",
      "infra/app.js",
      "infra/app.d.ts",
      "a.css",
    ])
      write(file);
    await sleep(QUIET_MS);
    expect(changes).toEqual([]);
    write("infra/plain.js");
    await until(() => changes.length === 1);
  });
});

test("single files count, and only those, also when an editor replaces them", async () => {
  write("a.ts");
  watcher.watch([folder], (path) => path === join(folder, "a.ts"));
  write("b.ts");
  await sleep(QUIET_MS);
  expect(changes).toEqual([]);
  rmSync(join(folder, "a.ts"));
  write("a.ts");
  await until(() => changes.length === 1);
});
