import {
  type Reply,
  type Code,
  MAX_CHANNEL_LENGTH,
  MAX_FRAME_BYTES,
  type Json,
  Meta,
  type MetaChannel,
  type ConnectionInfo,
  type SubscribeResult,
} from "../../protocol/index.js";
import { DEFAULT_MESSAGES } from "../../protocol/code-messages.js";
import type { Settings } from "../settings.js";
import { type Agent, type Denial, EXPIRED } from "../connection/agent.js";
import { channelSettings } from "../../protocol/channel-settings.js";
import type { SerializedMessage } from "../delivery/serialize.js";

const withUuid = (uuid: string | undefined): { uuid?: string } => (uuid === undefined ? {} : { uuid });

/** A failed reply. */
export const failure = (
  channel: MetaChannel,
  uuid: string | undefined,
  code: Code,
  error = DEFAULT_MESSAGES[code],
): Reply => ({
  channel,
  ...withUuid(uuid),
  successful: false,
  error,
  code,
});

/** A successful reply. */
export const success = (channel: MetaChannel, uuid: string, data?: Json): Reply => ({
  channel,
  uuid,
  successful: true,
  ...(data === undefined ? {} : { data }),
});

/**
 * A reply about one of a frame's channels. A text that is longer than any channel's name is cut, so that 25 replies fit
 * one frame.
 */
export const forChannel = (channel: string, answer: Reply): Reply => ({
  ...answer,
  data: { channel: channel.slice(0, MAX_CHANNEL_LENGTH + "/*".length) } satisfies SubscribeResult,
});

/**
 * A reply that grants a subscription, with the interval for renewing presence if the channel has presence.
 * @param present whether the agent wants to be a member
 */
export const subscribeGranted = (
  channel: string,
  { channels, presenceHeartbeatMs }: Pick<Settings, "channels" | "presenceHeartbeatMs">,
  answer: Reply,
  present = true,
): Reply => {
  const presenceIntervalMs = present && channelSettings(channels, channel).presence && presenceHeartbeatMs;
  return { ...answer, data: { channel, ...(presenceIntervalMs && { presenceIntervalMs }) } satisfies SubscribeResult };
};

/** The reply to any request on a connection without an agent: why it was denied, or that it was not renewed. */
export const denial = (uuid: string | undefined, { code, reason }: Denial): Reply =>
  failure(code === EXPIRED.code ? Meta.refresh : Meta.connect, uuid, code, reason);

/**
 * A request to renew, sent without being asked for.
 * @returns an empty list if the agent does not expire, or has expired
 * @param now epoch milliseconds
 */
export const renewalDue = ({ expiresAt }: Agent, now: number): Reply[] =>
  expiresAt === undefined || expiresAt > now
    ? []
    : [{ channel: Meta.refresh, successful: true, data: { expiresInMs: expiresAt - now } }];

/**
 * `data` of a successful `/meta/ping`, `/meta/connect` and `/meta/refresh`.
 * @param now epoch milliseconds
 */
export const connectionInfo = (agent: Agent, settings: Settings, now: number): { [name: string]: Json } => {
  const info: ConnectionInfo = {
    agent: agent.uuid,
    ...(agent.userId === undefined ? {} : { userId: agent.userId }),
    timeouts: settings.timeouts,
    limits: { ...settings.limits, frameBytes: MAX_FRAME_BYTES },
    ...(agent.expiresAt === undefined ? {} : { expiresInMs: agent.expiresAt - now }),
    heartbeats: true,
  };
  return JSON.parse(JSON.stringify(info)) as { [name: string]: Json };
};

/**
 * Replies as one frame: one object, or an array of as many as fit. Replies to requests always fit; replies about
 * subscriptions that guards made can be too many, and come last.
 * @param messages sent before the replies: as many as the frame takes together with all replies
 */
export const encodeReplies = (answers: readonly Reply[], messages: readonly SerializedMessage[] = []): string => {
  const encoded = [...messages.map(({ json }) => json), ...answers.map((answer) => JSON.stringify(answer))];
  const [only] = encoded;
  if (only !== undefined && encoded.length === 1) return only;
  let bytes = 1;
  const fitting = encoded.filter((json) => (bytes += Buffer.byteLength(json) + 1) <= MAX_FRAME_BYTES);
  return `[${fitting.join(",")}]`;
};
