import { readSystem } from "../../../local/assembly/read-system.js";
import type { Resource } from "../../../local/assembly/template/template.js";
import { construct, fn, removeFolders, resource, writeAssembly } from "./support.js";

afterAll(removeFolders);

const arn = (logicalId: string) => ({ "Fn::GetAtt": [logicalId, "Arn"] });

const read = (resources: Record<string, Resource>, queues?: string) => {
  const folder = writeAssembly({
    name: "App",
    template: { Resources: { ...construct(), ...resources }, Outputs: OUTPUTS },
  });
  return readSystem(folder, queues === undefined ? {} : { queues }).model;
};

const OUTPUTS = { Url: { Value: { Ref: "Queue" } }, Name: { Value: { "Fn::GetAtt": ["Queue", "QueueName"] } } };

const queue = (properties: object = {}, path = "App/PushIt/Queue") =>
  resource(path, "AWS::SQS::Queue", { QueueName: "jobs", ...properties });
const worker = fn("App/Worker", { Timeout: 20 });
const mapping = (properties: object = {}) =>
  resource("App/PushIt/Mapping", "AWS::Lambda::EventSourceMapping", {
    EventSourceArn: arn("Queue"),
    FunctionName: { Ref: "Worker" },
    ...properties,
  });

const verdictOf = (model: ReturnType<typeof read>, id: string) =>
  [...model.resources, ...model.external].find(({ logicalId }) => logicalId === id);

describe("a queue", () => {
  test("is read with what CloudFormation assumes where it does not say", () => {
    const model = read({ Queue: queue() });
    expect(model.queues).toEqual([
      {
        logicalId: "Queue",
        name: "jobs",
        arn: "arn:aws:sqs:us-east-1:123456789012:jobs",
        url: "https://sqs.us-east-1.amazonaws.com/123456789012/jobs",
        visibilitySeconds: 30,
        retentionSeconds: 345_600,
        delaySeconds: 0,
        waitSeconds: 0,
        maxMessageBytes: 1_048_576,
      },
    ]);
    expect(model.outputs).toEqual({ Url: "https://sqs.us-east-1.amazonaws.com/123456789012/jobs", Name: "jobs" });
    expect(verdictOf(model, "Queue")).toMatchObject({ verdict: "run" });
  });

  test("has its local URL, in the model and in outputs", () => {
    const model = read({ Queue: queue() }, "http://127.0.0.1:4000");
    expect([model.queues[0]?.url, model.outputs["Url"]]).toEqual(
      Array(2).fill("http://127.0.0.1:4000/123456789012/jobs"),
    );
    expect(model.queues[0]?.arn).toBe("arn:aws:sqs:us-east-1:123456789012:jobs");
  });

  test("is read wherever in the stack it is, with its dead-letter queue", () => {
    const RedrivePolicy = { deadLetterTargetArn: arn("Dead"), maxReceiveCount: 3 };
    const properties = {
      VisibilityTimeout: 65,
      MessageRetentionPeriod: 60,
      DelaySeconds: 5,
      ReceiveMessageWaitTimeSeconds: 20,
      MaximumMessageSize: 2048,
    };
    const model = read({
      Queue: queue({ ...properties, RedrivePolicy }),
      Dead: queue({ QueueName: "dead" }, "App/Dead"),
    });
    expect(model.queues).toMatchObject([
      {
        visibilitySeconds: 65,
        retentionSeconds: 60,
        delaySeconds: 5,
        waitSeconds: 20,
        maxMessageBytes: 2048,
        redrive: { deadLetterArn: "arn:aws:sqs:us-east-1:123456789012:dead", maxReceiveCount: 3 },
      },
      { logicalId: "Dead" },
    ]);
    expect(verdictOf(model, "Dead")).toMatchObject({ verdict: "run" });
  });

  test.each([
    ["a FIFO queue", { FifoQueue: true }, "FIFO queues are not known here"],
    [
      "one with a dead-letter queue elsewhere",
      { RedrivePolicy: { deadLetterTargetArn: "arn:aws:sqs:x:1:q", maxReceiveCount: 1 } },
      "its dead-letter queue arn:aws:sqs:x:1:q is not in the template",
    ],
    [
      "one whose redrive policy is none",
      { RedrivePolicy: {} },
      "its RedrivePolicy says no deadLetterTargetArn and maxReceiveCount",
    ],
  ])("%s is refused, with the reason", (_, properties, reason) => {
    const model = read({ Queue: queue(properties) });
    expect(model.queues).toEqual([]);
    expect(verdictOf(model, "Queue")).toMatchObject({ verdict: "refused", reason });
  });

  test("leaves the construct's queue policies and alarms inert, with a reason", () => {
    const model = read({
      Queue: queue(),
      QueuePolicy: resource("App/PushIt/QueuePolicy", "AWS::SQS::QueuePolicy", { Queues: [{ Ref: "Queue" }] }),
      Alarm: resource("App/PushIt/Alarm", "AWS::CloudWatch::Alarm", {
        Dimensions: [{ Value: { "Fn::GetAtt": ["Queue", "QueueName"] } }],
      }),
    });
    for (const id of ["QueuePolicy", "Alarm"])
      expect(verdictOf(model, id)).toMatchObject({ verdict: "inert", reason: expect.any(String) });
  });
});

describe("an event source mapping", () => {
  test("is read with what Lambda assumes where it does not say", () => {
    const model = read({ Queue: queue(), Worker: worker, Mapping: mapping() });
    expect(model.mappings).toEqual([
      {
        logicalId: "Mapping",
        functionId: "Worker",
        queueArn: "arn:aws:sqs:us-east-1:123456789012:jobs",
        batchSize: 10,
        windowSeconds: 0,
        reportsFailures: false,
      },
    ]);
    expect(verdictOf(model, "Mapping")).toMatchObject({ verdict: "run" });
  });

  test("is read with what it says, and a function by its ARN", () => {
    const properties = {
      FunctionName: arn("Worker"),
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 2,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: 7 },
    };
    const model = read({ Queue: queue(), Worker: worker, Mapping: mapping(properties) });
    expect(model.mappings).toMatchObject([
      { functionId: "Worker", batchSize: 100, windowSeconds: 2, reportsFailures: true, maxConcurrency: 7 },
    ]);
  });

  test.each<[string, object, string, string]>([
    ["that is disabled", { Enabled: false }, "inert", "it is disabled"],
    [
      "of another source",
      { EventSourceArn: "arn:aws:kinesis:::s" },
      "refused",
      "it reads arn:aws:kinesis:::s, and only queues of the template that are served are read here",
    ],
    ["for another function", { FunctionName: "elsewhere" }, "refused", "its function elsewhere is not run here"],
    ["with filters", { FilterCriteria: { Filters: [] } }, "refused", "its FilterCriteria is not known here"],
    [
      "with large batches and no window",
      { BatchSize: 11 },
      "refused",
      "a BatchSize of more than 10 takes a MaximumBatchingWindowInSeconds of at least 1",
    ],
    [
      "with one batch at a time",
      { ScalingConfig: { MaximumConcurrency: 1 } },
      "refused",
      "its MaximumConcurrency must be between 2 and 1000",
    ],
  ])("%s is not run, with the reason", (_, properties, verdict, reason) => {
    const model = read({ Queue: queue(), Worker: worker, Mapping: mapping(properties) });
    expect(model.mappings).toEqual([]);
    expect(verdictOf(model, "Mapping")).toMatchObject({ verdict, reason });
  });

  test("is refused if the function's timeout exceeds the queue's visibility timeout", () => {
    const model = read({ Queue: queue({ VisibilityTimeout: 19 }), Worker: worker, Mapping: mapping() });
    expect(verdictOf(model, "Mapping")).toMatchObject({
      verdict: "refused",
      reason: "Queue visibility timeout: 19 seconds is less than Function timeout: 20 seconds",
    });
  });
});
