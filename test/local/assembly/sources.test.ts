import { functionUrlIds, readSystem } from "../../../local/assembly/read-system.js";
import type { Resource } from "../../../local/assembly/template/template.js";
import { construct, fn, removeFolders, resource, writeAssembly } from "./support.js";

afterAll(removeFolders);

const arn = (logicalId: string) => ({ "Fn::GetAtt": [logicalId, "Arn"] });
const ARN = "arn:aws:events:us-east-1:123456789012";

const write = (resources: Record<string, Resource>, Outputs = {}): string =>
  writeAssembly({ name: "App", template: { Resources: { ...construct(), ...resources }, Outputs } });

const read = (resources: Record<string, Resource>) => readSystem(write(resources)).model;

const rule = (properties: object = {}) =>
  resource("App/Rule", "AWS::Events::Rule", {
    Name: "rule",
    EventPattern: { source: ["shop"] },
    Targets: [{ Id: "T", Arn: arn("Fn") }],
    ...properties,
  });

const bus = resource("App/Bus", "AWS::Events::EventBus", { Name: "orders" });

describe("a rule that waits for events", () => {
  test("is read anywhere in the stack, and the construct's schedule stays one", () => {
    const model = read({ Rule: rule() });
    expect(model.rules).toEqual([
      {
        logicalId: "Rule",
        name: "rule",
        arn: `${ARN}:rule/rule`,
        bus: "default",
        pattern: { source: ["shop"] },
        targets: [{ id: "T", functionId: "Fn", input: {} }],
      },
    ]);
    expect(model.schedules).toMatchObject([{ logicalId: "Sweep" }]);
    expect(model.external).toMatchObject([{ logicalId: "Rule", verdict: "run" }]);
  });

  test.each([
    ["its name", { Ref: "Bus" }],
    ["its ARN", arn("Bus")],
  ])("names a bus of the template by %s, also in its ARN", (_, EventBusName) => {
    const model = read({ Bus: bus, Rule: rule({ EventBusName }) });
    expect(model.rules).toMatchObject([{ bus: "orders", arn: `${ARN}:rule/orders/rule` }]);
    expect(model.buses).toEqual(["orders"]);
  });

  test("runs functions outside the construct, and warns of other targets", () => {
    const Targets = [
      { Id: "A", Arn: arn("Other"), InputPath: "$.detail" },
      { Id: "B", Arn: arn("Queue") },
    ];
    const model = read({
      Other: fn("App/Other"),
      Queue: resource("App/Queue", "AWS::SQS::Queue"),
      Rule: rule({ Targets }),
    });
    expect(model.rules).toMatchObject([
      { targets: [{ id: "A", functionId: "Other", input: { InputPath: "$.detail" } }] },
    ]);
    expect(model.warnings).toEqual([
      expect.stringMatching(/^Rule does not run arn:aws:sqs:.* here: only functions are\.$/),
    ]);
  });

  test.each<[string, object, string, string]>([
    ["disabled", { State: "DISABLED" }, "left", "it is disabled"],
    [
      "without a function",
      { Targets: [{ Id: "B", Arn: "arn:aws:sqs:::q" }] },
      "left",
      "it has no function as a target (arn:aws:sqs:::q)",
    ],
    ["without targets", { Targets: undefined }, "left", "it has no function as a target (none)"],
    ["on another bus", { EventBusName: "elsewhere" }, "refused", "its bus elsewhere is not in the template"],
    [
      "with an unknown operator",
      { EventPattern: { a: [{ odd: 1 }] } },
      "refused",
      "its EventPattern is not valid: a has the operator odd, which is not known here",
    ],
    [
      "with an input that is none",
      { Targets: [{ Id: "T", Arn: arn("Fn"), InputTransformer: { InputTemplate: "<x>" } }] },
      "refused",
      "target T: its InputTemplate has the invalid placeholder x",
    ],
  ])("%s does not run, with the reason", (_, properties, verdict, reason) => {
    const model = read({ Rule: rule(properties) });
    expect(model.rules).toEqual([]);
    expect(model.external).toEqual([{ logicalId: "Rule", type: "AWS::Events::Rule", verdict, reason }]);
  });
});

describe("a resource policy", () => {
  const permission = (properties: object) =>
    resource("App/Permission", "AWS::Lambda::Permission", {
      FunctionName: arn("Fn"),
      Action: "lambda:InvokeFunction",
      Principal: "events.amazonaws.com",
      ...properties,
    });

  test.each<[object, object]>([
    [
      { SourceArn: "a", SourceAccount: 5 },
      { sourceArn: "a", sourceAccount: "5" },
    ],
    [
      { FunctionName: { Ref: "Fn" }, Principal: "*", FunctionUrlAuthType: "NONE" },
      { principal: "*", authType: "NONE" },
    ],
    [{ InvokedViaFunctionUrl: true }, { conditional: "url" }],
    [{ InvokedViaFunctionUrl: true, EventSourceToken: "x" }, { conditional: "unknown" }],
    [{ PrincipalOrgID: "o-1" }, { conditional: "unknown" }],
  ])("%j", (properties, expected) => {
    const common = { functionId: "Fn", action: "lambda:InvokeFunction", principal: "events.amazonaws.com" };
    expect(read({ Permission: permission(properties) }).permissions).toEqual([{ ...common, ...expected }]);
  });

  test("is ignored for API Gateway and for a function elsewhere", () => {
    const model = read({
      A: permission({ Principal: "apigateway.amazonaws.com" }),
      B: permission({ FunctionName: "elsewhere" }),
    });
    expect(model.permissions).toEqual([]);
  });
});

describe("a function URL", () => {
  const url = (properties: object = {}) =>
    resource("App/Url", "AWS::Lambda::Url", { AuthType: "AWS_IAM", TargetFunctionArn: arn("Fn"), ...properties });

  test("has its local address in variables and outputs", () => {
    const Value = { "Fn::GetAtt": ["Url", "FunctionUrl"] };
    const Other = fn("App/Other", { Environment: { Variables: { URL: Value } } });
    const assembly = write({ Url: url(), Other }, { Url: { Value }, Odd: { Value: { "Fn::ImportValue": "x" } } });
    expect(functionUrlIds(assembly)).toEqual(["Url"]);
    const here = readSystem(assembly, { urls: { Url: "http://127.0.0.1:1/" } }).model;
    expect(here.functions.find(({ logicalId }) => logicalId === "Other")?.environment).toEqual({
      URL: "http://127.0.0.1:1/",
    });
    expect(here.outputs).toEqual({ Url: "http://127.0.0.1:1/" });
    expect(readSystem(assembly).model.outputs["Url"]).toMatch(
      /^https:\/\/[a-z0-9]{32}\.lambda-url\.us-east-1\.on\.aws\/$/,
    );
    expect(here.urls).toEqual([
      {
        logicalId: "Url",
        functionId: "Fn",
        urlId: expect.stringMatching(/^[a-z0-9]{32}$/),
        functionArn: expect.stringMatching(/:function:App-Fn-/),
        authType: "AWS_IAM",
      },
    ]);
  });

  test("has its CORS configuration", () => {
    const Cors = { AllowOrigins: ["https://a"], AllowCredentials: true, MaxAge: 5 };
    const lists = { allowMethods: [], allowHeaders: [], exposeHeaders: [] };
    expect(read({ Url: url({ Cors }) }).urls).toMatchObject([
      { cors: { allowOrigins: ["https://a"], allowCredentials: true, maxAgeSeconds: 5, ...lists } },
    ]);
  });

  test.each<[object, string]>([
    [{ Qualifier: "live" }, "aliases are not known here"],
    [{ InvokeMode: "RESPONSE_STREAM" }, "streamed responses are not known here"],
    [{ AuthType: "OTHER" }, "its AuthType OTHER is not known here"],
    [{ TargetFunctionArn: "elsewhere" }, "its function elsewhere is not run here"],
  ])("with %j is refused, with the reason", (properties, reason) => {
    const model = read({ Url: url(properties) });
    expect(model.urls).toEqual([]);
    expect(model.external).toMatchObject([{ logicalId: "Url", verdict: "refused", reason }]);
  });
});

test("users have what policies give them, and groups are a doubt", () => {
  const policy = resource("App/P", "AWS::IAM::Policy", {
    PolicyName: "P",
    Users: [{ Ref: "User" }],
    PolicyDocument: { Statement: [{ Effect: "Allow", Action: "events:PutEvents", Resource: "*" }] },
  });
  const [user] = read({ User: resource("App/User", "AWS::IAM::User", { Groups: ["g"] }), P: policy }).users;
  expect(user).toMatchObject({ logicalId: "User", uniqueId: expect.stringMatching(/^AIDA[A-Z0-9]{17}$/) });
  expect(user?.statements).toMatchObject([{ actions: { patterns: ["events:PutEvents"] } }]);
  expect(user?.doubts).toEqual(["Groups of User are not known here: nothing is allowed by them."]);
});
