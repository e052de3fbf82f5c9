import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { manifestIn, tarballOf } from "../packs.js";
import { ROOT, run, temporaryFolder } from "../processes.js";

/*
 * An app with every feature of the construct, and one with none: compiled and synthesized with the oldest CDK that the
 * packed construct says it works with, and with the newest. The oldest comes from npm's registry, so that half needs
 * PUSH_IT_TEST_INSTALL=1. The newest is this repository's own copy.
 */
const INSTALL = process.env["PUSH_IT_TEST_INSTALL"] === "1";

/** As `cdk init` of the last two years wrote it, until its apps became NodeNext. */
const COMMON_JS = {
  target: "ES2020",
  module: "commonjs",
  moduleResolution: "node10",
  lib: ["es2020", "dom"],
  declaration: true,
  strict: true,
  noImplicitReturns: true,
  inlineSourceMap: true,
  experimentalDecorators: true,
  strictPropertyInitialization: false,
  typeRoots: ["./node_modules/@types"],
};

/** As `cdk init` writes it now. */
const NODE_NEXT = {
  target: "ES2022",
  module: "NodeNext",
  moduleResolution: "NodeNext",
  lib: ["es2022"],
  declaration: true,
  strict: true,
  noImplicitReturns: true,
  inlineSourceMap: true,
  experimentalDecorators: true,
  strictPropertyInitialization: false,
  skipLibCheck: true,
  types: ["node"],
};

const { folder, remove } = temporaryFolder();
afterAll(remove);

let tarballs: string[];
beforeAll(() => void (tarballs = [tarballOf("."), tarballOf("server")]));

/** What the built construct says it works with, at the least. */
const peers = manifestIn(ROOT).peerDependencies!;
const lowest = (name: string): string => `${name}@${peers[name]!.replace(/^\^/, "")}`;

/** Makes this repository's copy of a package an app's. */
const link = (app: string, name: string): void => {
  const to = join(app, "node_modules", name);
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(join(ROOT, "node_modules", name), to, "junction");
};

/** An app with the fixtures; `fill` gives it its packages. */
const makeApp = (name: string, fill: (app: string) => void): string => {
  const app = join(folder, name);
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), '{"private":true}\n');
  for (const file of ["every-feature.ts", "guards.ts"])
    copyFileSync(join(__dirname, "fixtures", file), join(app, file));
  fill(app);
  for (const each of ["@types/node", "undici-types", "esbuild"]) link(app, each);
  return app;
};

const withOldest = (app: string): void => {
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts"];
  run("npm", ["install", ...quiet, lowest("aws-cdk-lib"), lowest("constructs"), ...tarballs], { cwd: app });
};

const withNewest = (app: string): void => {
  for (const [index, name] of ["push-it-aws", "push-it-server"].entries()) {
    const target = join(app, "node_modules", name);
    mkdirSync(target, { recursive: true });
    run("tar", ["-xzf", tarballs[index]!, "-C", target, "--strip-components=1"]);
  }
  for (const name of ["aws-cdk-lib", "constructs"]) link(app, name);
};

const compile = (app: string, typescript: string, compilerOptions: object): void => {
  writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, exclude: ["node_modules", "cdk.out"] }));
  run(process.execPath, [join(ROOT, "node_modules", typescript, "bin/tsc")], { cwd: app });
};

interface Template {
  Resources: Record<string, { Type: string; Properties: object }>;
}

/** The templates that an app synthesizes once it is compiled. */
const synthesize = (app: string): Template[] => {
  run(process.execPath, ["every-feature.js"], { cwd: app, env: { CDK_OUTDIR: join(app, "cdk.out") } });
  return ["None", "All"].map(
    (name) => JSON.parse(readFileSync(join(app, `cdk.out/${name}.template.json`), "utf8")) as Template,
  );
};

/** Without what an older CDK leaves out: that the right to call a function URL is one to a URL with IAM's signature. */
const comparable = (templates: Template[]): unknown =>
  JSON.parse(
    JSON.stringify(templates).replaceAll('"Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"AWS_IAM"}},', ""),
  );

let newest: Template[];

test("an app of today compiles with the newest TypeScript, and synthesizes with the newest CDK", () => {
  const app = makeApp("newest", withNewest);
  compile(app, "typescript-7", NODE_NEXT);
  newest = synthesize(app);
  const types = Object.values(newest[1]!.Resources).map(({ Type }) => Type);
  expect(types).toEqual(
    expect.arrayContaining(["AWS::ApiGatewayV2::Stage", "AWS::DynamoDB::Table", "AWS::Lambda::Url", "AWS::KMS::Key"]),
  );
});

test("an app of two years ago compiles with TypeScript 5.4", () => {
  compile(makeApp("older", withNewest), "typescript-5.4", COMMON_JS);
});

(INSTALL ? test : test.skip)(
  "an app with the oldest CDK compiles with TypeScript 5.4, and synthesizes the same templates",
  () => {
    const app = makeApp("oldest", withOldest);
    const { version } = manifestIn(join(app, "node_modules/aws-cdk-lib"));
    expect(`aws-cdk-lib@${version}`).toBe(lowest("aws-cdk-lib"));
    compile(app, "typescript-5.4", COMMON_JS);
    expect(comparable(synthesize(app))).toEqual(comparable(newest));
  },
  600_000,
);
