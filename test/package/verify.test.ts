import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Duration } from "aws-cdk-lib";
import { TestSystem } from "../e2e/support/system.js";
import { ROOT, run, temporaryFolder } from "./processes.js";

/* The checks of .github/workflows/aws.yml, against the local system, by the same script. */

const { folder, remove } = temporaryFolder();
afterAll(remove);

const verify = async (...args: string[]): Promise<{ status: number; stderr: string }> => {
  const child = spawn(process.execPath, ["scripts/verify-deployment.mjs", ...args], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  const [status] = (await once(child, "close")) as [number];
  return { status, stderr };
};

interface Report {
  passed: boolean;
  check: { checks: { outcome: string }[] };
  bench: { published: number; missing: number };
}

test("a run writes a report and a badge", async () => {
  // The channels of the example, infra/app.ts.
  const system = await TestSystem.start({
    props: { channels: { "rooms/*": { history: { size: 1_000, ttl: Duration.days(1) }, presence: true } } },
  });
  try {
    const { status, stderr } = await verify("--url", system.running.websocketUrl, "--out", folder);
    if (status !== 0) throw new Error(stderr);
    const [date, badge] = readdirSync(folder).sort();
    expect([date, badge]).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\d\.json$/), "badge.json"]);
    const report = JSON.parse(readFileSync(join(folder, date!), "utf8")) as Report;
    const passed = report.check.checks.filter(({ outcome }) => outcome === "passed").length;
    expect(report).toMatchObject({ version: 1, passed: true, bench: { published: 50, missing: 0 } });
    expect(passed).toBeGreaterThan(10);
    expect(JSON.parse(readFileSync(join(folder, badge!), "utf8"))).toMatchObject({
      schemaVersion: 1,
      message: `${passed} checks passed, ${date!.slice(0, 10)}`,
      color: "brightgreen",
    });
  } finally {
    await system.close();
  }
  // All checks, one after the other, and 10 seconds of load.
}, 400_000);

test("a run against nothing fails, and writes nothing", async () => {
  const out = join(folder, "nothing");
  expect((await verify("--url", "ws://127.0.0.1:1/live", "--out", out)).status).toBe(1);
  expect(existsSync(out)).toBe(false);
  const neither = await verify("--out", out);
  expect(neither).toEqual({ status: 1, stderr: "Give either --stack NAME or --url URL.\n" });
});

test("the example can have a name of its own", () => {
  const outdir = join(folder, "cdk.out");
  run("npx", ["tsx", "infra/app.ts"], {
    env: { CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify({ name: "PushItVerify" }) },
  });
  const path = join(outdir, "PushItVerify.template.json");
  const script = `
    import { readFileSync } from "node:fs";
    import { callsOf } from "./scripts/create-resources.mjs";
    console.log(JSON.stringify(callsOf(JSON.parse(readFileSync(${JSON.stringify(path)}, "utf8"))).map(({ service, command }) => service + " " + command)));
  `;
  // The job with AWS Emulator creates these.
  const calls = JSON.parse(run(process.execPath, ["--input-type=module", "-e", script])) as string[];
  expect([...new Set(calls)].sort()).toEqual([
    "apigatewayv2 create-api",
    "dynamodb create-table",
    "iam create-role",
    "logs create-log-group",
    "sqs create-queue",
  ]);
});

test("resources are created at an emulator only", () => {
  const env = { ...process.env, AWS_ENDPOINT_URL: "https://dynamodb.us-east-1.amazonaws.com" };
  const { status, stderr } = spawnSync(process.execPath, ["scripts/create-resources.mjs", "x.json"], {
    cwd: ROOT,
    encoding: "utf8",
    env,
  });
  expect(status).toBe(1);
  expect(stderr).toContain("must be an emulator on this machine");
});
