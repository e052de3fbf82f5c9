import { channelSettings } from "../../../../protocol/channel-settings.js";
import { DEFAULT_MESSAGES } from "../../../../protocol/code-messages.js";
import type { Message } from "../../../../protocol/frames.js";
import type { HistoryMessage, HistoryQuery, Position, Replay } from "../../../../protocol/history.js";
import { MAX_HISTORY_PAGE_SIZE } from "../../../../protocol/limits.js";
import type { Clock } from "../clock.js";
import type { Deployment } from "../options.js";
import { HistoryLog, type Page } from "./history-log.js";
import { bytesOf, countFitting } from "./replies.js";

/** A message of a history, as its reader may have it. Left out: withheld. */
export type Decide = (message: HistoryMessage) => Promise<HistoryMessage | undefined>;

/** The histories and latest values of all channels. */
export class Histories {
  readonly #deployment: Deployment;
  readonly #clock: Clock;
  readonly #logs = new Map<string, HistoryLog>();
  readonly #latest = new Map<string, Message & { offset: number }>();

  constructor(deployment: Deployment, clock: Clock) {
    this.#deployment = deployment;
    this.#clock = clock;
  }

  /** The history of a channel. `undefined` if it has none. */
  log(channel: string): HistoryLog | undefined {
    const keep = channelSettings(this.#deployment.channels, channel).history;
    if (!keep) return undefined;
    const log = this.#logs.get(channel) ?? new HistoryLog(keep, () => this.#clock.now());
    this.#logs.set(channel, log);
    return log;
  }

  /** The latest value of a channel without history. */
  latest(channel: string): (Message & { offset: number }) | undefined {
    return this.#latest.get(channel);
  }

  /** Numbers a message, and keeps it as the latest value of its channel. */
  keepLatest(message: Message): Message {
    const offset = (this.#latest.get(message.channel)?.offset ?? 0) + 1;
    const numbered = { ...message, offset };
    this.#latest.set(message.channel, numbered);
    return numbered;
  }

  /** Forgets the latest value of a channel. */
  deleteLatest(channel: string): void {
    this.#latest.delete(channel);
  }

  /**
   * Reads a history for a guard or a back end, which may read everything.
   * @throws Error if the channel has no history
   */
  readForGuard(query: HistoryQuery): Replay {
    const log = this.log(query.channel);
    if (!log) throw new Error(`channel.history: ${DEFAULT_MESSAGES.no_history}`);
    const { position, messages, more, code } = pageOf(log, query);
    return { channel: query.channel, position, messages, ...(more && { more }), ...recoveredOf(query, code) };
  }

  /** `data` of the reply to a `history` request. */
  async reply(log: HistoryLog, query: HistoryQuery, decide: Decide, room: number): Promise<Replay> {
    const page = pageOf(log, query);
    const part = await fit(page, decide, room, query.reverse);
    return { channel: query.channel, ...part, ...recoveredOf(query, page.code) };
  }

  /** The part of a reply to `subscribe` about a channel's history. */
  async replay(
    channel: string,
    log: HistoryLog,
    { since, last }: { since?: Position | undefined; last?: number | undefined },
    decide: Decide,
    room: number,
  ): Promise<Partial<Replay>> {
    const page = since && log.after(since, MAX_HISTORY_PAGE_SIZE);
    const recovered = page && { recovered: page.code === undefined };
    if (page && (!page.code || last === undefined)) return { ...(await fit(page, decide, room)), ...recovered };
    if (last !== undefined) {
      const newest = await fitNewest(log.newest(last), decide, room);
      return { ...newest, ...recovered, ...(page?.code && { code: page.code }) };
    }
    const { latest } = channelSettings(this.#deployment.channels, channel);
    return latest ? fit(log.newest(1), decide, room) : { position: log.head };
  }
}

const pageOf = (log: HistoryLog, { since, limit = MAX_HISTORY_PAGE_SIZE, reverse }: HistoryQuery): Page => {
  if (reverse) return log.before(since, limit);
  return since ? log.after(since, limit) : log.oldest(limit);
};

const recoveredOf = ({ since, reverse }: HistoryQuery, code: Page["code"]): Pick<Replay, "recovered" | "code"> =>
  since && (!reverse || code) ? { recovered: code === undefined, ...(code && { code }) } : {};

/** As many messages as fit, and the reader's position after them. */
const fit = async (page: Page, decide: Decide, room: number, reverse = false): Promise<Omit<Replay, "channel">> => {
  const decided = await Promise.all(page.messages.map(decide));
  const taken = countFitting(
    decided.map((message) => message ?? null),
    room,
  );
  const messages = decided.slice(0, taken).filter((message) => message !== undefined);
  const left = page.messages[taken];
  return {
    position: left ? { ...page.position, offset: left.offset + (reverse ? 1 : -1) } : page.position,
    ...(messages.length > 0 && { messages }),
    ...((page.more || left) && { more: true as const }),
    ...(page.code && { code: page.code }),
  };
};

/** The newest messages of a page that fit. The reader's position is after all of them. */
const fitNewest = async (page: Page, decide: Decide, room: number): Promise<Omit<Replay, "channel">> => {
  const decided = await Promise.all(page.messages.map(decide));
  let left = room;
  let from = decided.length;
  while (from > 0 && (left -= decided[from - 1] ? bytesOf(decided[from - 1]) + 1 : 0) >= 0) from -= 1;
  const messages = decided.slice(from).filter((message) => message !== undefined);
  return {
    position: page.position,
    ...(messages.length > 0 && { messages }),
    ...((page.older || from > 0) && { older: true as const }),
  };
};
