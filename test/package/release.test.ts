import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FUNCTION_NAMES } from "../../infra/timeouts.js";

const root = join(__dirname, "../..");
/** The first release. Later versions are tested against it, so it stays. */
const FIRST = "0.2.0";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "push-it-release-"));
  node(`import { unpackRelease } from "${join(root, "scripts/release.mjs")}"; unpackRelease("${FIRST}", "${folder}");`);
});

afterAll(() => rmSync(folder, { recursive: true }));

const node = (script: string): string => execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });

const template = (name: string): { Resources: Record<string, { Type: string }> } =>
  JSON.parse(readFileSync(join(folder, `templates/${name}.template.json`), "utf8")) as { Resources: Record<string, { Type: string }> };

describe("the first release", () => {
  it("has the code of each function", () => {
    for (const name of FUNCTION_NAMES) expect(existsSync(join(folder, "lambdas", name, "index.mjs"))).toBe(true);
  });

  it.each(["Plain", "Everything"])("has the template %s, with a table and an API", (name) => {
    const types = Object.values(template(name).Resources).map(({ Type }) => Type);
    expect(types).toEqual(expect.arrayContaining(["AWS::DynamoDB::Table", "AWS::ApiGatewayV2::Api", "AWS::Lambda::Function"]));
  });

  it("has a client that runs", () => {
    const client = join(folder, "client");
    const { exports } = JSON.parse(readFileSync(join(client, "package.json"), "utf8")) as { exports: Record<string, { import: { default: string } }> };
    const output = node(`
      import { PushIt } from "${join(client, exports["."]!.import.default)}";
      console.log(new PushIt({ url: "wss://example.com/live", autoConnect: false }).state);
    `);
    expect(output.trim()).toBe("disconnected");
  });
});
