import { type Reply, MAX_CHANNELS_PER_PING, Meta, type Position } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import type { Agent } from "../connection/agent.js";
import { failure } from "../requests/replies.js";
import { channelSettings } from "../../protocol/channel-settings.js";
import type { Histories } from "./history.js";
import { isObject, type Parsed, readFrame, readPosition, uuidOf } from "../requests/frame-parser.js";

/** The ports that finding lagging channels uses. */
export interface HistoryCheckDependencies {
  histories: Pick<Histories, "headsOfSubscribed">;
  settings: Pick<Settings, "channels">;
}

/** Reads the positions of a `ping`. */
export const readPositions = (body: string | null | undefined): Parsed<Map<string, Position>> => {
  const fields = readFrame(body);
  const data: unknown = fields?.["data"];
  const bad = (error: string): { faults: Reply[] } => ({
    faults: [failure(Meta.ping, uuidOf(fields), "bad_frame", error)],
  });
  if (data !== undefined && !isObject(data)) return bad('"data" must be an object, or left out.');
  // `null` is invalid: only a missing field is left out.
  const { positions: wanted = {} } = data ?? {};
  if (!isObject(wanted)) return bad('"data.positions" must be an object, or left out.');
  const positions = Object.entries(wanted).map(([channel, value]): [string, Position | undefined] => [
    channel,
    readPosition(value),
  ]);
  if (positions.length > MAX_CHANNELS_PER_PING)
    return bad(`"data.positions" may have at most ${MAX_CHANNELS_PER_PING} channels.`);
  const read = positions.flatMap(([channel, position]): [string, Position][] =>
    position ? [[channel, position]] : [],
  );
  return read.length === positions.length
    ? { request: new Map(read) }
    : bad('Each value in "data.positions" must be a position: { epoch, offset }.');
};

/** The channels that the agent is subscribed to and that have newer messages than its positions. */
export const laggingChannels = async (
  { histories, settings }: HistoryCheckDependencies,
  { connectionId }: Pick<Agent, "connectionId">,
  positions: ReadonlyMap<string, Position>,
): Promise<string[]> => {
  const kept = [...positions.keys()].filter((channel) => channelSettings(settings.channels, channel).history);
  if (kept.length === 0) return [];
  const heads = await histories.headsOfSubscribed(connectionId, kept);
  return [...heads].flatMap(([channel, head]) => {
    const { epoch, offset } = positions.get(channel)!;
    return head?.epoch === epoch && head.offset <= offset ? [] : channel;
  });
};
