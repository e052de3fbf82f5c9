import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSystem } from "../../../local/assembly/read-system.js";
import { UserError } from "../../../local/core/user-error.js";
import type { ResourceVerdict } from "../../../local/assembly/model/verdicts.js";
import { construct, fn, newFolder, removeFolders, resource, writeAssembly, writeStacks } from "./support.js";

afterEach(removeFolders);

const read = (resources = construct(), more = {}) =>
  readSystem(writeAssembly({ name: "App", template: { Resources: resources, ...more } }));

const verdict = (resources: ResourceVerdict[], logicalId: string) =>
  resources.find((each) => each.logicalId === logicalId);

describe("a construct in an assembly", () => {
  test("is read whole", () => {
    const folder = writeAssembly({
      name: "App",
      template: { Resources: construct() },
      environment: "aws://111122223333/eu-west-1",
    });
    const { model, place } = readSystem(folder);
    expect(place).toEqual({ region: "eu-west-1", account: "111122223333", partition: "aws" });
    expect(model.path).toBe("App/PushIt");
    const { apiId } = model.api;
    expect(model.functions).toEqual([
      {
        logicalId: "Fn",
        name: expect.stringMatching(/^App-Fn-/),
        code: join(folder, "asset.0123abcd"),
        handler: "index.handler",
        runtime: "nodejs24.x",
        timeoutSeconds: 12,
        memoryMb: 512,
        role: "Role",
        reservedConcurrency: 7,
        logFormat: "JSON",
        logLevel: "WARN",
        environment: {
          TABLE_NAME: model.tables[0]?.name,
          URL: `https://${apiId}.execute-api.eu-west-1.amazonaws.com/live`,
        },
      },
    ]);
    expect(model.tables).toEqual([
      {
        logicalId: "Table",
        name: expect.stringMatching(/^App-Table-/),
        keySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
        attributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      },
    ]);
    expect(model.schedules).toEqual([{ logicalId: "Sweep", functionId: "Fn", everyMs: 900_000 }]);
    const common = { functionId: "Fn", timeoutMs: 20_000 };
    expect(model.api).toEqual({
      logicalId: "Api",
      apiId: expect.stringMatching(/^[0-9a-z]{10}$/),
      stage: "live",
      selectionExpression: "$request.body.action",
      throttle: { rate: 100, burst: 50 },
      routes: {
        $connect: { ...common, routeKey: "$connect", answers: false, throttle: { rate: 10, burst: 5 } },
        ping: { ...common, routeKey: "ping", answers: true },
      },
    });
  });

  test("has a verdict for every resource, in the template's order", () => {
    const { model } = read({ ...construct(), Odd: resource("App/PushIt/Odd", "AWS::Cloud9::Environment") });
    expect(model.resources.map(({ logicalId }) => logicalId)).toEqual([...Object.keys(construct()), "Odd"]);
    expect(verdict(model.resources, "Logs")).toMatchObject({ verdict: "inert", reason: expect.any(String) });
    expect(verdict(model.resources, "Odd")).toMatchObject({
      verdict: "refused",
      reason: "AWS::Cloud9::Environment is not known here",
    });
    const run = model.resources.filter((each) => each.verdict === "run").map(({ logicalId }) => logicalId);
    expect(run).toEqual([
      "Role",
      "Policy",
      "Fn",
      "Table",
      "Api",
      "Stage",
      "Integration",
      "Connect",
      "Ping",
      "PingResponse",
      "Sweep",
    ]);
  });

  test("runs functions outside it, also below similar paths, and ignores other resources", () => {
    const { model } = read({
      ...construct(),
      Bucket: resource("App/Bucket", "AWS::S3::Bucket"),
      Other: fn("App/PushItToo/Fn", { Runtime: "python3.14", Role: { "Fn::GetAtt": ["Role", "Arn"] } }),
      Image: fn("App/Image", { Runtime: undefined, FunctionName: "image" }),
      Meta: resource("App/CDKMetadata", "AWS::CDK::Metadata"),
    });
    const reason = "only Node and Python functions run locally, not container images";
    expect(model.external).toEqual([
      { logicalId: "Bucket", type: "AWS::S3::Bucket", verdict: "left" },
      { logicalId: "Other", type: "AWS::Lambda::Function", verdict: "run" },
      { logicalId: "Image", type: "AWS::Lambda::Function", verdict: "refused", reason },
    ]);
    expect(model.resources.map(({ logicalId }) => logicalId)).toEqual(Object.keys(construct()));
    expect(model.functions.map(({ logicalId, external: outside = false }) => [logicalId, outside])).toEqual([
      ["Fn", false],
      ["Other", true],
    ]);
    expect(model.functions[1]).toMatchObject({ runtime: "python3.14", role: "Role" });
    expect(model.unrunnable).toEqual([{ logicalId: "Image", name: "image", reason }]);
  });

  test("does not run what lies outside by its own routes and schedules", () => {
    const resources = construct();
    resources.Other = fn("App/Other");
    resources.Sweep!.Properties!.Targets = [{ Arn: { "Fn::GetAtt": ["Other", "Arn"] }, Id: "Target0" }];
    const { model } = read(resources);
    expect(verdict(model.resources, "Sweep")?.reason).toBe("it takes one function of this construct");
  });

  test.each([
    ["index.js", "nodejs24.x"],
    ["index.py", "python3.14"],
  ])("writes inline code into a folder, as %s for %s", (file, Runtime) => {
    const resources = { ...construct(), Inline: fn("App/Inline", { Runtime, Code: { ZipFile: "# code" } }) };
    const assembly = writeAssembly({ name: "App", template: { Resources: resources } });
    const folder = newFolder();
    const [, inline] = readSystem(assembly, { folder }).model.functions;
    expect(inline?.code.startsWith(folder)).toBe(true);
    expect(readFileSync(join(inline!.code, file), "utf8")).toBe("# code");
    expect(readSystem(assembly, { folder }).model.functions[1]).toEqual(inline);
    expect(readSystem(assembly).model.unrunnable).toMatchObject([{ logicalId: "Inline" }]);
  });

  test("knows how functions want asynchronous invocations treated, inside and outside", () => {
    const config = (path: string, FunctionName: unknown, more: object) =>
      resource(path, "AWS::Lambda::EventInvokeConfig", { FunctionName, Qualifier: "$LATEST", ...more });
    const { model } = read({
      ...construct(),
      Other: fn("App/Other", { DeadLetterConfig: { TargetArn: "arn:aws:sqs:eu-west-1:123456789012:dead" } }),
      Third: fn("App/Third"),
      FnAsync: config("App/PushIt/FnAsync", { Ref: "Fn" }, { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 300 }),
      OtherAsync: config(
        "App/OtherAsync",
        { "Fn::GetAtt": ["Other", "Arn"] },
        {
          DestinationConfig: { OnFailure: { Destination: { "Fn::GetAtt": ["Fn", "Arn"] } } },
        },
      ),
      Alias: config("App/Alias", { Ref: "Third" }, { Qualifier: "live", MaximumRetryAttempts: 0 }),
    });
    expect(model.functions.map(({ logicalId, async }) => [logicalId, async])).toEqual([
      ["Fn", { retries: 0, maxAgeSeconds: 300 }],
      ["Other", { onFailure: expect.stringMatching(/:function:App-Fn-/), deadLetter: expect.stringMatching(/:dead$/) }],
      ["Third", undefined],
    ]);
    expect(verdict(model.resources, "FnAsync")?.verdict).toBe("run");
    expect(model.external.find(({ logicalId }) => logicalId === "Alias")).toMatchObject({
      verdict: "refused",
      reason: "it is about live, and only $LATEST is run here",
    });
  });

  test.each([
    ["another language", { Runtime: "ruby3.4" }, "only Node and Python functions run locally, not ruby3.4"],
    [
      "a runtime of its own",
      { Runtime: "provided.al2023" },
      "only Node and Python functions run locally, not provided.al2023",
    ],
    ["a container image", { Runtime: undefined }, "only Node and Python functions run locally, not container images"],
    ["layers", { Layers: ["x"] }, "layers are not known here"],
    ["code elsewhere", { Code: { S3Bucket: "b", S3Key: "k" } }, "its code is not an asset of this assembly"],
    [
      "an import",
      { Environment: { Variables: { A: { "Fn::ImportValue": "x" } } } },
      "its variable A cannot be told: Fn::ImportValue is not known here (give it: --env A=…)",
    ],
  ])("refuses a function with %s by its logical id", (_, properties, reason) => {
    const { model } = read({ ...construct(), Odd: fn("App/PushIt/Odd", properties) });
    expect(verdict(model.resources, "Odd")).toEqual({
      logicalId: "Odd",
      type: "AWS::Lambda::Function",
      verdict: "refused",
      reason,
    });
    expect(model.functions.map(({ logicalId }) => logicalId)).toEqual(["Fn"]);
  });

  test("takes the developer's value for a variable that it cannot resolve", () => {
    const Odd = fn("App/PushIt/Odd", { Environment: { Variables: { A: { "Fn::ImportValue": "x" }, B: "b" } } });
    const folder = writeAssembly({ name: "App", template: { Resources: { ...construct(), Odd } } });
    const { model } = readSystem(folder, { environment: { A: "told", C: "nobody's" } });
    expect(model.functions[1]?.environment).toEqual({ A: "told", B: "b" });
  });

  test("refuses a route whose function is refused, and says why", () => {
    const { model } = read({
      ...construct(),
      Odd: fn("App/PushIt/Odd", { Runtime: "ruby3.4" }),
      OddIntegration: resource("App/PushIt/OddIntegration", "AWS::ApiGatewayV2::Integration", {
        IntegrationType: "AWS_PROXY",
        IntegrationUri: { "Fn::Sub": "arn:aws:apigateway:x:lambda:path/functions/${Odd.Arn}/invocations" },
      }),
      OddRoute: resource("App/PushIt/OddRoute", "AWS::ApiGatewayV2::Route", {
        RouteKey: "odd",
        Target: { "Fn::Sub": "integrations/${OddIntegration}" },
      }),
    });
    expect(verdict(model.resources, "OddIntegration")?.reason).toMatch(/^its function arn:.*Odd.* is not run here$/);
    expect(verdict(model.resources, "OddRoute")).toMatchObject({
      verdict: "refused",
      reason: "its integration cannot be run",
    });
    expect(model.api.routes).not.toHaveProperty("odd");
  });

  test("leaves out what its condition excludes", () => {
    const Extra = { ...fn("App/PushIt/Extra"), Condition: "Never" };
    const { model } = read({ ...construct(), Extra }, { Conditions: { Never: { "Fn::Equals": ["a", "b"] } } });
    expect(verdict(model.resources, "Extra")).toMatchObject({
      verdict: "inert",
      reason: "its condition Never does not hold",
    });
    expect(model.functions).toHaveLength(1);
  });

  test.each([
    ["cron(0 1 * * ? *)", "refused"],
    ["rate(1 hour)", "run"],
  ])("with the schedule %s: %s", (ScheduleExpression, expected) => {
    const resources = construct();
    resources.Sweep!.Properties!.ScheduleExpression = ScheduleExpression;
    expect(verdict(read(resources).model.resources, "Sweep")?.verdict).toBe(expected);
  });

  test("with a schedule that is switched off has none", () => {
    const resources = construct();
    resources.Sweep!.Properties!.State = "DISABLED";
    const { model } = read(resources);
    expect(verdict(model.resources, "Sweep")).toMatchObject({ verdict: "inert", reason: "it is disabled" });
    expect(model.schedules).toEqual([]);
  });

  test("passes on its own warnings, without the CDK's appendix", () => {
    const warning = (data: string) => [{ type: "aws:cdk:warning", data }];
    const metadata = {
      "/App/PushIt": [...warning("Open to everyone. [ack: push-it:open]"), { type: "aws:cdk:info", data: "no" }],
      "/App/PushItToo": warning("not ours"),
    };
    const assembly = writeAssembly({ name: "App", template: { Resources: construct() }, metadata });
    expect(readSystem(assembly).model.warnings).toEqual(["Open to everyone."]);
    expect(readSystem(assembly, { acknowledged: ["push-it:open"] }).model.warnings).toEqual([]);
    expect(readSystem(assembly, { acknowledged: ["push-it:other"] }).model.warnings).toEqual(["Open to everyone."]);
  });
});

describe("which construct", () => {
  const two = () =>
    writeAssembly(
      { name: "One", template: { Resources: construct("One/PushIt") } },
      { name: "Two", template: { Resources: construct("Two/PushIt") } },
    );

  test("is clear when there is one, in a stage's nested assembly too", () => {
    const folder = newFolder();
    mkdirSync(join(folder, "assembly-Prod"));
    writeStacks(join(folder, "assembly-Prod"), [
      { name: "App", template: { Resources: construct("Prod/App/PushIt") } },
    ]);
    const nested = { type: "cdk:cloud-assembly", properties: { directoryName: "assembly-Prod" } };
    writeFileSync(join(folder, "manifest.json"), JSON.stringify({ artifacts: { nested } }));
    expect(readSystem(folder).model.path).toBe("Prod/App/PushIt");
  });

  test("has to be said when there are several", () => {
    expect(() => readSystem(two())).toThrow("The app has several Push-It constructs:\n  One/PushIt\n  Two/PushIt");
    expect(readSystem(two(), { construct: "Two/PushIt" }).model.path).toBe("Two/PushIt");
    expect(() => readSystem(two(), { construct: "Three" })).toThrow("There is no Push-It construct Three.");
  });

  test.each([
    [
      "no construct",
      () => writeAssembly({ name: "App", template: { Resources: {} } }),
      "No Push-It construct was found (stacks: App).",
    ],
    ["no assembly", () => tmpdir(), "is not a cloud assembly"],
    ["a newer construct", () => newer(), "was made by a newer push-it-aws"],
    ["no path metadata", () => unmarked(), "does not say which resources belong to App/PushIt"],
    ["no API that runs", () => withoutStage(), "The construct has 0 stages that can be run; it takes one."],
  ])("%s is a clear error", (_, folder, message) => {
    expect(() => readSystem(folder())).toThrow(UserError);
    expect(() => readSystem(folder())).toThrow(message);
  });

  const newer = () => {
    const resources = construct();
    resources.Api!.Metadata!["push-it:construct"] = { path: "App/PushIt", version: 2 };
    return writeAssembly({ name: "App", template: { Resources: resources } });
  };

  const unmarked = () => {
    const resources = construct();
    delete resources.Api!.Metadata!["aws:cdk:path"];
    return writeAssembly({ name: "App", template: { Resources: resources } });
  };

  const withoutStage = () => {
    const { Stage: _, ...resources } = construct();
    return writeAssembly({ name: "App", template: { Resources: resources } });
  };
});
