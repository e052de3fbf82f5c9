import aws4 from "aws4";
import { CfnOutput, Duration, type Stack } from "aws-cdk-lib";
import { CfnRule, EventBus, EventField, Rule, RuleTargetInput } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement, Role, ServicePrincipal, User } from "aws-cdk-lib/aws-iam";
import { CfnUrl, Code, Function as Lambda, FunctionUrlAuthType, Runtime } from "aws-cdk-lib/aws-lambda";
import { UserError } from "../../local/core/user-error.js";
import { curl, curlTest } from "./support/curl.js";
import { objectCreated } from "./support/s3-event.js";
import { TestSystem } from "./support/system.js";

/** Reports its event. The event "fail" makes it fail. */
const ECHO = `
  exports.handler = async (event) => {
    if (event.rawPath === "/fail") throw new Error("no");
    if (event.rawPath === "/made") return { statusCode: 201, headers: { "x-made": "yes" }, cookies: ["a=1"], body: "made" };
    return { event, url: process.env.OTHER_URL };
  };`;

const lambda = (stack: Stack, id: string, environment: Record<string, string> = {}) =>
  new Lambda(stack, id, {
    runtime: Runtime.NODEJS_24_X,
    handler: "index.handler",
    code: Code.fromInline(ECHO),
    timeout: Duration.seconds(20),
    environment,
  });

const build = (stack: Stack): void => {
  const target = lambda(stack, "Target");
  const url = target.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
  const open = lambda(stack, "Open", { OTHER_URL: url.url });
  open.addFunctionUrl({ authType: FunctionUrlAuthType.NONE, cors: { allowedOrigins: ["https://a.example"] } });
  new CfnUrl(stack, "Closed", { authType: "NONE", targetFunctionArn: lambda(stack, "Secret").functionArn });
  new CfnOutput(stack, "Endpoint", { value: url.url });
  const bus = new EventBus(stack, "Bus");
  new Rule(stack, "S3Rule", {
    eventPattern: {
      source: ["aws.s3"],
      detailType: ["Object Created"],
      detail: { object: { key: [{ suffix: ".png" }] } },
    },
    targets: [
      new LambdaFunction(target, {
        event: RuleTargetInput.fromObject({
          key: EventField.fromPath("$.detail.object.key"),
          text: `new: ${EventField.fromPath("$.detail.bucket.name")}`,
        }),
      }),
    ],
  });
  new Rule(stack, "BusRule", {
    eventBus: bus,
    eventPattern: { source: ["shop"] },
    targets: [new LambdaFunction(target)],
  });
  new CfnRule(stack, "Forbidden", {
    eventPattern: { source: ["shop"] },
    targets: [{ id: "T", arn: open.functionArn }],
  });
  const backend = new Role(stack, "Backend", { assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com") });
  bus.grantPutEventsTo(backend);
  EventBus.grantAllPutEvents(backend);
  url.grantInvokeUrl(backend);
  const half = new Role(stack, "Half", { assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com") });
  half.addToPolicy(new PolicyStatement({ actions: ["lambda:InvokeFunctionUrl"], resources: [target.functionArn] }));
  url.grantInvokeUrl(new User(stack, "Person"));
};

/** The construct ids of these functions, by their names in the stack. */
const idOf = (system: TestSystem, ids: string[], name: string): string => {
  const found = ids.find((id) => id.startsWith(name));
  if (found === undefined)
    throw new Error(`There is no ${name} among ${ids.join(", ")}, of ${system.running.model.path}`);
  return found;
};

let system: TestSystem;
const functionId = (name: string) =>
  idOf(
    system,
    system.running.model.functions.map((each) => each.logicalId),
    name,
  );
const credentials = (name: string) => {
  const { roles, users } = system.running.model;
  return system.running.credentialsOf(
    idOf(
      system,
      [...roles, ...users].map((each) => each.logicalId),
      name,
    ),
  );
};
const url = (name: string) => {
  const { functionUrls } = system.running;
  return functionUrls[idOf(system, Object.keys(functionUrls), name)]!;
};

beforeAll(async () => {
  system = await TestSystem.start({ addResources: build });
});
afterAll(() => system.close());

/** A request to a service of this run, signed. */
const putEvents = async (entries: object[], signer = credentials("Backend")) => {
  const endpoint = system.running.endpoints["AWS_ENDPOINT_URL_EVENTBRIDGE"]!;
  const headers = { "x-amz-target": "AWSEvents.PutEvents", "content-type": "application/x-amz-json-1.1" };
  const { host } = new URL(endpoint);
  const request = { host, path: "/", method: "POST", service: "events", region: "us-east-1", headers };
  const body = JSON.stringify({ Entries: entries });
  const signed = aws4.sign({ ...request, body }, signer);
  const answer = await fetch(endpoint, { method: "POST", body, headers: signed.headers as Record<string, string> });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};

const S3_EVENT = objectCreated("pictures", "cat.png");

const invokedWith = (name: string, has: (event: unknown) => boolean) =>
  system.invoked(
    (all) => all.find((each) => each.functionId === functionId(name) && has(each.event)),
    `${name} with an event`,
  );

describe("events", () => {
  test("of AWS services run functions by the template's rules and target inputs", async () => {
    expect(system.running.emit(S3_EVENT)).toEqual([expect.stringMatching(/^S3Rule/)]);
    const { event, result } = await invokedWith("Target", (each) => (each as { key?: string }).key === "cat.png");
    expect(event).toEqual({ key: "cat.png", text: "new: pictures" });
    expect(result.ok).toBe(true);
    expect(system.running.emit({ ...S3_EVENT, detail: { ...S3_EVENT.detail, object: { key: "cat.jpg" } } })).toEqual(
      [],
    );
    expect(() => system.running.emit({ source: "aws.s3" })).toThrow(UserError);
  });

  test("can be posted to the console's port", async () => {
    const event = { ...S3_EVENT, detail: { ...S3_EVENT.detail, object: { key: "posted.png" } } };
    const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(event) };
    const answer = await fetch(new URL("/events", system.running.consoleUrl), request);
    expect(answer.status).toBe(202);
    await invokedWith("Target", (each) => (each as { key?: string }).key === "posted.png");
  });

  test("of a server program reach the bus that its role permits", async () => {
    const bus = system.running.model.buses[0];
    const entry = { EventBusName: bus, Source: "shop", DetailType: "Sold", Detail: '{"n":1}' };
    const { status, body } = await putEvents([entry, { ...entry, Source: "aws.s3" }]);
    expect([status, body["FailedEntryCount"]]).toEqual([200, 1]);
    const { event } = await invokedWith("Target", (each) => (each as { source?: string }).source === "shop");
    expect(event).toMatchObject({ "detail-type": "Sold", detail: { n: 1 }, account: "123456789012" });
    const denied = await putEvents([entry], credentials("Half"));
    expect(denied).toMatchObject({ status: 400, body: { __type: "AccessDeniedException" } });
    expect(denied.body["message"]).toMatch(
      /assumed-role\/.*Half.*\/push-it-dev is not authorized to perform: events:PutEvents/,
    );
  });

  test("run no function without a policy for the rule, and log that", async () => {
    const before = system.invocations.length;
    await putEvents([{ Source: "shop", DetailType: "Sold", Detail: "{}" }]);
    expect(system.logs.find(({ source }) => source === "events")).toMatchObject({
      level: "error",
      message: expect.stringMatching(
        /^Forbidden could not run Open.* has no AWS::Lambda::Permission for events\.amazonaws\.com/,
      ),
    });
    expect(system.invocations).toHaveLength(before);
  });

  test.each<[string, object, string]>([
    ["another's secret", { secretAccessKey: "x" }, "InvalidSignatureException"],
    ["no token", { sessionToken: undefined }, "UnrecognizedClientException"],
    ["a key that was never given", { accessKeyId: "AKIAEXAMPLE" }, "UnrecognizedClientException"],
  ])("signed with %s are refused", async (_, wrong, __type) => {
    const signer = { ...credentials("Backend"), ...wrong };
    expect(await putEvents([{ Source: "shop", DetailType: "x", Detail: "{}" }], signer)).toMatchObject({
      status: 400,
      body: { __type },
    });
  });
});

describe("a function URL with IAM", () => {
  curlTest("is called by curl with a role's credentials, and receives the role", async () => {
    const signer = credentials("Backend");
    // In alphabetical order, as AWS signs parameters: older versions of curl sign them as they stand.
    const answer = await curl(
      `${url("Target")}some/path?a=1&b=2`,
      signer,
      "-X",
      "POST",
      "-H",
      "content-type: application/json",
      "-d",
      '{"x":1}',
    );
    expect(answer.status).toBe(200);
    expect((JSON.parse(answer.body) as { event: unknown }).event).toMatchObject({
      rawPath: "/some/path",
      rawQueryString: "a=1&b=2",
      body: '{"x":1}',
      requestContext: {
        http: { method: "POST" },
        authorizer: {
          iam: {
            accessKey: signer.accessKeyId,
            userArn: expect.stringMatching(/^arn:aws:sts::123456789012:assumed-role\/.*Backend.*\/push-it-dev$/),
            userId: expect.stringMatching(/^AROA[A-Z0-9]{17}:push-it-dev$/),
          },
        },
      },
    });
    expect(answer.body).not.toContain(signer.sessionToken);
  });

  curlTest("is called by a user, whose keys need no token", async () => {
    const answer = await curl(url("Target"), credentials("Person"));
    expect(answer.status).toBe(200);
    expect(answer.body).toMatch(/"userArn":"arn:aws:iam::123456789012:user\//);
  });

  curlTest("answers what the function returns, and 502 when it fails", async () => {
    const made = await curl(`${url("Target")}made`, credentials("Backend"));
    expect(made).toMatchObject({ status: 201, body: "made", headers: { "x-made": "yes", "set-cookie": "a=1" } });
    const failed = await curl(`${url("Target")}fail`, credentials("Backend"));
    expect(failed).toMatchObject({ status: 502, body: "Internal Server Error" });
  });

  curlTest.each<[string, () => Partial<ReturnType<typeof credentials>>, RegExp]>([
    ["half of the permissions", () => credentials("Half"), /^\{"Message":"Forbidden/],
    [
      "another's secret",
      () => ({ ...credentials("Backend"), secretAccessKey: "x" }),
      /signature we calculated does not match/,
    ],
    [
      "another's token",
      () => ({ ...credentials("Backend"), sessionToken: "x" }),
      /The security token included in the request is invalid/,
    ],
    ["no credentials", () => ({}), /^\{"Message":"Forbidden/],
  ])("refuses %s with 403, and runs nothing", async (_, signer, message) => {
    const before = system.invocations.length;
    const answer = await curl(url("Target"), signer());
    expect([answer.status, answer.body]).toEqual([403, expect.stringMatching(message)]);
    expect(system.invocations).toHaveLength(before);
  });

  curlTest("refuses a signature for another service", async () => {
    expect(
      await curl(url("Target"), credentials("Backend"), "--aws-sigv4", "aws:amz:us-east-1:execute-api"),
    ).toMatchObject({ status: 403 });
  });

  test("refuses more than 6 MB", async () => {
    const answer = await fetch(url("Open"), { method: "POST", body: "x".repeat(6 * 1024 * 1024 + 1) });
    expect(answer.status).toBe(413);
  });
});

describe("a function URL for everybody", () => {
  test("takes requests without a signature, and knows the other function's local URL", async () => {
    const answer = await fetch(url("Open"), { headers: { origin: "https://a.example" } });
    const { event, url: other } = (await answer.json()) as { event: { requestContext: object }; url: string };
    expect(other).toBe(url("Target"));
    expect(system.running.model.outputs["Endpoint"]).toBe(url("Target"));
    expect(event.requestContext).toMatchObject({ accountId: "anonymous" });
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://a.example");
  });

  test("refuses requests if the function's policy does not permit all callers", async () => {
    const answer = await fetch(url("Closed"));
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringMatching(/^\{"Message":"Forbidden/)]);
  });

  test("answers preflight requests itself", async () => {
    const before = system.invocations.length;
    const headers = { origin: "https://a.example", "access-control-request-method": "POST" };
    const answer = await fetch(url("Open"), { method: "OPTIONS", headers });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([200, "https://a.example"]);
    expect(system.invocations).toHaveLength(before);
  });
});

test("only the stack's roles and users have credentials", () => {
  expect(() => system.running.credentialsOf("Stranger")).toThrow(
    new UserError("The stack has no role or user Stranger."),
  );
});
