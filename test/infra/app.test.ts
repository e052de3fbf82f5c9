import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "../..");
const { app, context: flags } = JSON.parse(readFileSync(join(root, "cdk.json"), "utf8")) as {
  app: string;
  context: object;
};

/** Runs cdk.json's app as the CDK does. */
const synthesize = (given: Record<string, unknown> = {}) => {
  const context = { ...flags, ...given, "aws:cdk:enable-path-metadata": true };
  const outdir = mkdtempSync(join(tmpdir(), "push-it-test-"));
  const { status, stderr } = spawnSync(app, {
    shell: true,
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(context) },
  });
  const template = status === 0 ? readFileSync(join(outdir, "PushIt.template.json"), "utf8") : "{}";
  rmSync(outdir, { recursive: true });
  return {
    status,
    stderr,
    template: JSON.parse(template) as { Outputs: Record<string, { Value: unknown }> },
    text: template,
  };
};

describe("cdk.json's app", () => {
  test("makes one stack for any account, and outputs the clients' URL", () => {
    const { stderr, template, text } = synthesize();
    expect(JSON.stringify(template.Outputs.Url!.Value)).toMatch(/wss:\/\/.*execute-api.*live/);
    expect(text).not.toMatch(/\b\d{12}\b|us-east-1|eu-central-1/);
    expect(text).toContain('"aws:cdk:path": "PushIt/PushIt/Api/Resource"');
    expect(stderr).toContain("No guard is configured");
  });

  test("takes a guard module from the command line", () => {
    const { stderr, text } = synthesize({ guards: "test/infra/fixtures/guards.ts" });
    expect(text).toContain('"guards": "test/infra/fixtures/guards.ts"');
    expect(stderr).not.toContain("No guard is configured");
  });

  test("fails if the guard module does not exist", () => {
    const { status, stderr } = synthesize({ guards: "test/infra/fixtures/missing.ts" });
    expect(status).not.toBe(0);
    expect(stderr).toContain("there is no guard module at");
  });
});
