import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run, temporaryFolder } from "./processes.js";

/* The scripts of .github/workflows/aws.yml. */

const { folder, remove } = temporaryFolder();
afterAll(remove);

const verify = async (...args: string[]): Promise<{ status: number; stderr: string }> => {
  const child = spawn(process.execPath, ["scripts/verify-deployment.mjs", ...args], { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  const [status] = (await once(child, "close")) as [number];
  return { status, stderr };
};

test("a run against nothing fails, and writes nothing", async () => {
  const out = join(folder, "nothing");
  expect((await verify("--url", "ws://127.0.0.1:1/live", "--out", out)).status).toBe(1);
  expect(existsSync(out)).toBe(false);
  const neither = await verify("--out", out);
  expect(neither).toEqual({ status: 1, stderr: "Give either --stack NAME or --url URL.\n" });
});

test("the example can have a name of its own", () => {
  const outdir = join(folder, "cdk.out");
  run("npx", ["tsx", "infra/app.ts"], { env: { CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify({ name: "PushItVerify" }) } });
  const template = readFileSync(join(outdir, "PushItVerify.template.json"), "utf8");
  const script = `
    import { callsOf } from "./scripts/create-resources.mjs";
    console.log(JSON.stringify(callsOf(${template}).map(({ service, command }) => service + " " + command)));
  `;
  // The job with AWS Emulator creates these.
  const calls = JSON.parse(run(process.execPath, ["--input-type=module", "-e", script])) as string[];
  expect([...new Set(calls)].sort()).toEqual(["apigatewayv2 create-api", "dynamodb create-table", "iam create-role", "logs create-log-group", "sqs create-queue"]);
});

test("resources are created at an emulator only", () => {
  const env = { ...process.env, AWS_ENDPOINT_URL: "https://dynamodb.us-east-1.amazonaws.com" };
  const { status, stderr } = spawnSync(process.execPath, ["scripts/create-resources.mjs", "x.json"], { cwd: ROOT, encoding: "utf8", env });
  expect(status).toBe(1);
  expect(stderr).toContain("must be an emulator on this machine");
});
