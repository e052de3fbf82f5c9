/** One attribute of a message, as the protocol has it. */
export interface MessageAttribute {
  /** `String`, `Number` or `Binary`, with an own label after a dot, such as `Number.int`. */
  DataType: string;
  StringValue?: string;
  /** Base64. */
  BinaryValue?: string;
}

/** Attributes by name. */
export type MessageAttributes = Record<string, MessageAttribute>;

/** A message as it was sent. */
export interface Message {
  id: string;
  body: string;
  attributes: MessageAttributes;
  /** Attributes that are not the sender's to choose freely, such as `SenderId`. */
  system: Record<string, string>;
  /** Epoch milliseconds. */
  sentAt: number;
}

/** A message as it is handed to a receiver. */
export interface Delivery extends Message {
  /** What this receiver deletes it by; another one each time. */
  receiptHandle: string;
  /** How often it has been received, this time included. */
  receiveCount: number;
  /** Epoch milliseconds. */
  firstReceivedAt: number;
}

/** What a receiver may ask of a delivery besides what the message says. */
export const systemAttributes = ({
  system,
  sentAt,
  receiveCount,
  firstReceivedAt,
}: Delivery): Record<string, string> => ({
  ...system,
  ApproximateReceiveCount: String(receiveCount),
  ApproximateFirstReceiveTimestamp: String(firstReceivedAt),
  SentTimestamp: String(sentAt),
});
