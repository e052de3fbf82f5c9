import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, CfnCondition, CfnOutput, Duration, Fn, NestedStack, Stack } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import { PushIt } from "../../infra/index.js";
import { startSystem } from "../../local/dev/system/start-system.js";
import type { System } from "../../local/dev/system/system.js";
import { Wire } from "./support/wire.js";

/*
 * The construct in a nested stack, and publishing functions in its parent and in another nested stack. Parameters and
 * outputs of the stacks carry the names. NodejsFunction bundles the functions with its defaults, without the AWS SDK.
 */

const ROOT = join(__dirname, "../..");

const PUBLISHING_FUNCTION = `
  import { Publisher } from "push-it-server/publisher";
  const publisher = new Publisher({ functionName: process.env.PUSH_IT_PUBLISHER });
  export const handler = ({ channel, data }: { channel: string; data: string }) => publisher.publish(channel, data);`;

/** The SDK's clients that no package here has. */
const MISSING = 'exports.handler = () => import("@aws-sdk/client-does-not-exist");';

/** Resources with the same logical ids in two nested stacks. */
const same = (scope: Stack, publisher: string, pushIt: PushIt): void => {
  const code = lambda.Code.fromInline("exports.handler = async () => process.env.PUSH_IT_PUBLISHER;");
  const environment = { PUSH_IT_PUBLISHER: publisher };
  const made = new lambda.Function(scope, "Same", {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: "index.handler",
    code,
    environment,
  });
  pushIt.grantPublish(made);
};

const synthesize = (folder: string): string => {
  const entry = join(ROOT, "test", `nested-${process.pid}.ts`);
  writeFileSync(entry, PUBLISHING_FUNCTION);
  const outdir = join(folder, "cdk.out");
  const app = new App({
    outdir,
    context: { "aws:cdk:enable-path-metadata": true, "aws:cdk:enable-asset-metadata": true },
  });
  const stack = new Stack(app, "Shop");
  const pushIt = new PushIt(new NestedStack(stack, "Realtime"), "PushIt", { publishUrl: true });
  const never = new CfnCondition(stack, "Never", { expression: Fn.conditionEquals("a", "b") });
  const [other, absent] = [new NestedStack(stack, "Other"), new NestedStack(stack, "Absent")];
  absent.nestedStackResource!.cfnOptions.condition = never;
  for (const nested of [other, absent]) same(nested, pushIt.publisherName, pushIt);
  for (const [scope, format] of [
    [stack, undefined],
    [new NestedStack(other, "Deep"), OutputFormat.ESM],
  ] as const) {
    const publisher = new NodejsFunction(scope, "BackEnd", {
      entry,
      projectRoot: ROOT,
      depsLockFilePath: join(ROOT, "package-lock.json"),
      runtime: lambda.Runtime.NODEJS_22_X,
      timeout: Duration.seconds(20),
      environment: { PUSH_IT_PUBLISHER: pushIt.publisherName },
      ...(format !== undefined && { bundling: { format } }),
    });
    pushIt.grantPublish(publisher);
  }
  new lambda.Function(stack, "Missing", {
    runtime: lambda.Runtime.NODEJS_22_X,
    handler: "index.handler",
    code: lambda.Code.fromInline(MISSING),
    timeout: Duration.seconds(20),
  });
  new CfnOutput(stack, "Url", { value: Fn.sub("${Before}${Url}", { Before: "at ", Url: pushIt.url }) });
  try {
    app.synth();
  } finally {
    rmSync(entry);
  }
  return outdir;
};

const folder = mkdtempSync(join(tmpdir(), "push-it-nested-"));
let system: System;

beforeAll(async () => {
  // An empty project: the command brings the SDK.
  system = await startSystem({
    project: folder,
    dist: join(ROOT, "local/dist"),
    assembly: synthesize(folder),
    log: () => undefined,
  });
});
afterAll(async () => {
  await system.close();
  rmSync(folder, { recursive: true, force: true });
});

const functionsLike = (pattern: RegExp) => system.model.functions.filter(({ logicalId }) => pattern.test(logicalId));

test("the construct is found and run in a nested stack", () => {
  expect(system.model.path).toBe("Shop/Realtime/PushIt");
  expect(system.model.resources.filter(({ verdict }) => verdict === "refused")).toEqual([]);
  expect(system.model.publisher?.urlId).toBeDefined();
  expect(system.model.outputs["Url"]).toMatch(/^at wss:\/\/.*\/live$/);
});

test("bundles of NodejsFunction publish from a parent and a nested stack", async () => {
  const wire = await Wire.open(system.websocketUrl);
  await wire.subscribe("orders");
  const publishers = functionsLike(/BackEnd/);
  expect(publishers).toHaveLength(2);
  for (const { logicalId } of publishers) {
    expect(await system.invoke(logicalId, { channel: "orders", data: logicalId })).toMatchObject({
      ok: true,
      payload: { uuid: expect.any(String) },
    });
    await wire.message(logicalId);
  }
  wire.socket.close();
});

test("a nested stack with a false condition has no functions", async () => {
  const [only, ...more] = functionsLike(/Same/);
  expect(more).toEqual([]);
  expect(await system.invoke(only!.logicalId, {})).toEqual({ ok: true, payload: system.model.publisher!.functionName });
});

test("an error names the missing SDK client, and what to do", async () => {
  const [missing] = functionsLike(/Missing/);
  expect(await system.invoke(missing!.logicalId, {})).toMatchObject({
    ok: false,
    message: expect.stringMatching(
      /Lambda's Node runtimes have @aws-sdk\/client-does-not-exist[^]*npm install --save-dev @aws-sdk\/client-does-not-exist/,
    ),
  });
});
