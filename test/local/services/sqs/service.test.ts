import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SendMessageCommandInput,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { sign } from "aws4";
import { IamPermissions } from "../../../../local/services/iam/permissions.js";
import { SignatureVerifier } from "../../../../local/core/authorization/signatures.js";
import { SYSTEM_CLOCK } from "../../../../local/core/clock.js";
import { Credentials, type FunctionCredentials } from "../../../../local/core/credentials.js";
import type { LogEntry } from "../../../../local/core/log.js";
import type { RoleModel } from "../../../../local/assembly/model/principals.js";
import { Queues } from "../../../../local/services/sqs/queue/queues.js";
import { SqsService } from "../../../../local/services/sqs/api/service.js";
import { fn, PLACE } from "../lambda/invoke/support.js";
import { queueModel } from "./support.js";

const MEBIBYTE = 1024 * 1024;

const ROLE: RoleModel = {
  logicalId: "Role",
  name: "App-Role",
  uniqueId: "AROAEXAMPLE",
  doubts: [],
  statements: [
    {
      effect: "Allow",
      actions: { not: false, patterns: ["sqs:*"], unknown: [] },
      resources: {
        not: false,
        patterns: [queueModel("jobs").arn, queueModel("dead").arn, queueModel("none").arn, queueModel("tiny").arn],
        unknown: [],
      },
      conditions: [],
    },
  ],
};

describe("SQS", () => {
  const credentials = new Credentials();
  const log: LogEntry[] = [];
  let service: SqsService;
  let queues: Queues;
  let client: SQSClient;

  const clientOf = (by: FunctionCredentials) =>
    new SQSClient({ endpoint: service.endpoint, region: PLACE.region, credentials: by, maxAttempts: 1 });
  const urlOf = (name: string) => `${service.endpoint}/${PLACE.account}/${name}`;

  beforeAll(async () => {
    service = await SqsService.listen();
    const functions = [fn("Caller"), fn("Stranger", { role: "None" })];
    const permissions = new IamPermissions(
      () => ({ place: PLACE, model: { functions, roles: [ROLE] } }),
      (entry) => log.push(entry),
    );
    queues = new Queues({ clock: SYSTEM_CLOCK, log: (entry) => log.push(entry), scale: 0.001, faults: {} });
    service.serve({
      signatures: new SignatureVerifier(credentials, "sqs"),
      permissions,
      queues,
      log: (entry) => log.push(entry),
      now: SYSTEM_CLOCK.now,
    });
    client = clientOf(credentials.of("Caller"));
  });
  beforeEach(() => {
    queues.set([]);
    queues.set([
      queueModel("jobs", {
        url: urlOf("jobs"),
        redrive: { deadLetterArn: queueModel("dead").arn, maxReceiveCount: 1 },
      }),
      queueModel("dead", { url: urlOf("dead") }),
      queueModel("tiny", { url: urlOf("tiny"), maxMessageBytes: 1024 }),
      queueModel("other", { url: urlOf("other") }),
    ]);
    log.length = 0;
  });
  afterAll(async () => {
    client.destroy();
    await service.close();
  });

  const QueueUrl = () => urlOf("jobs");
  const send = (input: Partial<SendMessageCommandInput> = {}) =>
    client.send(new SendMessageCommand({ QueueUrl: QueueUrl(), MessageBody: "hello", ...input }));
  const receive = (more: object = {}, queue = "jobs") =>
    client.send(new ReceiveMessageCommand({ QueueUrl: urlOf(queue), MaxNumberOfMessages: 10, ...more }));

  test("delivers messages with digests for the SDK, and with requested attributes", async () => {
    const MessageAttributes = {
      "order.kind": { DataType: "String", StringValue: "é" },
      count: { DataType: "Number.int", StringValue: "7" },
      raw: { DataType: "Binary", BinaryValue: Uint8Array.of(0, 255) },
    };
    const sent = await send({ MessageBody: "grüße\n", MessageAttributes });
    expect(sent.MD5OfMessageAttributes).toMatch(/^[0-9a-f]{32}$/);
    const { Messages = [] } = await receive({
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["order.*", "raw"],
    });
    const { count: _, ...wanted } = MessageAttributes;
    expect(Messages).toMatchObject([
      {
        MessageId: sent.MessageId,
        Body: "grüße\n",
        MessageAttributes: wanted,
        Attributes: { SenderId: "AROAEXAMPLE:App-Caller", ApproximateReceiveCount: "1" },
      },
    ]);
    await client.send(new DeleteMessageCommand({ QueueUrl: QueueUrl(), ReceiptHandle: Messages[0]!.ReceiptHandle! }));
    expect((await receive()).Messages).toBeUndefined();
  });

  test("makes the digest of attributes that AWS makes", async () => {
    const text = (StringValue: string) => ({ DataType: "String", StringValue });
    const MessageAttributes = { General: text("Kenobi"), Hello: text("There"), "Help.Me": text("Me") };
    expect((await send({ MessageAttributes })).MD5OfMessageAttributes).toBe("4c360f3fdafd970e05fae2f149d997f5");
    const BinaryValue = Buffer.from("traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01");
    const { MD5OfMessageAttributes } = await send({
      MessageAttributes: { attr1: { DataType: "Binary", BinaryValue } },
    });
    expect(MD5OfMessageAttributes).toBe("8cbe4db156db8a94db8b801b7addb984");
  });

  test("lets receivers wait for a message, and forgets disconnected receivers", async () => {
    const leaving = new AbortController();
    const left = client.send(new ReceiveMessageCommand({ QueueUrl: urlOf("dead"), WaitTimeSeconds: 20 }), {
      abortSignal: leaving.signal,
    });
    const waiting = receive({ WaitTimeSeconds: 20 }, "dead");
    leaving.abort();
    await expect(left).rejects.toMatchObject({ name: "AbortError" });
    await send({ QueueUrl: urlOf("dead") });
    expect((await waiting).Messages).toMatchObject([{ Body: "hello" }]);
  });

  test("moves messages received too often to the dead-letter queue, with their source", async () => {
    const { MessageId } = await send();
    await receive();
    expect((await receive({ WaitTimeSeconds: 1 })).Messages).toBeUndefined();
    const { Messages } = await receive({ MessageSystemAttributeNames: ["DeadLetterQueueSourceArn"] }, "dead");
    expect(Messages).toMatchObject([{ MessageId, Attributes: { DeadLetterQueueSourceArn: queueModel("jobs").arn } }]);
    expect(log).toMatchObject([
      { level: "warn", message: `jobs gives message ${MessageId} to dead: it was received 1 times.` },
    ]);
  });

  test("changes the visibility of a message", async () => {
    await send({ QueueUrl: urlOf("dead") });
    const [message] = (await receive({ VisibilityTimeout: 43_200 }, "dead")).Messages ?? [];
    const change = { QueueUrl: urlOf("dead"), ReceiptHandle: message!.ReceiptHandle!, VisibilityTimeout: 0 };
    await client.send(new ChangeMessageVisibilityCommand(change));
    expect((await receive({}, "dead")).Messages).toHaveLength(1);
    await expect(client.send(new ChangeMessageVisibilityCommand(change))).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: expect.stringContaining("not available for visibility timeout change"),
    });
  });

  test("answers for each entry of a batch", async () => {
    const entry = (Id: string, MessageBody: string, more = {}) => ({ Id, MessageBody, ...more });
    const Entries = [
      entry("a", "1"),
      entry("b", "\u0001"),
      entry("c", "3", { DelaySeconds: 901 }),
      entry("d", "x".repeat(2000)),
      entry("e", "5"),
    ];
    const sent = await client.send(new SendMessageBatchCommand({ QueueUrl: urlOf("tiny"), Entries }));
    expect(sent.Successful?.map(({ Id }) => Id)).toEqual(["a", "e"]);
    expect(sent.Failed).toMatchObject([
      { Id: "b", Code: "InvalidMessageContents", SenderFault: true },
      { Id: "c", Code: "InvalidParameterValue" },
      {
        Id: "d",
        Code: "InvalidParameterValue",
        Message: "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
      },
    ]);
    const handles = ((await receive({}, "tiny")).Messages ?? []).map(({ ReceiptHandle }) => ReceiptHandle!);
    const changed = await client.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: urlOf("tiny"),
        Entries: [
          { Id: "a", ReceiptHandle: handles[0]!, VisibilityTimeout: 43_200 },
          { Id: "b", ReceiptHandle: "x", VisibilityTimeout: 1 },
        ],
      }),
    );
    expect([changed.Successful, changed.Failed]).toMatchObject([
      [{ Id: "a" }],
      [{ Id: "b", Code: "ReceiptHandleIsInvalid" }],
    ]);
    const deleted = await client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: urlOf("tiny"),
        Entries: handles.map((ReceiptHandle, index) => ({ Id: `${index}`, ReceiptHandle })),
      }),
    );
    expect(deleted.Successful).toHaveLength(2);
    expect(deleted.Failed ?? []).toEqual([]);
    expect(queues.find("tiny")!.queue.counts).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  test("returns a queue's URL and attributes", async () => {
    expect((await client.send(new GetQueueUrlCommand({ QueueName: "jobs" }))).QueueUrl).toBe(QueueUrl());
    await send({ DelaySeconds: 900 });
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: QueueUrl(), AttributeNames: ["All"] }),
    );
    expect(Attributes).toMatchObject({
      QueueArn: queueModel("jobs").arn,
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesDelayed: "1",
      MaximumMessageSize: `${MEBIBYTE}`,
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueModel("dead").arn, maxReceiveCount: 1 }),
    });
  });

  test("purges a queue, once a minute", async () => {
    await send();
    await client.send(new PurgeQueueCommand({ QueueUrl: QueueUrl() }));
    expect((await receive()).Messages).toBeUndefined();
    await expect(client.send(new PurgeQueueCommand({ QueueUrl: QueueUrl() }))).rejects.toMatchObject({
      name: "PurgeQueueInProgress",
    });
  });

  test("refuses who has no permission, in AWS's words, and nothing is sent", async () => {
    const { arn } = queueModel("other");
    await expect(send({ QueueUrl: urlOf("other") })).rejects.toMatchObject({
      Code: "AccessDenied",
      message: `User: arn:aws:sts::123456789012:assumed-role/App-Role/App-Caller is not authorized to perform: sqs:sendmessage on resource: ${arn} because no identity-based policy allows the sqs:sendmessage action`,
      $metadata: { httpStatusCode: 403 },
    });
    expect(queues.find("other")!.queue.counts.visible).toBe(0);
    expect(log).toMatchObject([
      { level: "error", source: "iam", message: expect.stringContaining(`Caller may not sqs:SendMessage on ${arn}`) },
    ]);
    const stranger = clientOf(credentials.of("Stranger"));
    await expect(stranger.send(new ReceiveMessageCommand({ QueueUrl: QueueUrl() }))).rejects.toMatchObject({
      Code: "AccessDenied",
    });
    stranger.destroy();
  });

  test("refuses signatures that are none, or for another service", async () => {
    const liar = clientOf({ ...credentials.of("Caller"), secretAccessKey: "guessed" });
    await expect(liar.send(new PurgeQueueCommand({ QueueUrl: QueueUrl() }))).rejects.toMatchObject({
      name: "InvalidSignature",
    });
    liar.destroy();
    expect((await fetch(service.endpoint, { method: "POST", body: "{}" })).status).toBe(403);
    const body = JSON.stringify({ QueueUrl: QueueUrl(), MessageBody: "hello" });
    const headers = { "x-amz-target": "AmazonSQS.SendMessage", "content-type": "application/x-amz-json-1.0" };
    const raw = async (name: string): Promise<number> => {
      const request = {
        host: new URL(service.endpoint).host,
        path: "/",
        method: "POST",
        body,
        service: name,
        region: PLACE.region,
        headers: { ...headers },
      };
      const signed = sign(request, credentials.of("Caller")).headers as Record<string, string>;
      return (await fetch(service.endpoint, { method: "POST", headers: signed, body })).status;
    };
    expect([await raw("lambda"), await raw("sqs")]).toEqual([403, 200]);
  });

  const entries = (count: number, body = "x") =>
    Array.from({ length: count }, (_, index) => ({ Id: `${index}`, MessageBody: body }));

  test.each<[string, () => Promise<unknown>, string, string]>([
    [
      "a queue that does not exist",
      () => send({ QueueUrl: urlOf("none") }),
      "QueueDoesNotExist",
      "The specified queue does not exist.",
    ],
    ["a URL that is no queue's", () => send({ QueueUrl: service.endpoint }), "QueueDoesNotExist", "does not exist"],
    ["an empty message", () => send({ MessageBody: "" }), "MissingParameter", "MessageBody"],
    [
      "too long a message",
      () => send({ MessageBody: "x".repeat(MEBIBYTE + 1) }),
      "InvalidParameterValue",
      "shorter than 1048576 bytes",
    ],
    [
      "one too long with its attributes",
      () =>
        send({ MessageBody: "x".repeat(MEBIBYTE), MessageAttributes: { a: { DataType: "String", StringValue: "b" } } }),
      "InvalidParameterValue",
      "shorter than 1048576 bytes",
    ],
    [
      "a character that XML has not",
      () => send({ MessageBody: "\u0000" }),
      "InvalidMessageContents",
      "Invalid characters",
    ],
    [
      "an attribute without a value",
      () => send({ MessageAttributes: { A: { DataType: "String", StringValue: "" } } }),
      "InvalidParameterValue",
      "Message (user) attribute 'A' must contain a non-empty value of type 'String'.",
    ],
    [
      "an attribute of no type",
      () => send({ MessageAttributes: { A: { DataType: "Odd", StringValue: "a" } } }),
      "InvalidParameterValue",
      "invalid message attribute type",
    ],
    [
      "a deduplication id",
      () => send({ MessageDeduplicationId: "a" }),
      "InvalidParameterValue",
      "not valid for this queue type",
    ],
    [
      "too long a delay",
      () => send({ DelaySeconds: 901 }),
      "InvalidParameterValue",
      "Value 901 for parameter DelaySeconds is invalid",
    ],
    [
      "too many messages to receive",
      () => receive({ MaxNumberOfMessages: 11 }),
      "InvalidParameterValue",
      "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
    ],
    [
      "a receipt handle that is none",
      () => client.send(new DeleteMessageCommand({ QueueUrl: QueueUrl(), ReceiptHandle: "x" })),
      "ReceiptHandleIsInvalid",
      "not a valid receipt handle",
    ],
    [
      "an unknown attribute",
      () => client.send(new GetQueueAttributesCommand({ QueueUrl: QueueUrl(), AttributeNames: ["Odd" as "All"] })),
      "InvalidAttributeName",
      "Unknown Attribute Odd.",
    ],
    [
      "no entries",
      () => client.send(new SendMessageBatchCommand({ QueueUrl: QueueUrl(), Entries: [] })),
      "EmptyBatchRequest",
      "at least one SendMessageBatchRequestEntry",
    ],
    [
      "too many entries",
      () => client.send(new SendMessageBatchCommand({ QueueUrl: QueueUrl(), Entries: entries(11) })),
      "TooManyEntriesInBatchRequest",
      "You have sent 11.",
    ],
    [
      "too long a batch",
      () =>
        client.send(
          new SendMessageBatchCommand({ QueueUrl: QueueUrl(), Entries: entries(2, "x".repeat(MEBIBYTE / 2 + 1)) }),
        ),
      "BatchRequestTooLong",
      "You have sent 1048578 bytes.",
    ],
    [
      "an id twice",
      () => client.send(new SendMessageBatchCommand({ QueueUrl: QueueUrl(), Entries: [...entries(1), ...entries(1)] })),
      "BatchEntryIdsNotDistinct",
      "Id 0 repeated.",
    ],
    [
      "an id that is none",
      () =>
        client.send(new SendMessageBatchCommand({ QueueUrl: QueueUrl(), Entries: [{ Id: "a b", MessageBody: "x" }] })),
      "InvalidBatchEntryId",
      "alphanumeric",
    ],
    [
      "an operation that is not served",
      () => client.send(new ListQueuesCommand({})),
      "UnknownOperation",
      "ListQueues is not served locally.",
    ],
  ])("refuses %s", async (_, act, name, message) => {
    await expect(act()).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
    expect(queues.find("jobs")!.queue.counts).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  test("reports the lost messages of a removed queue, and at the end", async () => {
    await send();
    await receive();
    await send({ QueueUrl: urlOf("dead") });
    queues.set([queueModel("jobs")]);
    expect(log.at(-1)).toEqual({
      level: "warn",
      source: "sqs",
      message:
        "A queue is gone from the template, and its messages with it:\n  dead: 1 waiting, 0 in flight, 0 delayed",
    });
    await send({ DelaySeconds: 900 });
    queues.close();
    expect(log.at(-1)?.message).toMatch(
      /^Messages that are still queued are lost:\n {2}jobs: [01] waiting, [01] in flight, 1 delayed$/,
    );
  });
});
