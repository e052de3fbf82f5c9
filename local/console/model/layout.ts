import { byteLength } from "./format.js";

/** How many columns a line may take before it is broken. */
const WIDTH = 64;

/** The placeholder for a value that no browser can convert to text. */
const TOO_DEEP = "(nested too deeply to be shown)";

/**
 * Lays out a JSON value for reading: short values stay on one line, longer ones are broken and indented.
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

/** The same for JSON text. Other text stays unchanged. */
export const layOutText = (text: string): string => {
  try {
    return layOut(JSON.parse(text));
  } catch {
    return text;
  }
};

/** A value on one line, as a preview; cut after `length` characters. */
export const preview = (value: unknown, length: number): string => {
  try {
    const text = JSON.stringify(value) ?? "";
    return text.length > length ? `${text.slice(0, length)}…` : text;
  } catch {
    return TOO_DEEP;
  }
};

/** The size of a value as JSON in bytes; `undefined` if it is nested too deeply. */
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
