import { attributesMd5 } from "../queue/attributes.js";
import { type Delivery, type MessageAttribute, systemAttributes } from "../queue/message.js";
import { md5 } from "../api/send.js";

/**
 * A message as a function gets it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event
 */
export interface SqsRecord {
  messageId: string;
  receiptHandle: string;
  body: string;
  attributes: Record<string, string>;
  messageAttributes: Record<string, object>;
  md5OfBody: string;
  /** Absent: the message has no attributes. */
  md5OfMessageAttributes?: string;
  eventSource: "aws:sqs";
  eventSourceARN: string;
  awsRegion: string;
}

/** Makes a function's record of a message. */
export const sqsRecord = (delivery: Delivery, queueArn: string): SqsRecord => {
  const digest = attributesMd5(delivery.attributes);
  const attributes = Object.entries(delivery.attributes).map(([name, value]) => [name, eventAttribute(value)] as const);
  return {
    messageId: delivery.id,
    receiptHandle: delivery.receiptHandle,
    body: delivery.body,
    attributes: systemAttributes(delivery),
    messageAttributes: Object.fromEntries(attributes),
    md5OfBody: md5(delivery.body),
    ...(digest !== undefined && { md5OfMessageAttributes: digest }),
    eventSource: "aws:sqs",
    eventSourceARN: queueArn,
    awsRegion: queueArn.split(":")[3] ?? "",
  };
};

/** Lists are in the event although no message can have one. */
const eventAttribute = ({ DataType, StringValue, BinaryValue }: MessageAttribute): object => ({
  ...(StringValue !== undefined && { stringValue: StringValue }),
  ...(BinaryValue !== undefined && { binaryValue: BinaryValue }),
  stringListValues: [],
  binaryListValues: [],
  dataType: DataType,
});
