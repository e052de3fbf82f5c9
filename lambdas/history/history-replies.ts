import {
  type Reply,
  MAX_FRAME_BYTES,
  MAX_HISTORY_PAGE_SIZE,
  type Json,
  type Position,
  type SubscribeResult,
} from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import type { Agent } from "../connection/agent.js";
import { type ChannelSettings, type HistorySettings, channelSettings } from "../../protocol/channel-settings.js";
import {
  type ReplayedChannel,
  headsOf,
  newest,
  newestMessage,
  type Page,
  replayFrom,
  type ReplayDependencies,
} from "./replay.js";
import { type FilteredPage, filterPage, fitting, type ReplayFilterDependencies } from "./replay-filter.js";

/** What telling a new subscriber of the channels' histories needs. */
export interface HistoryReplyDependencies extends ReplayFilterDependencies, ReplayDependencies {
  clock: ReplayFilterDependencies["clock"] & ReplayDependencies["clock"];
  settings: ReplayFilterDependencies["settings"] & Pick<Settings, "channels" | "checkMs">;
}

/** Room that is left in a frame of answers, in bytes: an answer that asks the agent to renew may follow, and brackets. */
const ROOM_BYTES = 512;

/**
 * Puts what is asked of the channels' histories into the answers that grant a subscription to them, once that is stored:
 * so whatever is published meanwhile is either found here, or brought to the subscriber. What does not fit the frame is
 * left for the next request.
 * @param granted the answers by channel; in `answers` too
 * @param since the positions behind which messages are wanted
 */
export const attachHistory = async (
  system: HistoryReplyDependencies,
  agent: Agent,
  granted: ReadonlyMap<string, Reply>,
  since: ReadonlyMap<string, Position>,
  answers: readonly Reply[],
): Promise<Reply[]> => {
  const { settings } = system;
  const options = new Map([...granted.keys()].map((channel) => [channel, channelSettings(settings.channels, channel)]));
  const kept = new Map(
    [...options].flatMap(([channel, { history }]): [string, HistorySettings][] =>
      history ? [[channel, history]] : [],
    ),
  );
  if (kept.size === 0) return [...answers];
  const heads = await headsOf(system, kept);
  const read = [...kept].map(async ([channel, keep]) => {
    const its: ReplayedChannel = { channel, head: heads.get(channel)!, keep };
    const position = since.get(channel);
    const page = await pageOf(system, its, options.get(channel)!, position);
    return {
      channel,
      fresh: position === undefined,
      decision: await filterPage(system, agent, channel, its.head.epoch, page),
    };
  });
  const told = new Map<Reply, Reply>();
  const tell = (channel: string, data: SubscribeResult): void => {
    const answer = granted.get(channel)!;
    // An interface is no `Json` to the compiler, because somebody could add a field to it.
    told.set(answer, { ...answer, data: { ...(answer.data as object), ...data } as unknown as Json });
  };
  const bare = (await Promise.all(read)).map((one) => ({ ...one, bare: dataOf(settings, one, 0).data }));
  for (const one of bare) tell(one.channel, one.bare);
  const all = (): Reply[] => answers.map((answer) => told.get(answer) ?? answer);
  let room = MAX_FRAME_BYTES - ROOM_BYTES - Buffer.byteLength(JSON.stringify(all()));
  for (const one of bare) {
    const { data, bytes } = dataOf(settings, one, room);
    room -= bytes;
    tell(one.channel, data);
  }
  return all();
};

/** What an answer tells: what is behind the position; else, where that is kept, the last message. */
const pageOf = async (
  system: HistoryReplyDependencies,
  channel: ReplayedChannel,
  { latest }: ChannelSettings,
  since: Position | undefined,
): Promise<Page> => {
  if (since) return replayFrom(system, channel, since, MAX_HISTORY_PAGE_SIZE);
  if (!latest || channel.head.offset === 0) return { position: newest(channel.head), messages: [], more: false };
  const { message, position } = await newestMessage(system, channel);
  return { position, messages: message ? [message] : [], more: false };
};

/** `data` of an answer, as far as there is room. */
const dataOf = (
  { checkMs }: HistoryReplyDependencies["settings"],
  { channel, fresh, decision }: { channel: string; fresh: boolean; decision: FilteredPage },
  room: number,
): { data: SubscribeResult; bytes: number } => {
  const { replay, bytes } = fitting(decision, room);
  if (!fresh)
    return {
      data: { channel, ...replay, recovered: replay.code === undefined, historyCheckIntervalMs: checkMs },
      bytes,
    };
  const { position, messages, more } = replay;
  return {
    data: { channel, position, ...(messages && { messages }), ...(more && { more }), historyCheckIntervalMs: checkMs },
    bytes,
  };
};
