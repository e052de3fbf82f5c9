import { createHash, randomUUID } from "node:crypto";
import { attributeBytes, attributesMd5, readAttributes } from "../queue/attributes.js";
import { Errors } from "../errors.js";
import { MAX_SECONDS } from "../limits.js";
import type { Message, MessageAttributes } from "../queue/message.js";
import type { SqsRequest } from "./request.js";

/** A message to send. */
export interface SendRequest {
  message: Message;
  /** Instead of the queue's own delay. */
  delayMs?: number;
  /** The size of the message and its attributes. */
  bytes: number;
  /** The system attributes of the request, for their digest. */
  systemSent: MessageAttributes;
}

/** The one system attribute that senders may give. */
const TRACE = "AWSTraceHeader";

/** Characters that XML can have, as SQS once had only XML. */
const CONTENTS = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;

/**
 * Reads a message to be sent.
 * @param senderId the sender's unique id
 * @param now epoch milliseconds
 * @throws SqsError
 */
export const readSendRequest = (request: SqsRequest, senderId: string, now: number): SendRequest => {
  const body = request.text("MessageBody");
  const attributes = readAttributes(request.object("MessageAttributes"));
  const systemSent = readAttributes(request.object("MessageSystemAttributes"));
  const delay = request.integer("DelaySeconds", 0, MAX_SECONDS.delay);
  const group = request.optionalText("MessageGroupId");
  if (!CONTENTS.test(body)) throw Errors.contents();
  for (const name of Object.keys(systemSent)) {
    if (name !== TRACE) throw Errors.attribute(`Message system attribute name '${name}' is invalid.`);
  }
  if (request.optionalText("MessageDeduplicationId") !== undefined) {
    throw Errors.invalid("MessageDeduplicationId", request.text("MessageDeduplicationId"), NOT_STANDARD);
  }
  const trace = systemSent[TRACE]?.StringValue;
  const system = {
    SenderId: senderId,
    ...(trace !== undefined && { [TRACE]: trace }),
    ...(group && { MessageGroupId: group }),
  };
  return {
    message: { id: randomUUID(), body, attributes, system, sentAt: now },
    ...(delay !== undefined && { delayMs: delay * 1000 }),
    bytes: Buffer.byteLength(body) + attributeBytes(attributes),
    systemSent,
  };
};

const NOT_STANDARD = "The request include parameter that is not valid for this queue type.";

/** The response to the sender. */
export const sendResponse = ({ message, systemSent }: SendRequest): Record<string, string> => {
  const [ofAttributes, ofSystem] = [attributesMd5(message.attributes), attributesMd5(systemSent)];
  return {
    MessageId: message.id,
    MD5OfMessageBody: md5(message.body),
    ...(ofAttributes !== undefined && { MD5OfMessageAttributes: ofAttributes }),
    ...(ofSystem !== undefined && { MD5OfMessageSystemAttributes: ofSystem }),
  };
};

/** A body's digest. */
export const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
