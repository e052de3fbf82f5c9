import { existsSync } from "node:fs";
import { Duration, type Stack } from "aws-cdk-lib";
import * as ecr from "aws-cdk-lib/aws-ecr";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { LambdaDestination } from "aws-cdk-lib/aws-lambda-destinations";
import type { InvocationReport } from "../../local/services/lambda/runtime/pool.js";
import { pythonTest } from "../python.js";
import { TestSystem } from "./support/system.js";

/** Waits a thousandth of what AWS waits: 60 and 120 milliseconds. */
const SCALE = 0.001;

/** Invokes what its event says with the SDK that it finds in its runtime, as it does in AWS. */
const CALLER = `
  const { InvokeCommand, LambdaClient } = require("@aws-sdk/client-lambda");
  const client = new LambdaClient({ maxAttempts: 1 });
  exports.handler = async ({ payload, ...input }) => {
    try {
      const answer = await client.send(new InvokeCommand({ ...input, Payload: JSON.stringify(payload ?? null) }));
      const { StatusCode: status, FunctionError: error, $metadata } = answer;
      const text = answer.Payload?.transformToString();
      return { status, error, requestId: $metadata.requestId, payload: text ? JSON.parse(text) : undefined };
    } catch ({ name, message }) {
      return { name, message };
    }
  };`;

const GREETER = `
def handler(event, context):
    if event.get("fail"):
        raise ValueError("no such name")
    return {"greeting": "Hello, " + event["name"] + "!", "by": context.function_name}
`;

/** Fails its first two runs in an environment, as the number in its answer shows. */
const FLAKY = `
  let runs = 0;
  exports.handler = async () => {
    runs += 1;
    if (runs < 3) throw new Error("not yet");
    return runs;
  };`;

const addResources = (stack: Stack): void => {
  const inline = (id: string, code: string, more: Partial<lambda.FunctionProps> = {}): lambda.Function =>
    new lambda.Function(stack, id, {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: "index.handler",
      code: lambda.Code.fromInline(code),
      timeout: Duration.seconds(30),
      ...more,
    });
  const greeter = inline("Greeter", GREETER, { runtime: lambda.Runtime.PYTHON_3_13 });
  const witness = inline("Witness", "exports.handler = async (event) => event;");
  const flaky = inline("Flaky", FLAKY);
  const hopeless = inline("Hopeless", 'exports.handler = async () => { throw new Error("never"); };', {
    retryAttempts: 1,
    onFailure: new LambdaDestination(witness),
  });
  const image = new lambda.Function(stack, "Image", {
    runtime: lambda.Runtime.FROM_IMAGE,
    handler: lambda.Handler.FROM_IMAGE,
    code: lambda.Code.fromEcrImage(ecr.Repository.fromRepositoryName(stack, "Images", "images")),
  });
  const caller = inline("Caller", CALLER);
  for (const each of [greeter, flaky, hopeless, image]) each.grantInvoke(caller);
  inline("Stranger", CALLER);
};

interface CallerAnswer {
  status?: number;
  error?: string;
  requestId?: string;
  payload?: unknown;
  name?: string;
  message?: string;
}

describe("functions next to the construct", () => {
  let system: TestSystem;
  beforeAll(async () => {
    // Denied on purpose below: not for the list of the construct's denied calls.
    system = await TestSystem.start({ addResources, asyncRetryScale: SCALE, permissionsLog: false });
  });
  afterAll(() => system.close());

  const nameOf = (constructId: string): string => {
    const { functions, unrunnable } = system.running.model;
    const id = system.functionOf(constructId);
    return [...functions, ...unrunnable].find(({ logicalId }) => logicalId === id)!.name;
  };

  const call = async (target: string, more: object = {}, by = "Caller"): Promise<CallerAnswer> => {
    const result = await system.running.invoke(system.functionOf(by), { FunctionName: nameOf(target), ...more });
    if (!result.ok) throw new Error(result.message);
    return result.payload as CallerAnswer;
  };

  const runsOf = (all: readonly InvocationReport[], constructId: string): InvocationReport[] =>
    all.filter(({ functionId }) => functionId === system.functionOf(constructId));

  it("start with their first invocation, and stop nothing when they cannot run", async () => {
    expect(system.running.pids).toEqual([]);
    const verdicts = new Map(system.running.model.external.map(({ logicalId, verdict }) => [logicalId, verdict]));
    expect(verdicts.get(system.functionOf("Greeter"))).toBe("run");
    expect(verdicts.get(system.functionOf("Image"))).toBe("refused");
    expect(await (await system.connect()).ping()).toMatchObject({ successful: true });
  });

  pythonTest("call each other by name, with the SDK of their runtime", async () => {
    const answer = await call("Greeter", { payload: { name: "Ada" } });
    expect(answer).toMatchObject({ status: 200, payload: { greeting: "Hello, Ada!", by: nameOf("Greeter") } });
    expect(answer.error).toBeUndefined();
  });

  pythonTest("receive each other's errors", async () => {
    expect(await call("Greeter", { payload: { fail: true } })).toMatchObject({
      status: 200,
      error: "Unhandled",
      payload: {
        errorType: "ValueError",
        errorMessage: "no such name",
        stackTrace: [expect.stringContaining("in handler")],
      },
    });
  });

  it("are refused what their role does not allow, and nothing runs", async () => {
    const { name, message } = await call("Flaky", {}, "Stranger");
    expect(name).toBe("AccessDeniedException");
    expect(message).toMatch(
      /assumed-role\/Test-Stranger\S+ is not authorized to perform: lambda:InvokeFunction on resource: arn:\S+:function:Test-Flaky\S+ because no identity-based policy allows/,
    );
    expect(runsOf(system.invocations, "Flaky")).toEqual([]);
  });

  it("that cannot be run are errors that say why", async () => {
    expect(await call("Image")).toEqual({
      name: "InvalidParameterValueException",
      message: expect.stringContaining(
        "cannot be run locally: only Node and Python functions run locally, not container images",
      ),
    });
  });

  it("are retried with the same request id after an asynchronous invocation", async () => {
    const { status, requestId, payload } = await call("Flaky", { InvocationType: "Event", payload: { a: 1 } });
    expect([status, payload]).toEqual([202, undefined]);
    const runs = await system.invoked((all) => runsOf(all, "Flaky").length === 3 && runsOf(all, "Flaky"), "three runs");
    expect(runs.map(({ result }) => result.ok)).toEqual([false, false, true]);
    expect(new Set(runs.map((run) => run.requestId))).toEqual(new Set([requestId]));
    expect(runs.map(({ event }) => event)).toEqual([{ a: 1 }, { a: 1 }, { a: 1 }]);
  });

  it("fail for good after their retries, and notify the destination", async () => {
    const { requestId } = await call("Hopeless", { InvocationType: "Event", payload: { b: 2 } });
    const notification = await system.invoked((all) => runsOf(all, "Witness")[0], "the destination");
    expect(notification.event).toMatchObject({
      requestContext: { requestId, condition: "RetriesExhausted", approximateInvokeCount: 2 },
      requestPayload: { b: 2 },
      responsePayload: { errorType: "Error", errorMessage: "never" },
    });
    expect(runsOf(system.invocations, "Hopeless")).toHaveLength(2);
    expect(
      system.logs.some(({ level, message }) => level === "error" && message.startsWith("RetriesExhausted: Hopeless")),
    ).toBe(true);
  });
});

describe("a run that ends", () => {
  it("says what was pending, and leaves no inline code behind", async () => {
    const system = await TestSystem.start({ addResources, permissionsLog: false });
    const hopeless = system.functionOf("Hopeless");
    const { name, code } = system.running.model.functions.find(({ logicalId }) => logicalId === hopeless)!;
    await system.running.invoke(system.functionOf("Caller"), { FunctionName: name, InvocationType: "Event" });
    await system.invoked((all) => all.find(({ functionId }) => functionId === hopeless), "the first attempt");
    expect(existsSync(code)).toBe(true);
    await system.close();
    expect(existsSync(code)).toBe(false);
    expect(system.logs).toContainEqual({
      level: "warn",
      source: "lambda",
      message: expect.stringMatching(/pending are lost:\n {2}Hopeless\w+ \([\w-]+\): attempt 2 was due in \d+ s$/),
    });
  });
});
