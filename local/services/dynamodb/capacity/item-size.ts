/** A value as DynamoDB's protocol has it, such as `{"S": "text"}`. */
export type AttributeValue = Record<string, unknown>;

/** An item, or a key, by attribute name. */
export type Item = Record<string, AttributeValue>;

/**
 * The size of an item in bytes: the names of its attributes in UTF-8, and their values.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export const itemBytes = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);

/** The overhead of a list or map, and of each of its elements. */
const CONTAINER_BYTES = 3;
const ELEMENT_BYTES = 1;

const valueBytes = (value: AttributeValue): number => {
  const [[type, content] = ["NULL", true]] = Object.entries(value);
  switch (type) {
    case "S":
      return Buffer.byteLength(String(content));
    case "B":
      return Buffer.byteLength(String(content), "base64");
    case "N":
      return numberBytes(String(content));
    case "SS":
    case "NS":
    case "BS":
      return (content as string[]).reduce((sum, each) => sum + valueBytes({ [type[0]!]: each }), 0);
    case "L":
      return (content as AttributeValue[]).reduce(
        (sum, each) => sum + ELEMENT_BYTES + valueBytes(each),
        CONTAINER_BYTES,
      );
    case "M":
      return itemBytes(content as Item) + CONTAINER_BYTES + ELEMENT_BYTES * Object.keys(content as Item).length;
    default:
      return 1;
  }
};

/** About one byte for two significant digits, and one more. */
const numberBytes = (text: string): number => {
  const digits = text
    .replace(/[eE].*$/, "")
    .replace(/\D/g, "")
    .replace(/^0+|0+$/g, "");
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith("-") ? 1 : 0);
};
