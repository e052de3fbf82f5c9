import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { version } from "../../../package.json";
import { newFolder, removeFolders } from "../assembly/support.js";
import { writeFixture } from "../dev/support.js";
import { run } from "./support.js";

afterEach(removeFolders);

const OK = "export const handler = async () => ({ statusCode: 200 });";

describe("the command", () => {
  test.each(["--version", "-v"])("%s", async (flag) => {
    expect(await run([flag])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test.each([[["--help"]], [[]], [["dev", "--help"]]])("%j shows the help", async (args) => {
    const { code, stdout } = await run(args);
    expect(code).toBe(0);
    expect(stdout).toContain("--guards FILE");
  });
});

describe("an error has a next step, exit code 1 and no stack:", () => {
  const refused = async (args: string[], options: Parameters<typeof run>[1], ...said: (string | RegExp)[]) => {
    const { code, stdout, stderr } = await run(args, options);
    for (const part of said) expect(stderr).toMatch(part);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("→");
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr).not.toContain("\u001b");
  };

  test("an unknown command", () => refused(["deploy"], {}, /no command deploy/, /--help/));

  test("an unknown option", () => refused(["dev", "--prot", "1"], {}, /Unknown option '--prot'/, /--help/));

  test("an app that fails", () => {
    const cwd = newFolder();
    writeFileSync(join(cwd, "cdk.json"), JSON.stringify({ app: "echo no such prop >&2; exit 1" }));
    return refused(["dev"], { cwd }, /failed to synthesize \(exit code 1\)/, /no such prop/, /npx cdk synth/);
  });

  test("no assembly", () => refused(["dev", "--app", newFolder()], {}, /not a cloud assembly/, /npx cdk synth/));

  test("a taken port", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((ready) => server.once("listening", ready));
    const port = String((server.address() as AddressInfo).port);
    await refused(
      ["dev", "--app", writeFixture(OK), "--port", port],
      {},
      `Port ${port} is taken: the WebSocket API`,
      /--port 0/,
    );
    server.close();
  });

  test("a guard that does not compile", () => {
    const app = writeFixture(OK);
    writeFileSync(join(app, "guards.ts"), "export default {\n  onConnectionRequest(agent {}\n};");
    return refused(
      ["dev", "--app", app, "--guards", "guards.ts"],
      { cwd: app },
      /ERROR[^]*guards\.ts:2:28:/,
      /Fix .*guards\.ts and save it/,
    );
  });

  test("secrets that are not there", () =>
    refused(
      ["dev", "--app", writeFixture(OK), "--secrets", "none.json"],
      {},
      /none.json cannot be read/,
      /SIGNING_KEY/,
    ));

  test("no DynamoDB", () =>
    refused(
      ["dev", "--app", writeFixture(OK), "--dynamodb", "http://127.0.0.1:9"],
      {},
      /No DynamoDB answers/,
      /leave --dynamodb out/,
    ));

  test("no Java", () => {
    const bin = newFolder();
    mkdirSync(join(bin, "bin"));
    symlinkSync("/bin/sh", join(bin, "bin/sh"));
    const options = { cwd: resolve(__dirname, "../../.."), env: { ...process.env, PATH: join(bin, "bin") } };
    return refused(
      ["dev", "--app", writeFixture(OK), "--dynamodb", "local"],
      options,
      /needs Java 17 or newer/,
      /Install a JDK/,
    );
  });
});
