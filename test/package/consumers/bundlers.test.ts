import { readdirSync } from "node:fs";
import { join } from "node:path";
import { buildSync, type BuildOptions } from "esbuild";
import webpack from "webpack";
import { commandOf, Consumer, ES_MODULES, EXPECTED } from "./packed.js";

/** The work of each bundle of the application. A page's bundle runs in Node, too: it needs nothing of a page. */
const runsIn = (app: Consumer, bundle: string): void => expect(app.node([bundle])).toBe(EXPECTED);

describe("esbuild", () => {
  const cases: [BuildOptions["platform"], BuildOptions["format"]][] = [
    ["browser", "esm"],
    ["browser", "iife"],
    ["node", "esm"],
    ["node", "cjs"],
  ];

  test.each(cases)("bundles the SDK for platform %s and format %s", (platform, format) => {
    const app = new Consumer("esbuild", ES_MODULES);
    const outfile = join(app.folder, format === "esm" ? "bundle.mjs" : "bundle.cjs");
    const { warnings, metafile } = buildSync({
      entryPoints: ["main.mjs"],
      absWorkingDir: app.folder,
      outfile,
      platform,
      format,
      bundle: true,
      minify: true,
      metafile: true,
      logLevel: "silent",
    });
    expect(warnings).toEqual([]);
    expect(Object.keys(metafile.inputs).filter((path) => path.includes("push-it-client/dist/cjs"))).toEqual([]);
    runsIn(app, outfile);
  });

  test("bundles the SDK when it is required", () => {
    const { "main.mjs": main, ...others } = ES_MODULES;
    const required = main.replace(/import \* as (\w+) from ("push-it-client.*");/g, "const $1 = require($2);");
    const app = new Consumer("esbuild-required", { ...others, "main.js": required });
    buildSync({
      entryPoints: ["main.js"],
      absWorkingDir: app.folder,
      outfile: join(app.folder, "bundle.cjs"),
      bundle: true,
      logLevel: "silent",
    });
    runsIn(app, "bundle.cjs");
  });
});

test("Vite builds a page with the SDK", () => {
  const app = new Consumer("vite", {
    ...ES_MODULES,
    "index.html": '<!doctype html><script type="module" src="./main.mjs"></script>',
    "package.json": '{"type":"module"}',
    // The code that preloads modules is for pages alone, and would keep the bundle from running here.
    "vite.config.mjs": "export default { build: { modulePreload: false } };",
  });
  app.node([commandOf("vite/bin/vite.js"), "build", "--logLevel", "warn"]);
  const [bundle, ...others] = readdirSync(join(app.folder, "dist/assets"));
  expect(others).toEqual([]);
  runsIn(app, join("dist/assets", bundle!));
});

test.each(["web", "node"])("webpack builds the SDK for target %s", async (target) => {
  const app = new Consumer("webpack", ES_MODULES);
  const compiler = webpack({
    mode: "production",
    context: app.folder,
    entry: "./main.mjs",
    target,
    output: { path: app.folder, filename: "bundle.cjs" },
    performance: { hints: false },
  });
  const stats = await new Promise<webpack.Stats>((resolve, reject) =>
    compiler.run((error, result) => (error ? reject(error) : resolve(result!))),
  );
  await new Promise<void>((resolve, reject) => compiler.close((error) => (error ? reject(error) : resolve())));
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  expect([errors, warnings]).toEqual([[], []]);
  runsIn(app, "bundle.cjs");
});
