import { createHash } from "node:crypto";
import { Errors } from "../errors.js";
import { MAX_MESSAGE_ATTRIBUTES } from "../limits.js";
import type { MessageAttributes } from "./message.js";

/** Names and types of attributes. */
const NAME = /^(?!(?:aws|amazon)\.)(?!\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/i;
const TYPE = /^(String|Number|Binary)(\..{1,249})?$/s;

/** The codes of the kinds of values in digests. */
const KIND = { string: 1, binary: 2 };

/**
 * Reads the attributes of a message.
 * @throws SqsError
 */
export const readAttributes = (raw: Record<string, unknown>): MessageAttributes => {
  const names = Object.keys(raw);
  if (names.length > MAX_MESSAGE_ATTRIBUTES)
    throw Errors.attribute(
      `Number of message attributes [${names.length}] exceeds the allowed maximum [${MAX_MESSAGE_ATTRIBUTES}].`,
    );
  return Object.fromEntries(names.map((name) => [name, readAttribute(name, raw[name])]));
};

const readAttribute = (name: string, raw: unknown): MessageAttributes[string] => {
  if (typeof raw !== "object" || raw === null) throw Errors.serialization(name);
  const { DataType: type, StringValue: text, BinaryValue: binary } = raw as Record<string, unknown>;
  if (!NAME.test(name)) throw Errors.attribute(`Message (user) attribute name '${name}' is invalid.`);
  const [, kind] = (typeof type === "string" && TYPE.exec(type)) || [];
  if (typeof type !== "string" || kind === undefined) {
    throw Errors.attribute(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
  const value = kind === "Binary" ? binary : text;
  if (typeof value !== "string" || value === "") {
    throw Errors.attribute(
      `Message (user) attribute '${name}' must contain a non-empty value of type '${kind === "Binary" ? "Binary" : "String"}'.`,
    );
  }
  if (kind === "Number" && !Number.isFinite(Number(value))) {
    throw Errors.attribute(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  }
  return { DataType: type, ...(kind === "Binary" ? { BinaryValue: value } : { StringValue: value }) };
};

/** The size of attributes in a message's size, in bytes. */
export const attributeBytes = (attributes: MessageAttributes): number =>
  Object.entries(attributes).reduce(
    (sum, [name, { DataType, StringValue = "", BinaryValue = "" }]) =>
      sum + Buffer.byteLength(name + DataType + StringValue) + Buffer.byteLength(BinaryValue, "base64"),
    0,
  );

/**
 * The digest of attributes; `undefined`: there are none.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
 */
export const attributesMd5 = (attributes: MessageAttributes): string | undefined => {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash("md5");
  const add = (bytes: Buffer): void => void hash.update(length(bytes)).update(bytes);
  for (const name of names) {
    const { DataType, StringValue, BinaryValue } = attributes[name]!;
    add(Buffer.from(name));
    add(Buffer.from(DataType));
    hash.update(Buffer.of(BinaryValue === undefined ? KIND.string : KIND.binary));
    add(BinaryValue === undefined ? Buffer.from(StringValue ?? "") : Buffer.from(BinaryValue, "base64"));
  }
  return hash.digest("hex");
};

const length = ({ byteLength }: Buffer): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(byteLength);
  return bytes;
};

/** The attributes that a receiver asks for: by name, by the beginning of names (`order.*`), or all. */
export const selectAttributes = (attributes: MessageAttributes, wanted: string[]): MessageAttributes => {
  const isWanted = (name: string): boolean =>
    wanted.some(
      (each) => each === "All" || each === name || (each.endsWith("*") && name.startsWith(each.replace(/\.?\*$/, ""))),
    );
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isWanted(name)));
};
