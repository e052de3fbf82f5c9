import { type Reply, MAX_FRAME_BYTES } from "../../../protocol/index.js";
import type { Parsed } from "../../../lambdas/requests/frame-parser.js";

/** JSON with this nesting depth, its outermost object included. */
export const nested = (depth: number, rest = ""): string =>
  `{${rest}"data":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;

/** Fills `frame` with spaces between its fields up to this many bytes. */
export const padded = (frame: object, bytes = MAX_FRAME_BYTES): string => {
  const json = JSON.stringify(frame);
  return `{${" ".repeat(bytes - Buffer.byteLength(json))}${json.slice(1)}`;
};

/** The error replies to a malformed frame. */
export const faultsOf = (parsed: Parsed<unknown>): Reply[] => {
  if ("request" in parsed) throw new Error(`expected faults, got ${JSON.stringify(parsed.request)}`);
  return parsed.faults;
};

/** Texts that are not frames. */
export const NOT_FRAMES: [string, string | null | undefined][] = [
  ["nothing", undefined],
  ["null", null],
  ["an empty text", ""],
  ["not JSON", "hello"],
  ["cut JSON", '{"uuid":"u1"'],
  ["the JSON null", "null"],
  ["a JSON number", "7"],
  ["a JSON string", '"connect"'],
  ["a JSON list", '[{"action":"connect"}]'],
];
