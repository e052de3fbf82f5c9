import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readSystem } from "../../../local/assembly/read-system.js";
import { synthesize } from "../../../local/synthesis/synthesize.js";
import { UserError } from "../../../local/core/user-error.js";

const ROOT = resolve(__dirname, "../../..");

let project: string;
let outdir: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "project-test-"));
  outdir = join(project, "out");
});

afterEach(() => rmSync(project, { recursive: true, force: true }));

const write = (file: string, content: unknown) =>
  writeFileSync(join(project, file), typeof content === "string" ? content : JSON.stringify(content));

/** Writes what the app was given to where an assembly goes. */
const ECHO = `
  const { mkdirSync, readFileSync, writeFileSync } = require("node:fs");
  const { CDK_OUTDIR, CDK_CONTEXT_JSON, CONTEXT_OVERFLOW_LOCATION_ENV: overflow } = process.env;
  mkdirSync(CDK_OUTDIR, { recursive: true });
  const context = overflow ? readFileSync(overflow, "utf8") : CDK_CONTEXT_JSON;
  writeFileSync(CDK_OUTDIR + "/echo.json", JSON.stringify({ overflow: Boolean(overflow), ...JSON.parse(context) }));`;

const echoed = () => JSON.parse(readFileSync(join(outdir, "echo.json"), "utf8")) as object;

describe("synthesizing", () => {
  test("runs the app with path metadata and context of cdk.json and lookups", async () => {
    write("app.js", ECHO);
    write("cdk.json", { app: "node app.js", context: { flag: true, both: "cdk.json" } });
    write("cdk.context.json", { both: "looked up" });
    expect(await synthesize(project, outdir, () => undefined)).toBe(outdir);
    expect(echoed()).toEqual({
      overflow: false,
      flag: true,
      both: "looked up",
      "aws:cdk:enable-path-metadata": true,
      "aws:cdk:enable-asset-metadata": true,
    });
  });

  test("passes on a context too large for an environment variable", async () => {
    write("app.js", ECHO);
    write("cdk.json", { app: "node app.js", context: { long: "x".repeat(200_000) } });
    await synthesize(project, outdir, () => undefined);
    expect(echoed()).toMatchObject({ overflow: true, long: "x".repeat(200_000) });
  });

  test("runs the build first, and takes a bare file as an app", async () => {
    write("app.js", `if (!require("node:fs").existsSync("built")) process.exit(9);${ECHO}`);
    chmodSync(join(project, "app.js"), 0o644);
    write("cdk.json", { build: "touch built", app: "app.js" });
    await synthesize(project, outdir, () => undefined);
    expect(existsSync(join(outdir, "echo.json"))).toBe(true);
  });

  test("takes an app that is a folder as synthesized", async () => {
    mkdirSync(join(project, "cdk.out"));
    write("cdk.json", { app: "cdk.out" });
    expect(await synthesize(project, outdir, () => undefined)).toBe(join(project, "cdk.out"));
  });

  test.each([
    ["no cdk.json", undefined, "There is no cdk.json in"],
    ["a cdk.json that is not JSON", "{", "is not JSON"],
    ["no app", {}, 'names no "app"'],
    ["an app that fails", { app: "echo what went wrong >&2; exit 7" }, "(exit code 7): echo"],
    ["an app that does not exist", { app: "no-such-command-anywhere" }, "exit code 127"],
  ])("%s is a clear error", async (_, cdkJson, message) => {
    if (cdkJson !== undefined) write("cdk.json", cdkJson);
    const failed = synthesize(project, outdir, () => undefined);
    await expect(failed).rejects.toThrow(UserError);
    await expect(failed).rejects.toThrow(message);
  });

  test("leaves foreign frames out of a failing app's stack", async () => {
    write("app.js", 'require("node:fs").readFileSync("/nowhere/at/all");');
    write("cdk.json", { app: "node app.js" });
    const error = await synthesize(project, outdir, () => undefined).catch((failure: UserError) => failure);
    expect(error).toHaveProperty("message", expect.stringMatching(/at .*app\.js:1/));
    expect(error).toHaveProperty("message", expect.not.stringContaining("at Module._compile (node:"));
  });

  test("shows what a failing app said", async () => {
    write("cdk.json", { app: "echo what went wrong >&2; exit 7" });
    await expect(synthesize(project, outdir, () => undefined)).rejects.toThrow("what went wrong");
  });

  test("reads this package's own app: everything but permissions and logs is run", async () => {
    const { model } = readSystem(await synthesize(ROOT, outdir, () => undefined));
    expect(model.resources.filter(({ verdict }) => verdict === "refused")).toEqual([]);
    expect(Object.keys(model.api.routes).sort()).toEqual(
      [
        "$connect",
        "$default",
        "$disconnect",
        "connect",
        "heartbeat",
        "history",
        "ping",
        "presence",
        "publish",
        "refresh",
        "send",
        "state",
        "subscribe",
        "unsubscribe",
      ].sort(),
    );
    expect(model.api.routes.send?.answers).toBe(false);
    expect(model.functions).toHaveLength(18);
    expect(model.tables).toHaveLength(1);
    expect(model.schedules).toHaveLength(3);
    expect(model.external).toEqual([]);
  });
});
