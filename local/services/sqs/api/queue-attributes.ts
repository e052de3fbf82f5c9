import { Errors } from "../errors.js";
import type { ServedQueue } from "../queue/queues.js";

/**
 * A queue's attributes by name, as `GetQueueAttributes` has them.
 * @param wanted names, or `All`
 * @throws SqsError
 */
export const queueAttributes = (served: ServedQueue, wanted: string[]): Record<string, string> => {
  const all = everything(served);
  for (const name of wanted) if (name !== "All" && !KNOWN.has(name)) throw Errors.attributeName(name);
  return Object.fromEntries(Object.entries(all).filter(([name]) => wanted.includes("All") || wanted.includes(name)));
};

const everything = ({ model, queue, createdAt }: ServedQueue): Record<string, string> => {
  const { visible, inFlight, delayed } = queue.counts;
  const created = String(Math.floor(createdAt / 1000));
  const { redrive } = model;
  return {
    QueueArn: model.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: created,
    LastModifiedTimestamp: created,
    VisibilityTimeout: String(model.visibilitySeconds),
    MaximumMessageSize: String(model.maxMessageBytes),
    MessageRetentionPeriod: String(model.retentionSeconds),
    DelaySeconds: String(model.delaySeconds),
    ReceiveMessageWaitTimeSeconds: String(model.waitSeconds),
    SqsManagedSseEnabled: "true",
    ...(redrive && {
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: redrive.deadLetterArn,
        maxReceiveCount: redrive.maxReceiveCount,
      }),
    }),
  };
};

/** Every attribute of a standard queue. Responses leave out attributes that the queue lacks. */
const KNOWN = new Set([
  "QueueArn",
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
  "CreatedTimestamp",
  "LastModifiedTimestamp",
  "VisibilityTimeout",
  "MaximumMessageSize",
  "MessageRetentionPeriod",
  "DelaySeconds",
  "ReceiveMessageWaitTimeSeconds",
  "SqsManagedSseEnabled",
  "RedrivePolicy",
  "RedriveAllowPolicy",
  "Policy",
  "KmsMasterKeyId",
  "KmsDataKeyReusePeriodSeconds",
  "FifoQueue",
  "ContentBasedDeduplication",
]);
