import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { ROOT } from "../processes.js";
import { commandOf, Consumer } from "./packed.js";

/** The compilers, by the folders that this repository has them in: the oldest, the last of version 5, ours, the newest. */
const COMPILERS = { "5.4": "typescript-5.4", "5.9": "typescript-5.9", "6": "typescript", "7": "typescript-7" };

type Version = keyof typeof COMPILERS;

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noUnusedLocals: true,
  noEmit: true,
  target: "es2022",
  lib: ["es2022", "dom"],
  // The SDK works without the types of Node.
  types: [],
};

/** Each fixture, under the ending that makes it CommonJS or an ES module. */
const FIXTURES = [
  "web-app",
  "core-app",
  "react-app",
  "vue-app",
  "svelte-app",
  "views-app",
  "testing-app",
  "server-app",
];

/** Compiles an application with what its tsconfig.json says; gives the files that it read. Throws what does not compile. */
const compileIn = (app: Consumer, version: Version): string[] => {
  const tsc = commandOf(`${COMPILERS[version]}/bin/tsc`);
  const { status, stdout } = spawnSync(process.execPath, [tsc, "--pretty", "false", "--listFiles"], {
    cwd: app.folder,
    encoding: "utf8",
    timeout: 240_000,
  });
  const lines = stdout.split("\n");
  const isFile = (line: string): boolean => /^\/\S+\.[cm]?ts$/.test(line);
  if (status !== 0) throw new Error(lines.filter((line) => !isFile(line)).join("\n"));
  return lines.filter(isFile);
};

/** Compiles the fixtures as a consumer does; gives the declarations of the packages that it read. */
const compile = (version: Version, compilerOptions: object, endings: string[]): string[] => {
  const app = new Consumer(`types-${version}`);
  for (const fixture of FIXTURES) for (const ending of endings) app.copy(`${fixture}.ts`, `${fixture}.${ending}`);
  app.write("tsconfig.json", JSON.stringify({ compilerOptions: { ...STRICT, ...compilerOptions }, include: ["*"] }));
  return compileIn(app, version).flatMap((file) => /\/node_modules\/(push-it-.*)$/.exec(file)?.slice(1) ?? []);
};

/** The declarations of the entries, as one kind of module. */
const entries = (kind: "cjs" | "esm"): string[] => [
  `push-it-client/dist/${kind}/types/client/src/index.d.ts`,
  `push-it-client/dist/${kind}/types/client/src/core.d.ts`,
  `push-it-client/dist/${kind}/types/client/src/channels.d.ts`,
  ...["react", "vue", "svelte", "views", "testing"].map(
    (binding) => `push-it-client/dist/${kind}/types/client/src/${binding}/index.d.ts`,
  ),
  `push-it-server/dist/${kind}/types/server/guards/index.d.ts`,
  `push-it-server/dist/${kind}/types/server/publisher/index.d.ts`,
];

const entriesIn = (files: string[]): string[] =>
  files
    .filter((file) =>
      /\/(src|react|vue|svelte|views|testing|guards|publisher)\/(index|core|channels)\.d\.ts$/.test(file),
    )
    .sort();

describe.each(["5.4", "5.9", "6"] as const)("TypeScript %s, moduleResolution node10", (version) => {
  test("compiles every export, and refuses what it should", () => {
    const deprecated = version === "6" ? { ignoreDeprecations: "6.0" } : {};
    const files = compile(version, { module: "commonjs", moduleResolution: "node10", ...deprecated }, ["ts"]);
    expect(entriesIn(files)).toEqual(entries("cjs").sort());
  });
});

describe.each(["5.4", "7"] as const)("TypeScript %s", (version) => {
  test.each(["node16", "nodenext"])(
    "compiles every export with moduleResolution %s, in CommonJS and in ES modules",
    (resolution) => {
      const files = compile(version, { module: resolution, moduleResolution: resolution }, ["cts", "mts"]);
      expect(entriesIn(files)).toEqual([...entries("cjs"), ...entries("esm")].sort());
    },
  );

  test("compiles every export with moduleResolution bundler", () => {
    const files = compile(version, { module: "esnext", moduleResolution: "bundler" }, ["ts"]);
    expect(entriesIn(files)).toEqual(entries("esm").sort());
  });

  test("knows the registered channels in hooks", () => {
    const app = new Consumer(`registered-${version}`);
    app.copy("registered-app.txt", "registered-app.ts");
    const compilerOptions = { ...STRICT, module: "esnext", moduleResolution: "bundler" };
    app.write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["*"] }));
    compileIn(app, version);
  });

  test("reports code that does not compile", () => {
    const app = new Consumer("wrong", {
      "app.ts":
        'import { PushIt } from "push-it-client";\nnew PushIt({ url: "wss://example.com", timeout: "soon" });\n',
      "tsconfig.json": JSON.stringify({
        compilerOptions: { ...STRICT, module: "esnext", moduleResolution: "bundler" },
      }),
    });
    expect(() => compileIn(app, version)).toThrow(
      /app\.ts\(2,40\): error TS2322: Type 'string' is not assignable to type 'number'/,
    );
  });
});

/** The names that a declaration file exports. */
const exportsOf = (file: string): string[] => {
  const { statements } = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  return statements.flatMap((statement) =>
    ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.map(({ name }) => name.text)
      : [],
  );
};

/** The names that a file imports from a module. */
const importsFrom = (file: string, module: string): string[] => {
  const { statements } = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  return statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) || (statement.moduleSpecifier as ts.StringLiteral).text !== module)
      return [];
    const bindings = statement.importClause?.namedBindings;
    return bindings && ts.isNamedImports(bindings) ? bindings.elements.map(({ name }) => name.text) : [];
  });
};

test.each([
  ["push-it-client", "web-app.ts", "index.d.ts", ["PushIt", "PushItError", "Channel"]],
  ["push-it-client/core", "core-app.ts", "core.d.ts", ["PushIt", "PushItError", "Channel"]],
  ["push-it-client/react", "react-app.ts", "react/index.d.ts", ["PushItProvider", "useMessages"]],
  ["push-it-client/vue", "vue-app.ts", "vue/index.d.ts", ["providePushIt", "useMessages"]],
  ["push-it-client/svelte", "svelte-app.ts", "svelte/index.d.ts", ["providePushIt", "useMessages"]],
  ["push-it-client/views", "views-app.ts", "views/index.d.ts", ["messagesView"]],
  ["push-it-client/testing", "testing-app.ts", "testing/index.d.ts", ["FakePushIt"]],
])("the application of %s uses everything that it exports", (module, fixture, declaration, known) => {
  const exported = exportsOf(join(ROOT, "client/dist/esm/types/client/src", declaration));
  expect(exported).toEqual(expect.arrayContaining(known));
  expect(importsFrom(join(__dirname, "fixtures", fixture), module).sort()).toEqual(exported.sort());
});
