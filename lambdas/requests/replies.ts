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
import type { Settings } from "../settings.js";
import { type Agent, type Denial, EXPIRED } from "../connection/agent.js";
import { channelSettings } from "../../protocol/channel-settings.js";
import type { SerializedMessage } from "../delivery/serialize.js";

/** What people read beside a code, where nothing more precise is known. */
export const DEFAULT_MESSAGES: Readonly<Record<Code, string>> = {
  denied: "A guard denied this.",
  guard_timeout: "Time ran out before this could be authorised.",
  guard_failed: "This could not be authorised.",
  bad_frame: "The frame is malformed.",
  unknown_action: "There is no such action.",
  bad_channel: "This is not a channel name.",
  reserved_channel: "Channels below /meta are reserved.",
  wildcard: "Wildcards are not enabled here.",
  bad_origin: "Pages of this origin may not connect.",
  credentials_too_large: "The credentials are larger than this server takes.",
  too_many: "Too much for one frame.",
  too_many_subscriptions: "An agent cannot have so many subscriptions.",
  too_many_agents: "A user cannot have so many connections.",
  too_large: "The message is too large.",
  rate_limited: "Too much in a short time. Try again later.",
  expired: "The agent was not renewed in time. Connect again.",
  revoked: "The server ended this.",
  unknown_agent: "This connection has no agent. Connect again.",
  no_history: "This channel keeps no history.",
  no_presence: "This channel does not tell who is there.",
  position_expired: "What was published behind this position is not kept any more.",
  epoch_changed: "This position is of another history than the channel's.",
  too_far_behind: "More was published behind this position than is kept.",
  uuid_reused: "This uuid has been used for another message.",
  channel_busy: "The channel takes no more messages just now. Try again later.",
  unavailable: "A service that this needs failed. Try again later.",
};

const withUuid = (uuid: string | undefined): { uuid?: string } => (uuid === undefined ? {} : { uuid });

/** An answer that says no. */
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

/** An answer that says yes. */
export const success = (channel: MetaChannel, uuid: string, data?: Json): Reply => ({
  channel,
  uuid,
  successful: true,
  ...(data === undefined ? {} : { data }),
});

/**
 * An answer about one of a frame's channels. What is longer than any channel's name is cut: 25 answers must fit one
 * frame, and it cannot have been meant.
 */
export const forChannel = (channel: string, answer: Reply): Reply => ({
  ...answer,
  data: { channel: channel.slice(0, MAX_CHANNEL_LENGTH + "/*".length) } satisfies SubscribeResult,
});

/** An answer that grants a subscription, with what the client has to do about it. */
export const subscribeGranted = (
  channel: string,
  { channels, presenceLeaseMs }: Pick<Settings, "channels" | "presenceLeaseMs">,
  answer: Reply,
): Reply => {
  const presenceIntervalMs = channelSettings(channels, channel).presence && presenceLeaseMs / 2;
  return { ...answer, data: { channel, ...(presenceIntervalMs && { presenceIntervalMs }) } satisfies SubscribeResult };
};

/** What a connection without an agent is told, whatever it asks: that it was denied, or not renewed. */
export const denial = (uuid: string | undefined, { code, reason }: Denial): Reply =>
  failure(code === EXPIRED.code ? Meta.refresh : Meta.connect, uuid, code, reason);

/**
 * Asks an agent to renew, unasked.
 * @returns nothing where there is time left
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
  const told: ConnectionInfo = {
    agent: agent.uuid,
    ...(agent.userId === undefined ? {} : { userId: agent.userId }),
    timeouts: settings.timeouts,
    limits: { ...settings.limits, frameBytes: MAX_FRAME_BYTES },
    ...(agent.expiresAt === undefined ? {} : { expiresInMs: agent.expiresAt - now }),
  };
  return JSON.parse(JSON.stringify(told)) as { [name: string]: Json };
};

/**
 * Answers as they travel: one object, or an array of as many as fit a frame. Those to what was asked always do; only
 * what guards subscribed an agent to unasked can be too much, and comes last.
 * @param messages what travels with them, and before them: as many as the frame takes with all answers
 */
export const encodeReplies = (answers: readonly Reply[], messages: readonly SerializedMessage[] = []): string => {
  const packed = [...messages.map(({ json }) => json), ...answers.map((answer) => JSON.stringify(answer))];
  const [only] = packed;
  if (only !== undefined && packed.length === 1) return only;
  let bytes = 1;
  const fitting = packed.filter((json) => (bytes += Buffer.byteLength(json) + 1) <= MAX_FRAME_BYTES);
  return `[${fitting.join(",")}]`;
};
