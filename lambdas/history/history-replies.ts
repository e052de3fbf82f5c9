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
  replayLast,
  type ReplayDependencies,
} from "./replay.js";
import type { SubscriptionTarget } from "../requests/frame-parser.js";
import {
  type FilteredPage,
  filterPage,
  fitNewestToFrame,
  fitToFrame,
  type ReplayFilterDependencies,
} from "./replay-filter.js";

/** The ports that adding replays to replies uses. */
export interface HistoryReplyDependencies extends ReplayFilterDependencies, ReplayDependencies {
  clock: ReplayFilterDependencies["clock"] & ReplayDependencies["clock"];
  settings: ReplayFilterDependencies["settings"] & Pick<Settings, "channels" | "checkMs">;
}

/** Bytes of a frame that stay free: brackets, and a reply that asks the agent to renew. */
const RESERVED_BYTES = 512;

/**
 * Adds requested replays to the replies that grant subscriptions, after the subscriptions are stored. So a message that
 * is published meanwhile is either in the replay or delivered to the subscriber. Messages that do not fit the frame are
 * left for the next request.
 * @param granted the replies by channel; `answers` has them too
 * @param targets what the request asks for, by channel
 */
export const attachHistory = async (
  system: HistoryReplyDependencies,
  agent: Agent,
  granted: ReadonlyMap<string, Reply>,
  targets: ReadonlyMap<string, Pick<SubscriptionTarget, "since" | "last">>,
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
    const history: ReplayedChannel = { channel, head: heads.get(channel)!, keep };
    const { since, last } = targets.get(channel) ?? {};
    const page = await pageOf(system, history, options.get(channel)!, { since, last });
    return {
      channel,
      since,
      // The messages after a position if they are all there. Otherwise the newest.
      isLast: last !== undefined && (!since || page.code !== undefined),
      decision: await filterPage(system, agent, channel, history.head.epoch, page),
    };
  });
  const updated = new Map<Reply, Reply>();
  const update = (channel: string, data: SubscribeResult): void => {
    const answer = granted.get(channel)!;
    // The compiler does not accept an interface as `Json`, because a declaration could add a field to it.
    updated.set(answer, { ...answer, data: { ...(answer.data as object), ...data } as unknown as Json });
  };
  const bare = (await Promise.all(read)).map((one) => ({ ...one, bare: dataOf(settings, one, 0).data }));
  for (const one of bare) update(one.channel, one.bare);
  const updatedReplies = (): Reply[] => answers.map((answer) => updated.get(answer) ?? answer);
  let room = MAX_FRAME_BYTES - RESERVED_BYTES - Buffer.byteLength(JSON.stringify(updatedReplies()));
  for (const one of bare) {
    const { data, bytes } = dataOf(settings, one, room);
    room -= bytes;
    update(one.channel, data);
  }
  return updatedReplies();
};

/**
 * The page for a reply: the messages after the position, or the newest ones. Without either, the last message, if the
 * channel keeps it.
 */
const pageOf = async (
  system: HistoryReplyDependencies,
  channel: ReplayedChannel,
  { latest }: ChannelSettings,
  { since, last }: { since: Position | undefined; last: number | undefined },
): Promise<Page> => {
  const replay = since && (await replayFrom(system, channel, since, MAX_HISTORY_PAGE_SIZE));
  if (replay && (!replay.code || last === undefined)) return replay;
  if (last !== undefined)
    return { ...(await replayLast(system, channel, last)), ...(replay?.code && { code: replay.code }) };
  if (!latest || channel.head.offset === 0) return { position: newest(channel.head), messages: [], more: false };
  const { message, position } = await newestMessage(system, channel);
  return { position, messages: message ? [message] : [], more: false };
};

/** `data` of a reply, with as many messages as fit. */
const dataOf = (
  { checkMs }: HistoryReplyDependencies["settings"],
  {
    channel,
    since,
    isLast,
    decision,
  }: { channel: string; since: Position | undefined; isLast: boolean; decision: FilteredPage },
  room: number,
): { data: SubscribeResult; bytes: number } => {
  const { replay, bytes } = isLast ? fitNewestToFrame(decision, room) : fitToFrame(decision, room);
  const recovered = since && { recovered: replay.code === undefined };
  return { data: { channel, ...replay, ...recovered, historyCheckIntervalMs: checkMs }, bytes };
};
