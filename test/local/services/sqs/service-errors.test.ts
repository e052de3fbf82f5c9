import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from "@aws-sdk/client-sqs";
import { sign } from "aws4";
import { PLACE } from "../lambda/invoke/support.js";
import { useSqs } from "./service-bench.js";
import { queueModel } from "./support.js";

const MEBIBYTE = 1024 * 1024;

describe("errors of SQS", () => {
  const sqs = useSqs();
  const { credentials, log, clientOf, urlOf, QueueUrl, send, receive } = sqs;

  test("refuses who has no permission, in AWS's words, and nothing is sent", async () => {
    const { arn } = queueModel("other");
    await expect(send({ QueueUrl: urlOf("other") })).rejects.toMatchObject({
      Code: "AccessDenied",
      message: `User: arn:aws:sts::123456789012:assumed-role/App-Role/App-Caller is not authorized to perform: sqs:sendmessage on resource: ${arn} because no identity-based policy allows the sqs:sendmessage action`,
      $metadata: { httpStatusCode: 403 },
    });
    expect(sqs.queues.find("other")!.queue.counts.visible).toBe(0);
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
    expect((await fetch(sqs.service.endpoint, { method: "POST", body: "{}" })).status).toBe(403);
    const body = JSON.stringify({ QueueUrl: QueueUrl(), MessageBody: "hello" });
    const headers = { "x-amz-target": "AmazonSQS.SendMessage", "content-type": "application/x-amz-json-1.0" };
    const raw = async (name: string): Promise<number> => {
      const request = {
        host: new URL(sqs.service.endpoint).host,
        path: "/",
        method: "POST",
        body,
        service: name,
        region: PLACE.region,
        headers: { ...headers },
      };
      const signed = sign(request, credentials.of("Caller")).headers as Record<string, string>;
      return (await fetch(sqs.service.endpoint, { method: "POST", headers: signed, body })).status;
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
    ["a URL that is no queue's", () => send({ QueueUrl: sqs.service.endpoint }), "QueueDoesNotExist", "does not exist"],
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
      () => sqs.client.send(new DeleteMessageCommand({ QueueUrl: QueueUrl(), ReceiptHandle: "x" })),
      "ReceiptHandleIsInvalid",
      "not a valid receipt handle",
    ],
    [
      "an unknown attribute",
      () => sqs.client.send(new GetQueueAttributesCommand({ QueueUrl: QueueUrl(), AttributeNames: ["Odd" as "All"] })),
      "InvalidAttributeName",
      "Unknown Attribute Odd.",
    ],
    [
      "no entries",
      () => sqs.client.send(new SendMessageBatchCommand({ QueueUrl: QueueUrl(), Entries: [] })),
      "EmptyBatchRequest",
      "at least one SendMessageBatchRequestEntry",
    ],
    [
      "too many entries",
      () => sqs.client.send(new SendMessageBatchCommand({ QueueUrl: QueueUrl(), Entries: entries(11) })),
      "TooManyEntriesInBatchRequest",
      "You have sent 11.",
    ],
    [
      "too long a batch",
      () =>
        sqs.client.send(
          new SendMessageBatchCommand({ QueueUrl: QueueUrl(), Entries: entries(2, "x".repeat(MEBIBYTE / 2 + 1)) }),
        ),
      "BatchRequestTooLong",
      "You have sent 1048578 bytes.",
    ],
    [
      "an id twice",
      () =>
        sqs.client.send(new SendMessageBatchCommand({ QueueUrl: QueueUrl(), Entries: [...entries(1), ...entries(1)] })),
      "BatchEntryIdsNotDistinct",
      "Id 0 repeated.",
    ],
    [
      "an id that is none",
      () =>
        sqs.client.send(
          new SendMessageBatchCommand({ QueueUrl: QueueUrl(), Entries: [{ Id: "a b", MessageBody: "x" }] }),
        ),
      "InvalidBatchEntryId",
      "alphanumeric",
    ],
    [
      "an operation that is not served",
      () => sqs.client.send(new ListQueuesCommand({})),
      "UnknownOperation",
      "ListQueues is not served locally.",
    ],
  ])("refuses %s", async (_, act, name, message) => {
    await expect(act()).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
    expect(sqs.queues.find("jobs")!.queue.counts).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });
});
