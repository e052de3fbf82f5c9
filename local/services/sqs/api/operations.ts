import { attributesMd5, selectAttributes } from "../queue/attributes.js";
import { Errors, SqsError } from "../errors.js";
import { MAX_BATCH_ENTRIES, MAX_SECONDS, MAX_MESSAGE_BYTES, PURGE_INTERVAL_MS } from "../limits.js";
import { type Delivery, systemAttributes } from "../queue/message.js";
import { queueAttributes } from "./queue-attributes.js";
import type { ServedQueue } from "../queue/queues.js";
import type { SqsRequest } from "./request.js";
import { md5, readSendRequest, type SendRequest, sendResponse } from "./send.js";

/** The caller and time of a request. */
export interface OperationContext {
  /** The caller's unique id. */
  senderId: string;
  /** Epoch milliseconds. */
  now: number;
  /** Aborted when the caller has disconnected. */
  signal: AbortSignal;
}

/** One operation on a queue. */
export interface Operation {
  /** The action that its caller needs permission for. */
  action: string;
  /** @throws SqsError before any change */
  run(served: ServedQueue, request: SqsRequest, context: OperationContext): object | Promise<object>;
}

const sendMessage: Operation["run"] = (served, request, { senderId, now }) => {
  const sending = sized(readSendRequest(request, senderId, now), served);
  send(served, [sending]);
  return sendResponse(sending);
};

const sendMessageBatch: Operation["run"] = (served, request, { senderId, now }) => {
  const entries = request.entries("SendMessageBatchRequestEntry");
  const read = entries.map(({ id, entry }) => attempt(id, () => readSendRequest(entry, senderId, now)));
  const bytes = valuesOf(read).reduce((sum, sending) => sum + sending.bytes, 0);
  if (bytes > MAX_MESSAGE_BYTES) throw Errors.batchTooLong(MAX_MESSAGE_BYTES, bytes);
  const results = read.map((each) => ("value" in each ? attempt(each.id, () => sized(each.value, served)) : each));
  send(served, valuesOf(results));
  return batchAnswer(results, sendResponse);
};

const receiveMessage: Operation["run"] = async (served, request, { signal }) => {
  const max = request.integer("MaxNumberOfMessages", 1, MAX_BATCH_ENTRIES) ?? 1;
  const visibility = request.integer("VisibilityTimeout", 0, MAX_SECONDS.visibility);
  const waitSeconds = request.integer("WaitTimeSeconds", 0, MAX_SECONDS.poll) ?? served.model.waitSeconds;
  const system = [...request.texts("AttributeNames"), ...request.texts("MessageSystemAttributeNames")];
  const names = request.texts("MessageAttributeNames");
  const visibilityMs = visibility === undefined ? {} : { visibilityMs: visibility * 1000 };
  const deliveries = await served.polls.receive({ max, waitMs: waitSeconds * 1000, signal, ...visibilityMs });
  return deliveries.length === 0 ? {} : { Messages: deliveries.map((each) => received(each, system, names)) };
};

const received = (delivery: Delivery, system: string[], names: string[]): object => {
  const attributes = selectAttributes(delivery.attributes, names);
  const digest = attributesMd5(attributes);
  const isWanted = ([name]: [string, string]): boolean => system.includes("All") || system.includes(name);
  const wanted = Object.entries(systemAttributes(delivery)).filter(isWanted);
  return {
    MessageId: delivery.id,
    ReceiptHandle: delivery.receiptHandle,
    Body: delivery.body,
    MD5OfBody: md5(delivery.body),
    ...(wanted.length > 0 && { Attributes: Object.fromEntries(wanted) }),
    ...(digest !== undefined && { MessageAttributes: attributes, MD5OfMessageAttributes: digest }),
  };
};

const deleteMessage = ({ queue }: ServedQueue, request: SqsRequest): object => {
  const handle = request.text("ReceiptHandle");
  if (!queue.delete(handle)) throw Errors.receipt(handle);
  return {};
};

const changeVisibility = ({ queue, polls }: ServedQueue, request: SqsRequest): object => {
  const handle = request.text("ReceiptHandle");
  const seconds = request.integer("VisibilityTimeout", 0, MAX_SECONDS.visibility);
  if (seconds === undefined) throw Errors.missing("VisibilityTimeout");
  const outcome = queue.changeVisibility(handle, seconds * 1000);
  if (outcome === "malformed") throw Errors.receipt(handle);
  if (outcome === "gone") throw Errors.unavailable(handle);
  polls.wake();
  return {};
};

/** A batch of something that is done entry by entry. */
const batchOf =
  (what: string, run: (served: ServedQueue, entry: SqsRequest) => object): Operation["run"] =>
  (served, request) =>
    batchAnswer(
      request.entries(what).map(({ id, entry }) => attempt(id, () => run(served, entry))),
      () => ({}),
    );

const purgeQueue: Operation["run"] = (served, _, { now }) => {
  const { queue, model, purgedAt = -Infinity } = served;
  if (now - purgedAt < PURGE_INTERVAL_MS) throw Errors.purging(model.name);
  served.purgedAt = now;
  queue.purge();
  return {};
};

/** A message that is not too large for its queue. */
const sized = (sending: SendRequest, { model }: ServedQueue): SendRequest => {
  if (sending.bytes > model.maxMessageBytes) throw Errors.tooLong(model.maxMessageBytes);
  return sending;
};

const send = ({ queue, polls }: ServedQueue, sendings: SendRequest[]): void => {
  for (const { message, delayMs } of sendings) queue.send(message, delayMs);
  polls.wake();
};

type Result<T> = { id: string; value: T } | { id: string; error: SqsError };

const attempt = <T>(id: string, run: () => T): Result<T> => {
  try {
    return { id, value: run() };
  } catch (error) {
    if (error instanceof SqsError) return { id, error };
    throw error;
  }
};

const valuesOf = <T>(results: Result<T>[]): T[] => results.flatMap((each) => ("value" in each ? [each.value] : []));

const batchAnswer = <T>(results: Result<T>[], answer: (value: T) => object): object => ({
  Successful: results.flatMap((each) => ("value" in each ? [{ Id: each.id, ...answer(each.value) }] : [])),
  Failed: results.flatMap((each) => ("error" in each ? [failed(each.id, each.error)] : [])),
});

const failed = (id: string, { code, message }: SqsError): object => ({
  Id: id,
  SenderFault: true,
  Code: code,
  Message: message,
});

/** The operations that are served, by name. `GetQueueUrl` is about a queue by name, and answered apart. */
export const OPERATIONS: Record<string, Operation> = {
  SendMessage: { action: "sqs:SendMessage", run: sendMessage },
  SendMessageBatch: { action: "sqs:SendMessage", run: sendMessageBatch },
  ReceiveMessage: { action: "sqs:ReceiveMessage", run: receiveMessage },
  DeleteMessage: { action: "sqs:DeleteMessage", run: deleteMessage },
  DeleteMessageBatch: { action: "sqs:DeleteMessage", run: batchOf("DeleteMessageBatchRequestEntry", deleteMessage) },
  ChangeMessageVisibility: { action: "sqs:ChangeMessageVisibility", run: changeVisibility },
  ChangeMessageVisibilityBatch: {
    action: "sqs:ChangeMessageVisibility",
    run: batchOf("ChangeMessageVisibilityBatchRequestEntry", changeVisibility),
  },
  GetQueueUrl: { action: "sqs:GetQueueUrl", run: ({ model }) => ({ QueueUrl: model.url }) },
  GetQueueAttributes: {
    action: "sqs:GetQueueAttributes",
    run: (served, request) => {
      const attributes = queueAttributes(served, request.texts("AttributeNames"));
      return Object.keys(attributes).length === 0 ? {} : { Attributes: attributes };
    },
  },
  PurgeQueue: { action: "sqs:PurgeQueue", run: purgeQueue },
};
