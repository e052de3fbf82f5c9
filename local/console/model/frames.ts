import { byteLength } from "./format.js";
import { layOutText, preview } from "./layout.js";

/** Which way a frame went, as this page sees it. */
export type Direction = "out" | "in";

/**
 * The origin of a frame: `empty` for none, `protocol` for Push-It, `gateway` for an error of API Gateway itself,
 * `foreign` for anything else.
 */
export type FrameKind = "empty" | "protocol" | "gateway" | "foreign";

/** The wire view's summary of a frame. */
export interface FrameFacts {
  kind: FrameKind;
  /** Of UTF-8, as API Gateway counts them. */
  bytes: number;
  /** One line. */
  summary: string;
  /** The beginning of the data of the frame's first message. Empty if it has none. */
  preview: string;
  /** Whether it reports an error. */
  failed: boolean;
  /** The frame laid out for reading. */
  detail: string;
}

/** Any object of a frame: each field is unproven. */
interface Item {
  action?: unknown;
  channel?: unknown;
  successful?: unknown;
  error?: unknown;
  code?: unknown;
  data?: unknown;
  messages?: unknown;
  message?: unknown;
  connectionId?: unknown;
  requestId?: unknown;
}

/** How many objects of a frame its summary names. */
const NAMED = 3;

/** How much of a message is shown unasked, in characters. */
const PREVIEW = 80;

/** Summarises a frame by its text alone. */
export const describeFrame = (direction: Direction, text: string): FrameFacts => {
  const facts = { bytes: byteLength(text), detail: layOutText(text), failed: false, preview: "" };
  if (text === "") return { ...facts, kind: "empty", summary: "empty frame" };
  const items = parse(text);
  if (items.length === 0) return { ...facts, kind: "foreign", summary: text.slice(0, 80), failed: true };
  const [first] = items;
  if (direction === "in" && isGateway(first!)) {
    return { ...facts, kind: "gateway", summary: String(first!.message), failed: true };
  }
  return {
    ...facts,
    kind: "protocol",
    summary: direction === "out" ? requestLine(first!) : several(items.map(answerLine)),
    preview: previewOf(first!),
    failed: items.some((item) => item.successful === false),
  };
};

const parse = (text: string): Item[] => {
  try {
    return [JSON.parse(text) as Item | null].flat().filter((value) => value !== null && typeof value === "object");
  } catch {
    return [];
  }
};

/** API Gateway's frames have a message and their own ids, but no channel. */
const isGateway = ({ channel, message, connectionId, requestId }: Item): boolean =>
  channel === undefined && message !== undefined && (connectionId !== undefined || requestId !== undefined);

const requestLine = ({ action, channel, data, messages }: Item): string => {
  const names = Array.isArray(messages) ? messages.map((message: Item) => text(message?.channel)) : channelsOf(data);
  const published = action === "publish" || action === "send";
  return [text(action), ...(names.length > 0 ? [several(names)] : published ? [text(channel)] : [])].join(" ");
};

const answerLine = ({ channel, successful, code, error, data }: Item): string => {
  if (successful === undefined) return text(channel);
  const verdict = successful === true ? [] : [`${text(code)}: ${text(error)}`];
  return [text(channel), ...channelsOf(data), ...verdict].join(" ");
};

/** The summary covers requests and replies. For messages, a preview of the data helps. */
const previewOf = ({ action, data, messages, successful }: Item): string => {
  if (Array.isArray(messages)) return preview((messages[0] as Item | undefined)?.data, PREVIEW);
  const carries = action === undefined ? successful === undefined : action === "publish" || action === "send";
  return carries ? preview(data, PREVIEW) : "";
};

const channelsOf = (data: unknown): string[] => {
  if (data === null || typeof data !== "object") return [];
  const { channel, channels } = data as { channel?: unknown; channels?: unknown };
  return (Array.isArray(channels) ? channels : [channel]).filter((name) => typeof name === "string");
};

const several = (lines: string[]): string =>
  lines.length > NAMED ? `${lines.slice(0, NAMED).join(", ")} and ${lines.length - NAMED} more` : lines.join(", ");

const text = (value: unknown): string => (typeof value === "string" ? value : "?");
