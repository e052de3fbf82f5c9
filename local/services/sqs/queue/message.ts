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

/** A message as a receiver gets it. */
export interface Delivery extends Message {
  /** The handle for deleting the message, different for each delivery. */
  receiptHandle: string;
  /** How often it has been received, this time included. */
  receiveCount: number;
  /** Epoch milliseconds. */
  firstReceivedAt: number;
}

/** The system attributes that a receiver may request. */
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
