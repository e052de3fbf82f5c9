import { join } from "node:path";
import { aws, CREDENTIALS_VARIABLE, measureAws, parseAwsPlan, describeCost } from "../../../../tools/bench/aws/aws.js";
import { estimateCost } from "../../../../tools/bench/aws/estimate.js";
import { startLoadRuntime } from "../../../../tools/bench/load/runtime.js";
import { UserError } from "../../../../local/core/user-error.js";

const ROOT = join(__dirname, "../../../..");
const URL_OF_STACK = "wss://abc123.execute-api.us-east-1.amazonaws.com/live";

test("an estimate counts message, answer and deliveries in 32 KB steps", () => {
  const load = { subscribers: 100, perSecond: 10, seconds: 60, bytes: 100 };
  expect(estimateCost(load).messages).toBe(600 * 102 + 200);
  expect(estimateCost(load).usd).toBeCloseTo(0.0623, 3);
  // Beyond one step: two for the message in and to each subscriber, one for the answer.
  expect(estimateCost({ ...load, bytes: 32 * 1024 }).messages).toBe(600 * (2 + 1 + 200) + 200);
  expect(describeCost(load)).toContain("61,400 messages, and costs about 0.06 USD");
});

describe("the plan", () => {
  it("needs an address, and nothing but that", () => {
    expect(() => parseAwsPlan({}, {})).toThrow("needs --url");
    for (const url of ["abc", "https://example.com"])
      expect(() => parseAwsPlan({ url }, {})).toThrow("not a WebSocket URL");
  });

  it.each(["?token=hunter2", "#hunter2"])("refuses a URL with %s, and does not repeat it", (secret) => {
    const plan = () => parseAwsPlan({ url: URL_OF_STACK + secret }, {});
    expect(plan).toThrow(UserError);
    expect(plan).not.toThrow("hunter2");
  });

  it("takes credentials from the environment and does not repeat invalid JSON", () => {
    expect(parseAwsPlan({ url: URL_OF_STACK }, { [CREDENTIALS_VARIABLE]: '{"token":"t"}' }).credentials).toEqual({
      token: "t",
    });
    const plan = () => parseAwsPlan({ url: URL_OF_STACK }, { [CREDENTIALS_VARIABLE]: "hunter2" });
    expect(plan).toThrow("is not JSON");
    expect(plan).not.toThrow("hunter2");
  });

  it("asks for --yes above the cost bound and states the estimated cost", () => {
    const dear = { url: URL_OF_STACK, subscribers: "2000", rate: "100", seconds: "60" };
    expect(() => parseAwsPlan(dear, {})).toThrow("12,016,000 messages, and costs about 12.");
    expect(parseAwsPlan({ ...dear, yes: true }, {}).subscribers).toBe(2000);
  });

  it("has bounds", () => {
    for (const wrong of [{ rate: "0" }, { subscribers: "1.5" }, { seconds: "1e9" }, { bytes: "32768" }]) {
      expect(() => parseAwsPlan({ url: URL_OF_STACK, ...wrong }, {})).toThrow(UserError);
    }
  });
});

test("aws: a load against what a URL names, here the local runtime", async () => {
  const runtime = await startLoadRuntime(ROOT);
  try {
    const plan = parseAwsPlan({ url: runtime.websocketUrl, subscribers: "3", rate: "10", seconds: "1" }, {});
    const result = await measureAws({ progress: () => undefined }, plan);
    expect(result).toMatchObject({ published: 10, subscribers: 3, bytes: 100, failed: {}, missing: 0 });
    expect(result.complete.p50).toBeGreaterThanOrEqual(result.received.p50);
    expect(result.acknowledged.p50).toBeGreaterThan(0);
    expect(aws.table(result)).toContain("| publish → received by all |");
  } finally {
    await runtime.close();
  }
}, 600_000);

test("aws: an unreachable endpoint is an error, and not an endless wait", async () => {
  const plan = parseAwsPlan({ url: "ws://127.0.0.1:1/live", subscribers: "1" }, {});
  await expect(measureAws({ progress: () => undefined }, plan)).rejects.toThrow("could not connect");
}, 600_000);
