import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Duration, Stack } from "aws-cdk-lib";
import { Guards, PushIt, type GuardBundlingOptions, type PushItProps } from "../../../infra/index.js";
import { RUNS_GUARDS } from "../../../infra/functions/asked-guards.js";
import { FUNCTION_NAMES, type FunctionName } from "../../../infra/functions/registry.js";

const folders: string[] = [];
const makeFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), "push-it-test-"));
  folders.push(folder);
  return folder;
};
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** A module with this source. */
const moduleOf = (source: string, name = "guards.ts"): string => {
  const path = join(makeFolder(), name);
  writeFileSync(path, source);
  return path;
};

/** Synthesizes with assets. Returns each function's folder. */
const assets = (props: PushItProps = {}, outdir = makeFolder()): Record<FunctionName, string> => {
  const context = { "aws:cdk:enable-asset-metadata": true, "@aws-cdk/core:annotationsInValidationReport": false };
  const app = new App({ outdir, context });
  const stack = new Stack(app, "Test");
  const channels = { "busy/*": { linger: Duration.seconds(1), history: {} }, "rooms/*": { presence: { state: true } } };
  const { functions } = new PushIt(stack, "PushIt", { channels, ...props });
  const { Resources } = app.synth().getStackByName("Test").template as {
    Resources: Record<string, { Metadata: Record<string, string> }>;
  };
  return Object.fromEntries(
    FUNCTION_NAMES.map((name) => {
      const id = stack.getLogicalId(functions[name]!.node.defaultChild as never);
      return [name, join(outdir, Resources[id]!.Metadata["aws:asset:path"]!)];
    }),
  ) as Record<FunctionName, string>;
};

const withModule = (source: string, bundling?: GuardBundlingOptions) =>
  assets({ guards: Guards.fromModule(moduleOf(source), { bundling }) });

const ALLOW = "export default { onConnectionRequest(agent) { agent.connected(); } };";

/** The default export of a module, in a fresh process. */
const run = (folder: string, expression: string, options: string[] = []): { out: string; error: string } => {
  const code = `import(${JSON.stringify(join(folder, "guards.mjs"))}).then(({ default: guards }) => ${expression})`;
  const { stdout, stderr } = spawnSync(process.execPath, [...options, "-e", code], { encoding: "utf8" });
  return { out: stdout.trim(), error: stderr };
};

describe("a function's asset", () => {
  const plain = assets();

  test.each(FUNCTION_NAMES.map((name) => [name]))("of %s is its own bundle", (name) => {
    const built = readFileSync(join(__dirname, "../../../dist/lambdas", name, "index.mjs"));
    expect(readFileSync(join(plain[name], "index.mjs")).equals(built)).toBe(true);
  });

  test("has the guards' worker if guards can run there, else nothing more", () => {
    for (const name of FUNCTION_NAMES) {
      const expected = RUNS_GUARDS.has(name) ? ["guard-worker.mjs", "index.mjs"] : ["index.mjs"];
      expect([name, readdirSync(plain[name]).sort()]).toEqual([name, expected]);
    }
  });

  test("has the guard module next to it if guards run there", () => {
    const guarded = withModule(ALLOW);
    for (const name of FUNCTION_NAMES) {
      const has = readdirSync(guarded[name]).filter((file) => file.startsWith("guards.mjs"));
      expect([name, has]).toEqual([name, RUNS_GUARDS.has(name) ? ["guards.mjs", "guards.mjs.map"] : []]);
    }
  });

  test("keeps its hash while the guards keep theirs, in any folder", () => {
    const names = (folders: Record<string, string>) => Object.values(folders).map((folder) => folder.split("/").pop());
    const first = names(withModule(ALLOW));
    expect(names(withModule(ALLOW))).toEqual(first);
    const changed = names(withModule(ALLOW.replace("connected()", 'connectionDenied("no")')));
    const same = FUNCTION_NAMES.filter((_name, index) => changed[index] === first[index]);
    expect(same).toEqual(FUNCTION_NAMES.filter((name) => !RUNS_GUARDS.has(name)));
  });

  test("of two Push-Its with different guards in one app differs", () => {
    const outdir = makeFolder();
    const stack = new Stack(new App({ outdir }), "Test");
    new PushIt(stack, "One", { guards: Guards.fromModule(moduleOf(ALLOW)) });
    new PushIt(stack, "Two", { guards: Guards.fromModule(moduleOf("export default { two: 2 };")) });
    const bundles = readdirSync(outdir, { recursive: true }).filter((file) => String(file).endsWith("guards.mjs"));
    const sources = new Set(bundles.map((file) => readFileSync(join(outdir, String(file)), "utf8")));
    expect(sources.size).toBe(2);
  });
});

describe("a guard module", () => {
  test("can be TypeScript that imports files and packages, also CommonJS", () => {
    const entry = moduleOf(`
      import { answer } from "./answer.js";
      import { inspect } from "node:util";
      const { basename } = require("node:path");
      const named: string = basename("/a/" + answer);
      export default { name: inspect(named) };
    `);
    writeFileSync(join(entry, "../answer.ts"), "export const answer: number = 42;");
    const { connect } = assets({ guards: Guards.fromModule(entry) });
    expect(run(connect, "console.log(guards.name)")).toEqual({ out: "'42'", error: "" });
  });

  test("can be CommonJS", () => {
    const entry = moduleOf("module.exports = { name: 'common' };", "guards.cjs");
    const { connect } = assets({ guards: Guards.fromModule(entry) });
    expect(run(connect, "console.log(guards.name)").out).toBe("common");
  });

  test("can have a path relative to the app's folder", () => {
    expect(() => assets({ guards: Guards.fromModule("test/infra/fixtures/guards.ts") })).not.toThrow();
  });

  test("has its own file and line in the stack of an error", () => {
    const { connect } = withModule(
      `interface Unused {\n  a: string;\n}\n\nexport default {\n  fail() {\n    throw new Error("x");\n  },\n};`,
    );
    expect(run(connect, "guards.fail()", ["--enable-source-maps"]).error).toMatch(/guards\.ts:7:/);
  });

  test("is bundled with the given options", () => {
    const source = `import text from "./text.graphql";
      import { a } from "replaced";
      import("left-out").catch(() => {});
      export default { stage: STAGE, text, a };`;
    const entry = moduleOf(source);
    writeFileSync(join(entry, "../text.graphql"), "query");
    writeFileSync(join(entry, "../real.ts"), "export const a = 1;");
    const bundling: GuardBundlingOptions = {
      define: { STAGE: '"beta"' },
      loader: { ".graphql": "text" },
      alias: { replaced: "./real.ts" },
      externalModules: ["left-out"],
      minify: true,
      sourceMap: false,
    };
    const { connect } = assets({ guards: Guards.fromModule(entry, { bundling }) });
    expect(readdirSync(connect).sort()).toEqual(["guard-worker.mjs", "guards.mjs", "index.mjs"]);
    expect(run(connect, "console.log(JSON.stringify(guards))").out).toBe('{"stage":"beta","text":"query","a":1}');
  });
});

describe("synthesis fails with a reason", () => {
  test("if a guard module does not compile, with file and line", () => {
    expect(() => withModule("export default {\n  onConnectionRequest( {\n};")).toThrow(
      /Test\/PushIt: the guard module does not compile:[\s\S]*guards\.ts:3:1/,
    );
  });

  test("if the module imports a missing file", () => {
    expect(() => withModule('import "nowhere-to-be-found";')).toThrow(/Could not resolve "nowhere-to-be-found"/);
  });

  test("if the module has no default export", () => {
    expect(() => withModule("export const guards = {};")).toThrow(/guards\.ts has no default export/);
  });

  test("if the module does not exist", () => {
    expect(() => assets({ guards: Guards.fromModule("nowhere.ts") })).toThrow(
      /there is no guard module at \/.*\/nowhere\.ts \(given: "nowhere\.ts"\)/,
    );
  });

  test("if the app has no esbuild", () => {
    // A copy of the built construct in a folder from which only the CDK can be resolved.
    const script = `
      const Module = require("node:module");
      const load = Module._load;
      Module._load = (request, ...rest) => {
        if (request === "esbuild") throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
        return load(request, ...rest);
      };
      const { App, Stack } = require("aws-cdk-lib");
      const { Guards, PushIt } = require("./dist/infra/index.js");
      new PushIt(new Stack(new App({ outdir: process.argv[1] }), "Test"), "PushIt", {
        guards: Guards.fromModule("test/infra/fixtures/guards.ts"),
      });`;
    const { stderr } = spawnSync(process.execPath, ["-e", script, makeFolder()], {
      encoding: "utf8",
      cwd: join(__dirname, "../../.."),
    });
    expect(stderr).toContain("bundling a guard module needs esbuild, which is not installed here: npm i -D esbuild");
  });
});
