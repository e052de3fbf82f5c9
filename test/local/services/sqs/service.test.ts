import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from "@aws-sdk/client-sqs";
import { useSqs } from "./service-bench.js";
import { queueModel } from "./support.js";

const MEBIBYTE = 1024 * 1024;

describe("SQS", () => {
  const sqs = useSqs();
  const { log, urlOf, QueueUrl, send, receive } = sqs;

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
    await sqs.client.send(
      new DeleteMessageCommand({ QueueUrl: QueueUrl(), ReceiptHandle: Messages[0]!.ReceiptHandle! }),
    );
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
    const left = sqs.client.send(new ReceiveMessageCommand({ QueueUrl: urlOf("dead"), WaitTimeSeconds: 20 }), {
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
    await sqs.client.send(new ChangeMessageVisibilityCommand(change));
    expect((await receive({}, "dead")).Messages).toHaveLength(1);
    await expect(sqs.client.send(new ChangeMessageVisibilityCommand(change))).rejects.toMatchObject({
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
    const sent = await sqs.client.send(new SendMessageBatchCommand({ QueueUrl: urlOf("tiny"), Entries }));
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
    const changed = await sqs.client.send(
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
    const deleted = await sqs.client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: urlOf("tiny"),
        Entries: handles.map((ReceiptHandle, index) => ({ Id: `${index}`, ReceiptHandle })),
      }),
    );
    expect(deleted.Successful).toHaveLength(2);
    expect(deleted.Failed ?? []).toEqual([]);
    expect(sqs.queues.find("tiny")!.queue.counts).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  test("returns a queue's URL and attributes", async () => {
    expect((await sqs.client.send(new GetQueueUrlCommand({ QueueName: "jobs" }))).QueueUrl).toBe(QueueUrl());
    await send({ DelaySeconds: 900 });
    const { Attributes } = await sqs.client.send(
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
    await sqs.client.send(new PurgeQueueCommand({ QueueUrl: QueueUrl() }));
    expect((await receive()).Messages).toBeUndefined();
    await expect(sqs.client.send(new PurgeQueueCommand({ QueueUrl: QueueUrl() }))).rejects.toMatchObject({
      name: "PurgeQueueInProgress",
    });
  });

  test("reports the lost messages of a removed queue, and at the end", async () => {
    await send();
    await receive();
    await send({ QueueUrl: urlOf("dead") });
    sqs.queues.set([queueModel("jobs")]);
    expect(log.at(-1)).toEqual({
      level: "warn",
      source: "sqs",
      message:
        "A queue is gone from the template, and its messages with it:\n  dead: 1 waiting, 0 in flight, 0 delayed",
    });
    await send({ DelaySeconds: 900 });
    sqs.queues.close();
    expect(log.at(-1)?.message).toMatch(
      /^Messages that are still queued are lost:\n {2}jobs: [01] waiting, [01] in flight, 1 delayed$/,
    );
  });
});
