import { Duration, type Stack } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import * as sqs from "aws-cdk-lib/aws-sqs";
import type { InvocationReport } from "../../local/services/lambda/runtime/pool.js";
import type { SqsRecord } from "../../local/services/sqs/poller/event.js";
import { TestSystem } from "./support/system.js";

// A system has to be synthesized and started, on however busy a machine.
jest.setTimeout(300_000);

/** A visibility timeout of 40 s is 4 s: longer than a batch takes here, on a busy machine too. */
const SCALE = 0.1;

/** Sends what its event says with the SDK that it finds in its runtime, as it does in AWS. */
const SENDER = `
  const { GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } = require("@aws-sdk/client-sqs");
  const client = new SQSClient({ maxAttempts: 1 });
  exports.handler = async ({ bodies, count }) => {
    const QueueUrl = process.env.QUEUE_URL;
    try {
      if (count) return (await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }))).Attributes;
      const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
      const { Successful } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      return { sent: Successful.length };
    } catch ({ name, message }) {
      return { name, message };
    }
  };`;

/** Crashes, fails or reports, as a message says, the first time that it receives the message. */
const WORKER = `
  exports.handler = async ({ Records }) => {
    const first = Records.filter(({ attributes }) => attributes.ApproximateReceiveCount === "1");
    if (first.some(({ body }) => body === "crash")) process.exit(1);
    if (first.some(({ body }) => body === "throw")) throw new Error("not this time");
    const failed = [...first.filter(({ body }) => body === "once"), ...Records.filter(({ body }) => body === "never")];
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };`;

const MAX_RECEIVES = 3;

const addResources = (stack: Stack): void => {
  const inline = (id: string, code: string, environment: Record<string, string> = {}): lambda.Function =>
    new lambda.Function(stack, id, {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: "index.handler",
      code: lambda.Code.fromInline(code),
      timeout: Duration.seconds(35),
      environment,
    });
  const dead = new sqs.Queue(stack, "Dead", { enforceSSL: true, visibilityTimeout: Duration.seconds(40) });
  const queue = new sqs.Queue(stack, "Jobs", {
    visibilityTimeout: Duration.seconds(40),
    deadLetterQueue: { queue: dead, maxReceiveCount: MAX_RECEIVES },
  });
  dead.metricApproximateNumberOfMessagesVisible().createAlarm(stack, "Alarm", { threshold: 1, evaluationPeriods: 1 });
  const sender = inline("Sender", SENDER, { QUEUE_URL: queue.queueUrl });
  queue.grantSendMessages(sender);
  queue.grant(sender, "sqs:GetQueueAttributes");
  inline("Stranger", SENDER, { QUEUE_URL: queue.queueUrl });
  inline("Worker", WORKER).addEventSource(
    new SqsEventSource(queue, { reportBatchItemFailures: true, maxConcurrency: 2 }),
  );
  inline("Undertaker", "exports.handler = async () => {};").addEventSource(new SqsEventSource(dead));
};

interface Run {
  ok: boolean;
  records: SqsRecord[];
}

describe("queues next to the construct", () => {
  let system: TestSystem;
  const duplicated = new Set<string>();
  beforeAll(async () => {
    system = await TestSystem.start({
      addResources,
      queueWaitScale: SCALE,
      // Denied on purpose below: not for the list of the construct's denied calls.
      permissionsLog: false,
      faults: {
        duplicateDelivery: (_, id) => duplicate && !duplicated.has(id) && Boolean(duplicated.add(id)),
      },
    });
  });
  afterAll(() => system.close());

  let duplicate = false;

  const ask = async (by: string, event: object): Promise<Record<string, unknown>> => {
    const result = await system.running.invoke(system.functionOf(by), event);
    if (!result.ok) throw new Error(result.message);
    return result.payload as Record<string, unknown>;
  };

  const runsOf = (all: readonly InvocationReport[], constructId: string, body: string): Run[] =>
    all
      .filter(({ functionId }) => functionId === system.functionOf(constructId))
      .map(({ event, result }) => ({ ok: result.ok, records: (event as { Records: SqsRecord[] }).Records }))
      .filter(({ records }) => records.some((each) => each.body === body));

  const runs = (body: string, count: number, by = "Worker"): Promise<Run[]> =>
    system.invoked(
      (all) => runsOf(all, by, body).length >= count && runsOf(all, by, body),
      `${count} runs with ${body}`,
    );

  const receivesOf = (all: Run[], body: string): string[] =>
    all.map(({ records }) => records.find((each) => each.body === body)!.attributes["ApproximateReceiveCount"]!);

  it("run functions with the messages that functions send, in AWS's shape", async () => {
    expect(await ask("Sender", { bodies: ["a", "b"] })).toEqual({ sent: 2 });
    const [run] = await runs("a", 1);
    const queue = system.running.model.queues.find(({ logicalId }) => logicalId.startsWith("Jobs"))!;
    expect(run!.records[0]).toMatchObject({
      body: "a",
      attributes: { ApproximateReceiveCount: "1", SenderId: expect.stringMatching(/^AROA\w+:Test-Sender/) },
      messageAttributes: {},
      eventSource: "aws:sqs",
      eventSourceARN: queue.arn,
      awsRegion: "us-east-1",
    });
  });

  it("refuse who may not send, in AWS's words", async () => {
    const { name, message } = await ask("Stranger", { bodies: ["no"] });
    expect(name).toBe("AccessDenied");
    expect(message).toMatch(
      /assumed-role\/Test-Stranger\S+ is not authorized to perform: sqs:sendmessage on resource: arn:\S+:Test-Jobs\S+ because no identity-based policy allows/,
    );
  });

  it("deliver again what a crash or an error has cut off", async () => {
    for (const body of ["crash", "throw"]) {
      await ask("Sender", { bodies: [body] });
      const both = await runs(body, 2);
      expect([both.map(({ ok }) => ok), receivesOf(both, body)]).toEqual([
        [false, true],
        ["1", "2"],
      ]);
    }
  });

  it("deliver again only what the function reports", async () => {
    await ask("Sender", { bodies: ["fine", "once"] });
    expect(receivesOf(await runs("once", 2), "once")).toEqual(["1", "2"]);
    expect(runsOf(system.invocations, "Worker", "fine")).toHaveLength(1);
  });

  it("move failing messages to the dead-letter queue and its function", async () => {
    await ask("Sender", { bodies: ["never"] });
    const [buried] = await runs("never", 1, "Undertaker");
    expect(receivesOf(runsOf(system.invocations, "Worker", "never"), "never")).toEqual(["1", "2", "3"]);
    const { DeadLetterQueueSourceArn } = buried!.records[0]!.attributes;
    expect(DeadLetterQueueSourceArn).toMatch(/:Test-Jobs/);
  });

  it("deliver twice where a test wants it", async () => {
    duplicate = true;
    await ask("Sender", { bodies: ["twin"] });
    const both = await runs("twin", 2);
    duplicate = false;
    expect(new Set(both.map(({ records }) => records[0]!.messageId)).size).toBe(1);
  });

  it("are empty in the end, as they say themselves", async () => {
    await ask("Sender", { bodies: ["last"] });
    await runs("last", 1);
    const attributes = await ask("Sender", { count: true });
    expect(attributes).toMatchObject({ ApproximateNumberOfMessages: "0", ApproximateNumberOfMessagesDelayed: "0" });
  });

  it("are reported with their functions and dead-letter queues", () => {
    const verdicts = new Map(system.running.model.external.map(({ type, verdict }) => [type, verdict]));
    expect(
      ["AWS::SQS::Queue", "AWS::Lambda::EventSourceMapping", "AWS::SQS::QueuePolicy", "AWS::CloudWatch::Alarm"].map(
        (type) => verdicts.get(type),
      ),
    ).toEqual(["run", "run", "left", "left"]);
  });
});

describe("a run that ends", () => {
  it("reports waiting messages, and runs no function without permission to read", async () => {
    const system = await TestSystem.start({
      addResources,
      permissionsLog: false,
      edit: ({ Resources = {} }) => {
        const policy = Object.entries(Resources).find(
          ([id, { Type }]) => Type === "AWS::IAM::Policy" && id.startsWith("Worker"),
        )!;
        delete Resources[policy[0]];
      },
    });
    await system.running.invoke(system.functionOf("Sender"), { bodies: ["a", "b"] });
    await system.close();
    expect(system.logs.filter(({ source }) => source === "sqs")).toEqual([
      {
        level: "error",
        source: "sqs",
        message: expect.stringMatching(
          / does not run Worker\w+: its role may not call ReceiveMessage, DeleteMessage, GetQueueAttributes on Jobs\w+\.$/,
        ),
      },
      {
        level: "warn",
        source: "sqs",
        message: expect.stringMatching(
          /^Messages that are still queued are lost:\n {2}Jobs\w+: 2 waiting, 0 in flight, 0 delayed$/,
        ),
      },
    ]);
    expect(system.invocations.filter(({ functionId }) => functionId === system.functionOf("Worker"))).toEqual([]);
  });
});
