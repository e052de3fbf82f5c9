import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodePath, resolveFrom } from "../../../local/core/packages.js";
import { newFolder, removeFolders } from "../assembly/support.js";

afterEach(removeFolders);

describe("a module is found", () => {
  test("in the project first", () => {
    const project = newFolder();
    mkdirSync(join(project, "node_modules/esbuild"), { recursive: true });
    writeFileSync(join(project, "node_modules/esbuild/index.js"), "");
    expect(resolveFrom(project, "esbuild")).toBe(join(project, "node_modules/esbuild/index.js"));
  });

  test("next to this package if the project has none", () => {
    expect(resolveFrom(newFolder(), "esbuild")).toContain("node_modules/esbuild");
  });

  test("nowhere, if it is installed nowhere", () => {
    expect(resolveFrom(newFolder(), "no-such-package-anywhere")).toBeUndefined();
  });
});

test("a project's own packages come first, this package's own come last", () => {
  const [first, ...rest] = nodePath("/a/b").split(":/node_modules:");
  expect(first).toBe("/a/b/node_modules:/a/node_modules");
  expect(rest.join()).toContain(join(__dirname, "../../../node_modules"));
});
