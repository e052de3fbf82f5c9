import { byteLength } from "./format.js";

/** How many columns a line may take before it is broken. */
const WIDTH = 64;

/** What stands for a value that no browser can turn into text. */
const TOO_DEEP = "(nested too deeply to be shown)";

/**
 * A JSON value laid out for reading: what fits one line stays on one, the rest is broken and indented.
 * @example layOut({ tags: ["a", "b"] }) // '{ "tags": ["a", "b"] }'
 */
export const layOut = (value: unknown): string => {
  try {
    return lines(value, "");
  } catch (error) {
    if (error instanceof RangeError) return TOO_DEEP;
    throw error;
  }
};

/** The same for JSON text; text that is not JSON as it is. */
export const layOutText = (text: string): string => {
  try {
    return layOut(JSON.parse(text));
  } catch {
    return text;
  }
};

/** A value on one line, as in a preview; cut where it is longer than `length`. */
export const preview = (value: unknown, length: number): string => {
  try {
    const text = JSON.stringify(value) ?? "";
    return text.length > length ? `${text.slice(0, length)}…` : text;
  } catch {
    return TOO_DEEP;
  }
};

/** How many bytes a value has as JSON; `undefined` where it is nested too deeply to tell. */
export const jsonBytes = (value: unknown): number | undefined => {
  try {
    return byteLength(JSON.stringify(value) ?? "");
  } catch {
    return undefined;
  }
};

const lines = (value: unknown, indent: string): string => {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? String(value);
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  const parts = Array.isArray(value)
    ? value.map((item) => lines(item, inner))
    : Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${lines(item, inner)}`);
  if (parts.length === 0) return open + close;
  const space = open === "{" ? " " : "";
  const line = `${open}${space}${parts.join(", ")}${space}${close}`;
  if (indent.length + line.length <= WIDTH && !line.includes("\n")) return line;
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`;
};
