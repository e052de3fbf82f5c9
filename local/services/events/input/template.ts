/** A placeholder of an input template, such as `<instance>`. */
const PLACEHOLDER = /<([\w.-]+)>/y;

/** The names of all placeholders of a template. */
export const placeholdersOf = (template: string): string[] => {
  const names: string[] = [];
  scan(template, (name) => {
    names.push(name);
    return "";
  });
  return names;
};

/**
 * Fills an input template. Outside a string, a variable's value is inserted as JSON. Inside a string, text is inserted
 * unescaped, and other values as JSON without quotes. A variable without a value is an empty text.
 * @returns the text that EventBridge would send; template and values decide whether it is JSON
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
export const fillTemplate = (template: string, valueOf: (name: string) => unknown): string =>
  scan(template, (name, quoted) => {
    const found = valueOf(name);
    const value = found === undefined ? "" : found;
    if (!quoted) return JSON.stringify(value);
    return typeof value === "string" ? value : JSON.stringify(value).replaceAll('"', "");
  });

const scan = (template: string, replace: (name: string, quoted: boolean) => string): string => {
  let result = "";
  let quoted = false;
  for (let at = 0; at < template.length;) {
    PLACEHOLDER.lastIndex = at;
    const [placeholder, name] = PLACEHOLDER.exec(template) ?? [];
    if (placeholder !== undefined && name !== undefined) {
      result += replace(name, quoted);
      at += placeholder.length;
      continue;
    }
    const token = quoted && template[at] === "\\" ? template.slice(at, at + 2) : template[at]!;
    if (token === '"') quoted = !quoted;
    result += token;
    at += token.length;
  }
  return result;
};
