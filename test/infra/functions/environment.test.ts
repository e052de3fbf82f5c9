import { Aws, Fn } from "aws-cdk-lib";
import { Guards } from "../../../infra/index.js";
import { environmentBytes } from "../../../infra/functions/environment.js";
import { makePushIt, makeStackIn, resourcesOf, synthesize } from "../synth.js";

const GUARDS = "test/infra/fixtures/guards.ts";

/** A map as JSON, as it is often given to functions: each entry has four quotes, which Lambda counts twice. */
const mapOf = (entries: number): string =>
  JSON.stringify(Object.fromEntries(Array.from({ length: entries }, (_, at) => [`k${at}`, `v${at}`])));

describe("an environment", () => {
  test("is measured as Lambda does it: as JSON, with the names, the quotes and the escapes", () => {
    expect(environmentBytes({ A: "b" })).toBe('{"A":"b"}'.length);
    expect(environmentBytes({ A: '"' })).toBe('{"A":"\\""}'.length);
    expect(environmentBytes({ A: "ä" })).toBe('{"A":"b"}'.length + 1);
    expect(environmentBytes({})).toBe(2);
  });

  test("is measured with references as long as they can become", () => {
    const without = environmentBytes({ A: "" });
    expect(environmentBytes({ A: Aws.ACCOUNT_ID }) - without).toBe(12);
    expect(environmentBytes({ A: Aws.REGION }) - without).toBeGreaterThanOrEqual("ap-southeast-1".length);
    expect(environmentBytes({ A: Aws.URL_SUFFIX }) - without).toBeGreaterThanOrEqual("amazonaws.com.cn".length);
    expect(environmentBytes({ A: Fn.getAtt("Guard", "Arn").toString() }) - without).toBeGreaterThanOrEqual(128);
  });

  test("that only its escapes make too large is refused at synthesis, and the error says the way out", () => {
    const guards = Guards.fromModule(GUARDS, { environment: { ROOMS: mapOf(195) } });
    const attempt = () => makePushIt({ guards }, makeStackIn("eu-central-1"));
    expect(attempt).toThrow(
      /PushIt\/Connect: the environment would have \d+ bytes as JSON, but Lambda allows 4096\. Most of it is in ROOMS\./,
    );
    expect(attempt).toThrow("Write constants into the guard module instead of its environment");
  });

  test("of every function has room: that of a Push-It as it comes takes less than half", () => {
    for (const { Properties } of Object.values(
      resourcesOf(synthesize({}, makeStackIn("ap-southeast-2")), "AWS::Lambda::Function"),
    )) {
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      expect(Buffer.byteLength(JSON.stringify(Variables))).toBeLessThan(2_048);
    }
  });
});
