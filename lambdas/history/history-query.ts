import {
  MAX_FRAME_BYTES,
  MAX_HISTORY_PAGE_SIZE,
  type HistoryQuery,
  type Json,
  Meta,
  type Replay,
} from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import type { Agent } from "../connection/agent.js";
import { DEFAULT_MESSAGES } from "../../protocol/code-messages.js";
import { failure, forChannel } from "../requests/replies.js";
import { type HistorySettings, channelSettings } from "../../protocol/channel-settings.js";
import { REPLAY_BYTES } from "../publish/message-size.js";
import { headsOf, oldest, type Page, replayBefore, replayFrom, type ReplayDependencies } from "./replay.js";
import {
  fitsToken,
  isObject,
  isPageSize,
  type Parsed,
  readMeta,
  readPosition,
  readToken,
  TOKEN_ERROR,
} from "../requests/frame-parser.js";
import { filterPage, fitToFrame, listed, type ReplayFilterDependencies } from "./replay-filter.js";

/** Reads a `history` frame. */
export const readHistory = (body: string | null | undefined): Parsed<{ uuid: string; query: HistoryQuery }> => {
  const readPage = readMeta(body, Meta.history);
  if ("faults" in readPage) return readPage;
  const { uuid, data } = readPage.request;
  const query = readQuery(data);
  if (typeof query === "string") return { faults: [failure(Meta.history, uuid, "bad_frame", query)] };
  const { token } = data as { token?: unknown };
  return fitsToken(token)
    ? { request: { uuid, query: { ...query, ...readToken(token) } } }
    : { faults: [forChannel(query.channel, failure(Meta.history, uuid, "too_large", TOKEN_ERROR))] };
};

/** Reads a query of a history; a text says why it is invalid. */
export const readQuery = (data: unknown): HistoryQuery | string => {
  const { channel, since, limit = MAX_HISTORY_PAGE_SIZE, reverse = false } = isObject(data) ? data : {};
  if (typeof channel !== "string") return "channel must be a string.";
  const position = since === undefined ? undefined : readPosition(since);
  if (since !== undefined && !position) return "since must be a position: { epoch, offset }.";
  if (!isPageSize(limit)) return `limit must be a whole number from 1 to ${MAX_HISTORY_PAGE_SIZE}.`;
  if (typeof reverse !== "boolean") return "reverse must be true or false.";
  return { channel, limit, reverse, ...(position && { since: position }) };
};

/** Reads the queried part of a history. */
export const read = async (system: ReplayDependencies, query: HistoryQuery, keep: HistorySettings): Promise<Page> => {
  const { channel, since, limit = MAX_HISTORY_PAGE_SIZE, reverse } = query;
  const head = (await headsOf(system, new Map([[channel, keep]]))).get(channel)!;
  const history = { channel, head, keep };
  if (reverse) return replayBefore(system, history, since, limit);
  return since ? replayFrom(system, history, since, limit) : oldest(system, history, limit);
};

/**
 * Reads a history for a guard.
 * @throws TypeError if its query is invalid
 * @throws Error if the channel has no history
 */
export const readForGuard = async (
  system: ReplayDependencies & { settings: Pick<Settings, "channels"> },
  value: unknown,
): Promise<Replay> => {
  const query = readQuery(value);
  if (typeof query === "string") throw new TypeError(`channel.history: ${query}`);
  const keep = channelSettings(system.settings.channels, query.channel).history;
  if (!keep) throw new Error(`channel.history: ${DEFAULT_MESSAGES.no_history}`);
  return replayOf(query, await read(system, query, keep));
};

/** A part of a history for a reader that may read all messages. */
export const replayOf = (
  { channel, since, reverse }: HistoryQuery,
  { position, messages, more, pendingMs, code }: Page,
): Replay => ({
  channel,
  position,
  messages: messages.map(listed),
  ...(more && { more }),
  ...(pendingMs !== undefined && { pendingMs: Math.ceil(pendingMs) }),
  ...(since && (!reverse || code) && { recovered: code === undefined, ...(code && { code }) }),
});

/** `data` of the reply: the messages that the agent's delivery guards let through, as many as fit the frame. */
export const historyReply = async (
  system: ReplayDependencies & ReplayFilterDependencies & { clock: ReplayDependencies["clock"] },
  agent: Agent,
  query: HistoryQuery,
  keep: HistorySettings,
): Promise<Json> => {
  const { channel, since, reverse } = query;
  const page = await read(system, query, keep);
  const decision = await filterPage(system, agent, channel, page.position.epoch, page);
  const { replay } = fitToFrame(decision, MAX_FRAME_BYTES - REPLAY_BYTES, reverse);
  const recovered = since && !(reverse && !replay.code) ? { recovered: replay.code === undefined } : {};
  const reply: Replay = { channel, ...replay, ...recovered };
  return reply as unknown as Json;
};
