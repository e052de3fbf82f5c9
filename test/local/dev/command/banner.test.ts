import { banner, resourceLines } from "../../../../local/dev/command/banner.js";
import { logLine, requestLine } from "../../../../local/dev/command/output.js";
import type { Ready } from "../../../../local/dev/command/ready.js";
import { styleFor } from "../../../../local/core/terminal-style.js";
import type { SystemModel } from "../../../../local/assembly/model/system.js";

const plain = styleFor({}, {});
const ESCAPE = "\u001b";

describe("colours", () => {
  test.each([
    ["a terminal", { isTTY: true }, {}, true],
    ["a pipe", {}, {}, false],
    ["a terminal with NO_COLOR", { isTTY: true }, { NO_COLOR: "1" }, false],
    ["a dumb terminal", { isTTY: true }, { TERM: "dumb" }, false],
  ])("%s", (_, stream, env, coloured) => {
    expect(styleFor(stream, env).red("x").includes(ESCAPE)).toBe(coloured);
  });
});

describe("the banner", () => {
  const ready: Ready = {
    construct: "App/PushIt",
    websocketUrl: "ws://127.0.0.1:1/live",
    managementUrl: "http://127.0.0.1:1/live",
    consoleUrl: "http://127.0.0.1:1/",
    eventsUrl: "http://127.0.0.1:1/events",
    functionUrls: {},
    environment: { AWS_REGION: "eu-west-1", AWS_ENDPOINT_URL_LAMBDA: "http://127.0.0.1:2" },
    endpoints: {},
    outputs: {},
    region: "eu-west-1",
    account: "123456789012",
    ports: {},
    readyMs: 2345,
  };
  const facts = { ready, dynamodb: "embedded (dynalite)" };

  test.each([
    [{ source: "none" as const }, "everyone may do everything"],
    [{ source: "app" as const, file: "guards.ts" }, "guards.ts (the app's own"],
    [{ source: "file" as const, file: "try.ts" }, "try.ts (--guards"],
    [{ source: "functions" as const, functions: 1 }, "1 guard function (the app's own)"],
    [{ source: "app" as const, file: "guards.ts", functions: 2 }, "guards.ts and 2 guard functions (the app's own"],
    [{ source: "file" as const, file: "try.ts", functions: 2 }, "try.ts and 2 guard functions (--guards"],
  ])("says what runs where, and the guards: %j", (guards, said) => {
    const text = banner({ ...facts, guards }, plain);
    for (const part of [said, ready.consoleUrl, ready.websocketUrl, facts.dynamodb, "2.3 s", "two tabs"]) {
      expect(text).toContain(part);
    }
  });

  test("says how a back end publishes, if there is a publisher", () => {
    const withKeys = {
      ...ready,
      publisherName: "App-Publisher",
      credentials: { accessKeyId: "AKIA1", secretAccessKey: "s" },
    };
    const guards = { source: "none" } as const;
    expect(banner({ ...facts, guards }, plain)).not.toContain("curl");
    expect(banner({ ...facts, ready: withKeys, guards }, plain)).toMatch(
      /export AWS_REGION=eu-west-1\n[^]*curl --aws-sigv4 aws:amz:eu-west-1:lambda [^]*"\$AWS_ENDPOINT_URL_LAMBDA\/2015-03-31\/functions\/App-Publisher\/invocations"/,
    );
  });
});

test("resources are listed compactly, by type, logical id or treatment", () => {
  const inert = { type: "AWS::IAM::Role", verdict: "inert", reason: "not enforced" } as const;
  const model: SystemModel = {
    path: "App/PushIt",
    api: { logicalId: "Api", apiId: "a", stage: "live", selectionExpression: "", routes: {} },
    functions: [],
    unrunnable: [],
    roles: [],
    tables: [],
    schedules: [],
    rules: [],
    buses: [],
    urls: [],
    queues: [],
    encrypted: [],
    mappings: [],
    permissions: [],
    users: [],
    outputs: {},
    resources: [
      { logicalId: "A", type: "AWS::Lambda::Function", verdict: "run" },
      { logicalId: "B", type: "AWS::Lambda::Function", verdict: "run" },
      { logicalId: "C", type: "AWS::DynamoDB::Table", verdict: "run" },
      { logicalId: "D", ...inert },
      { logicalId: "E", ...inert },
      { logicalId: "F", type: "AWS::SQS::Queue", verdict: "refused", reason: "not known" },
    ],
    external: [
      { logicalId: "Bucket", type: "AWS::S3::Bucket", verdict: "left" },
      { logicalId: "Fn", type: "AWS::Lambda::Function", verdict: "run" },
      { logicalId: "Config", type: "AWS::Lambda::EventInvokeConfig", verdict: "run" },
      { logicalId: "Jobs", type: "AWS::SQS::Queue", verdict: "run" },
      { logicalId: "Image", type: "AWS::Lambda::Function", verdict: "refused", reason: "no images" },
      { logicalId: "Topic", type: "AWS::SNS::Topic", verdict: "left" },
    ],
    warnings: ["Open to everyone."],
  };
  expect(resourceLines(model, plain)).toBe(
    [
      "App/PushIt",
      "  run      Lambda::Function ×2, DynamoDB::Table",
      "  inert    IAM::Role ×2 – not enforced",
      "  refused  F – not known",
      "  outside  Fn – run when they are invoked",
      "  outside  Jobs – served",
      "  outside  Config – honoured",
      "  outside  Image – cannot be run: no images",
      "  outside  Bucket, Topic – left alone",
      "  warning  Open to everyone.",
      "",
    ].join("\n"),
  );
});

describe("a request's line", () => {
  const report = { functionId: "Fn", requestId: "r", ms: 4.321, cold: false };
  const event = { requestContext: { routeKey: "publish" } };

  test.each([
    [{ ...report, event, result: { ok: true as const, payload: { statusCode: 200 } } }, /^publish +4\.3 ms {2}200\n$/],
    [
      { ...report, event, cold: true, ms: 123.4, result: { ok: true as const, payload: null } },
      /^publish +123 ms {2}ok {2}cold start\n$/,
    ],
    [
      { ...report, event: { "detail-type": "Scheduled Event" }, result: { ok: true as const, payload: null } },
      /^schedule /,
    ],
    [
      { ...report, event: {}, result: { ok: false as const, kind: "timeout" as const, message: "too late" } },
      /^Fn .*timeout: too late\n$/,
    ],
  ])("shows route, time and outcome (%#)", (each, line) => {
    expect(requestLine(each, plain)).toMatch(line);
  });
});

test("a log entry of several lines stays one block", () => {
  expect(logLine({ level: "info", source: "Fn", message: "a\rb\nc" }, plain)).toBe("Fn │ a\n     b\n     c\n");
});
