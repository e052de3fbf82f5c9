import { MAX_FRAME_BYTES, type HistoryMessage, type Limits, type Message, type Replay } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import type { Agent } from "../connection/agent.js";
import { limiter } from "../util/limiter.js";
import { REPLAY_BYTES } from "../publish/message-size.js";
import { fits, serialize } from "../delivery/serialize.js";
import type { Clock, GuardPort, Log } from "../ports.js";
import type { MessageRow, Page } from "./replay.js";

/** The ports that filtering a replay for an agent uses. */
export interface ReplayFilterDependencies {
  guards: Pick<GuardPort, "guardsDelivery" | "delivery">;
  clock: Pick<Clock, "now">;
  log: Pick<Log, "error">;
  settings: Pick<Settings, "timeouts"> & { limits: Pick<Limits, "messageBytes"> };
}

/** A message that a delivery guard has decided, and its size in a reply. */
interface Decided {
  offset: number;
  /** Left out: it is withheld. */
  message?: HistoryMessage;
  bytes: number;
}

/** A part of a history, up to the last message that the recipient's delivery guards have decided. */
export interface FilteredPage {
  page: Page;
  decided: readonly Decided[];
}

/** How many delivery guards may wait for their start at once. */
const WAITING_GUARDS = 32;

/** Calls an agent's delivery guards for the messages of a replay. Undecided messages are left for the next request. */
export const filterPage = async (
  system: ReplayFilterDependencies,
  agent: Agent,
  channel: string,
  epoch: string,
  page: Page,
): Promise<FilteredPage> => {
  const { guards, clock, log, settings } = system;
  if (page.messages.length === 0) return { page, decided: [] };
  if (!(await guards.guardsDelivery(channel))) return { page, decided: page.messages.map(asStored) };
  const { onMessageReceived: timeoutMs } = settings.timeouts;
  const until = clock.now() + timeoutMs;
  const limited = limiter(WAITING_GUARDS);
  const ask = async ({ offset, at, message }: MessageRow): Promise<Decided | "late"> => {
    if (clock.now() >= until) return "late";
    // A guard that has started gets its full timeout, and a second one if another guard crashed the thread. Otherwise a
    // slow guard would be cut off on every request, and the reader would never get past that message.
    const delivered = await guards.delivery(agent, { channel, ...message, at }, 2 * timeoutMs);
    if (delivered === "late") return "late";
    if (!delivered) return { offset, bytes: 0 };
    const serialized = serialize({ ...delivered, offset, epoch });
    if (fits(serialized, settings.limits) && serialized.counted <= MAX_FRAME_BYTES - REPLAY_BYTES)
      return asStored({ offset, at, message: storedOf(delivered) });
    log.error("delivery_too_large", { agent: agent.uuid, channel, uuid: message.uuid, bytes: serialized.counted });
    return { offset, bytes: 0 };
  };
  const all = await Promise.all(page.messages.map((row) => limited(() => ask(row))));
  const end = all.indexOf("late");
  return { page, decided: (end < 0 ? all : all.slice(0, end)).filter((each) => each !== "late") };
};

const storedOf = ({ uuid, data, from }: Message): MessageRow["message"] => ({ uuid, data, ...(from && { from }) });

/** A stored message as it is in a replay. */
export const listed = ({ offset, at, message }: MessageRow): HistoryMessage => ({ ...message, at, offset });

const asStored = (row: MessageRow): Decided => {
  const message = listed(row);
  return { offset: row.offset, message, bytes: Buffer.byteLength(JSON.stringify(message)) + 1 };
};

/** Bytes of the list around the messages in a reply. */
const LIST_BYTES = 16;

/**
 * As many messages as fit, and the reader's position after them.
 * @param room in bytes
 */
export const fitToFrame = (
  { page, decided }: FilteredPage,
  room: number,
  reverse = false,
): { replay: Omit<Replay, "channel">; bytes: number } => {
  const { position, messages, more, pendingMs, code } = page;
  let bytes = LIST_BYTES;
  let taken = 0;
  while (taken < decided.length && bytes + decided[taken]!.bytes <= room) bytes += decided[taken++]!.bytes;
  const listed = decided.slice(0, taken).flatMap(({ message }) => message ?? []);
  const left = messages[taken];
  // The next request starts here.
  const here = left ? { ...position, offset: left.offset + (reverse ? 1 : -1) } : position;
  return {
    replay: {
      position: here,
      ...(listed.length > 0 && { messages: listed }),
      ...((more || left) && { more: true }),
      ...(pendingMs !== undefined && (reverse || !left) && { pendingMs: Math.ceil(pendingMs) }),
      ...(code && { code }),
    },
    bytes,
  };
};

/**
 * The newest messages of a page, oldest first: as many as fit. The reader's position is after them.
 * @param room in bytes
 */
export const fitNewestToFrame = (
  { page, decided }: FilteredPage,
  room: number,
): { replay: Omit<Replay, "channel">; bytes: number } => {
  const { position, messages, more, pendingMs, code } = page;
  let bytes = LIST_BYTES;
  let from = decided.length;
  while (from > 0 && bytes + decided[from - 1]!.bytes <= room) bytes += decided[--from]!.bytes;
  const listed = decided.slice(from).flatMap(({ message }) => message ?? []);
  const left = messages[decided.length];
  return {
    replay: {
      position: left ? { ...position, offset: left.offset - 1 } : position,
      ...(listed.length > 0 && { messages: listed }),
      ...((more || left) && { more: true }),
      ...((page.older || from > 0) && { older: true }),
      ...(pendingMs !== undefined && !left && { pendingMs: Math.ceil(pendingMs) }),
      ...(code && { code }),
    },
    bytes,
  };
};
