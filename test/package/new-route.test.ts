import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startSystem } from "../../local/dev/system/start-system.js";
import type { Resource } from "../infra/synth.js";
import { Wire } from "../e2e/support/wire.js";
import { ROOT, run } from "./processes.js";

/* The steps of CONTRIBUTING.md for adding a route, done in a copy of the sources. */

const [section = ""] =
  /^## Adding a route$.*?(?=^## )/ms.exec(readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8")) ?? [];
const [file = "", entry = ""] = [...section.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!);

/** Inside the repository, so that Node finds the installed packages. */
const FOLDERS = join(ROOT, ".push-it");
mkdirSync(FOLDERS, { recursive: true });
const copy = mkdtempSync(join(FOLDERS, "route-"));
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** Builds the function `echo` alone: the others are built already. */
const BUILD = `
  import { build } from "esbuild";
  import { bundles } from "./scripts/bundles.mjs";
  const options = (await bundles()).find(({ outfile }) => outfile === "dist/lambdas/echo/index.mjs");
  await build(options);
`;

const APP = `
  import { App, Stack } from "aws-cdk-lib";
  import { PushIt } from "./infra/index.js";
  const METADATA = { "aws:cdk:enable-path-metadata": true, "aws:cdk:enable-asset-metadata": true };
  const app = new App({ outdir: "cdk.out", context: METADATA });
  new PushIt(new Stack(app, "Test"), "PushIt");
  app.synth();
`;

const withoutNotes = { cwd: copy, env: { ...process.env, NODE_NO_WARNINGS: "1" } };

beforeAll(() => {
  for (const path of ["infra", "lambdas", "protocol", "scripts", "dist/lambdas", "package.json", "tsconfig.json"])
    cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  for (const folder of ["client", "server", "local", "create"])
    cpSync(join(ROOT, folder, "package.json"), join(copy, folder, "package.json"));

  writeFileSync(join(copy, "lambdas/routes/echo.ts"), file);
  const registry = join(copy, "infra/functions/registry.ts");
  writeFileSync(
    registry,
    readFileSync(registry, "utf8").replace("const REGISTRY = {\n", (line) => line + entry),
  );

  run(process.execPath, ["--input-type=module", "--eval", BUILD], withoutNotes);
  writeFileSync(join(copy, "app.ts"), APP);
  run(process.execPath, [join(ROOT, "node_modules/tsx/dist/cli.mjs"), "app.ts"], withoutNotes);
});

describe("a route that was added as CONTRIBUTING.md says", () => {
  const template = () =>
    JSON.parse(readFileSync(join(copy, "cdk.out/Test.template.json"), "utf8")) as {
      Resources: Record<string, Resource>;
    };
  const withId = (type: string, id: string): Resource[] =>
    Object.entries(template().Resources)
      .filter(([name, { Type }]) => Type === type && name.startsWith(id))
      .map(([, resource]) => resource);

  it("has a file and an entry, and nothing else", () => {
    expect(file).toContain("export const handler");
    expect(entry).toContain('entry: "routes/echo"');
  });

  it("is in the template, with its function and throttle", () => {
    const routes = Object.values(template().Resources).filter(({ Type }) => Type === "AWS::ApiGatewayV2::Route");
    expect(routes.map(({ Properties }) => Properties["RouteKey"])).toContain("echo");
    expect(withId("AWS::Lambda::Function", "PushItEcho")).toHaveLength(1);
    const [stage] = Object.values(template().Resources).filter(({ Type }) => Type === "AWS::ApiGatewayV2::Stage");
    expect(stage!.Properties["RouteSettings"]).toMatchObject({
      echo: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 },
    });
  });

  it("may do what its entry says, and no more with the table", () => {
    const [policy] = withId("AWS::IAM::Policy", "PushItEcho");
    const text = JSON.stringify(policy!.Properties["PolicyDocument"]);
    expect(text.match(/dynamodb:\w+/g)).toEqual(["dynamodb:GetItem"]);
    expect(text).toContain("execute-api:ManageConnections");
  });

  it("answers on the local runtime", async () => {
    const system = await startSystem({
      project: ROOT,
      dist: join(ROOT, "local/dist"),
      assembly: join(copy, "cdk.out"),
      dynamodb: "embedded",
      log: () => undefined,
    });
    try {
      const wire = await Wire.open(system.websocketUrl);
      expect(await wire.request({ action: "echo" })).toMatchObject({
        channel: "/meta/successful",
        successful: true,
        data: expect.any(String) as string,
      });
      await wire.close();
    } finally {
      await system.close();
    }
  });
});
