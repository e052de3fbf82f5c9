import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startSystem } from "../../local/dev/system/start-system.js";
import type { System } from "../../local/dev/system/system.js";
import { run } from "../package/processes.js";
import { objectCreated } from "./support/s3-event.js";
import { Wire } from "./support/wire.js";

/*
 * examples/s3-events, synthesized as its page says, and run from its template. The event is the one of AWS's
 * documentation, which S3 sends through EventBridge after it has stored an object.
 */

const ROOT = resolve(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "push-it-s3-"));
let system: System;
let bucket: string;
let wire: Wire;
const logged: string[] = [];

beforeAll(async () => {
  const assembly = join(folder, "cdk.out");
  const context = JSON.stringify({ "aws:cdk:enable-path-metadata": true, "aws:cdk:enable-asset-metadata": true });
  run("npx", ["tsx", "examples/s3-events/app.ts"], { env: { CDK_OUTDIR: assembly, CDK_CONTEXT_JSON: context } });
  system = await startSystem({
    project: ROOT,
    dist: join(ROOT, "local/dist"),
    assembly,
    dynamodb: process.env["PUSH_IT_TEST_DYNAMODB"] ?? "embedded",
    log: ({ message }) => logged.push(message),
  });
  bucket = system.model.outputs["Bucket"] ?? "";
  wire = await Wire.open(system.websocketUrl);
  await wire.subscribe(`uploads/${bucket}`);
});
afterAll(async () => {
  await wire.close();
  await system.close();
  rmSync(folder, { recursive: true, force: true });
});

test("the bucket has a name, by which the rule knows its events", () => expect(bucket).toMatch(/^[a-z0-9.-]{3,63}$/));

test.each(["cat.png", 'with space/größe & "quotes" <b>.png', "uploads/*", "/meta/user"])(
  "publishes the key of a new object %j with the event's id",
  async (key) => {
    expect(system.emit(objectCreated(bucket, key))).toHaveLength(1);
    expect(await wire.message({ key, size: 5, at: "2026-11-12T00:00:00Z" })).toMatchObject({
      channel: `uploads/${bucket}`,
      uuid: expect.stringMatching(/^17793124-05d4-b198-2fde-7ededc63b103-[0-9a-f]{8}$/),
    });
  },
);

test("other buckets' objects do not", () => {
  expect(system.emit(objectCreated("another", "cat.png"))).toEqual([]);
});

test("no client can publish there", async () => {
  expect(await wire.publish(`uploads/${bucket}`, 1)).toMatchObject({
    code: "denied",
    error: "Only uploads are published here.",
  });
});
