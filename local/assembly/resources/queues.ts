import type { QueueModel } from "../model/queues.js";
import { MAX_MESSAGE_BYTES, QUEUE_DEFAULTS } from "../../services/sqs/limits.js";
import { type Properties, Refused, type ResourceReader } from "./reader.js";

/** CloudFormation's name of queues. */
const QUEUE = "AWS::SQS::Queue";

/** The standard queues of the stack. */
export const readQueues = (reader: ResourceReader): QueueModel[] => {
  const arns = new Set(reader.all(QUEUE).map((id) => reader.scope.lookup(id, "Arn")));
  return reader.each([QUEUE], (logicalId, properties) => {
    if (String(properties.get("FifoQueue")) === "true") throw new Refused("FIFO queues are not known here");
    const text = (attribute?: string): string => String(reader.scope.lookup(logicalId, attribute));
    const redrive = redriveOf(properties);
    if (redrive && !arns.has(redrive.deadLetterArn)) {
      throw new Refused(`its dead-letter queue ${redrive.deadLetterArn} is not in the template`);
    }
    return {
      logicalId,
      name: text("QueueName"),
      arn: text("Arn"),
      url: text(),
      visibilitySeconds: properties.number("VisibilityTimeout") ?? QUEUE_DEFAULTS.visibilitySeconds,
      retentionSeconds: properties.number("MessageRetentionPeriod") ?? QUEUE_DEFAULTS.retentionSeconds,
      delaySeconds: properties.number("DelaySeconds") ?? QUEUE_DEFAULTS.delaySeconds,
      waitSeconds: properties.number("ReceiveMessageWaitTimeSeconds") ?? QUEUE_DEFAULTS.waitSeconds,
      maxMessageBytes: properties.number("MaximumMessageSize") ?? MAX_MESSAGE_BYTES,
      ...(redrive && { redrive }),
    };
  });
};

/** An object, or its JSON. */
const redriveOf = (properties: Properties): QueueModel["redrive"] => {
  const policy = properties.get("RedrivePolicy");
  if (policy === undefined) return undefined;
  const { deadLetterTargetArn: arn, maxReceiveCount: count } = (
    typeof policy === "string" ? JSON.parse(policy) : policy
  ) as Record<string, unknown>;
  const times = Number(count);
  if (typeof arn !== "string" || !Number.isInteger(times) || times < 1) {
    throw new Refused("its RedrivePolicy says no deadLetterTargetArn and maxReceiveCount");
  }
  return { deadLetterArn: arn, maxReceiveCount: times };
};
