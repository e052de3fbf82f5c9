import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import { type Fault, FAULTS } from "./conformance/faults.js";

const ROOT = join(__dirname, "../../..");
const FOLDER = join(ROOT, "client/src/testing");

/** The packages by name are their sources, as in jest.config.js. */
const ALIAS = {
  "push-it-client": join(ROOT, "client/src/index.ts"),
  "push-it-client/testing": join(FOLDER, "index.ts"),
  "push-it-server/guards": join(ROOT, "server/guards/index.ts"),
};

type Failures = (names: readonly string[]) => Promise<Record<string, string>>;

/** The suite with a fake that has a fault. */
const suiteWith = async ({ file, search, replace }: Pick<Fault, "file" | "search" | "replace">): Promise<Failures> => {
  const path = join(FOLDER, file);
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, "conformance/program.ts")],
    bundle: true,
    platform: "node",
    format: "cjs",
    write: false,
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [
      {
        name: "fault",
        setup(build) {
          build.onResolve({ filter: /^push-it-/ }, ({ path }) => ({ path: ALIAS[path as keyof typeof ALIAS] }));
          build.onLoad({ filter: /client.src.testing.*\.ts$/ }, (loaded) =>
            loaded.path === path
              ? { contents: readFileSync(path, "utf8").replace(search, () => replace), loader: "ts" }
              : undefined,
          );
        },
      },
    ],
  });
  const module = { exports: {} as { failures: Failures } };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the bundle of this repository's own sources
  const load = new Function("require", "module", "exports", outputFiles[0]!.text) as (
    require: NodeJS.Require,
    module: object,
    exports: object,
  ) => void;
  load(createRequire(__filename), module, module.exports);
  return module.exports.failures;
};

describe("the conformance suite, with a fault in the fake", () => {
  it.each(FAULTS)("fails if $fault", async (fault) => {
    expect(readFileSync(join(FOLDER, fault.file), "utf8").split(fault.search)).toHaveLength(2);
    const failures = await suiteWith(fault);
    expect(Object.keys(await failures([fault.seenBy]))).toEqual([fault.seenBy]);
  });

  it("passes without a fault", async () => {
    const failures = await suiteWith({ file: "index.ts", search: "", replace: "" });
    expect(await failures(FAULTS.map(({ seenBy }) => seenBy))).toEqual({});
  });
});
