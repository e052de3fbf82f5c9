import { isWildcard } from "../../../../protocol/channel.js";
import type { RequestedMessage } from "../../../../protocol/frames.js";
import type { HandlerName } from "../../../../protocol/guard-manifest.js";
import type { Agent, Channel, ChannelLike, ConnectedOptions, DenialOptions } from "../../../../protocol/guards.js";
import type { HistoryQuery, Replay } from "../../../../protocol/history.js";
import { isId, isUserId } from "../../../../protocol/id.js";
import type { Json } from "../../../../protocol/json.js";
import {
  MAX_CHANNELS_PER_FRAME,
  MAX_CREDENTIALS_BYTES,
  MAX_INFO_BYTES,
  MAX_PUBLICATIONS_PER_GUARD_CALL,
  MAX_RESULT_BYTES,
  MAX_USER_ID_LENGTH,
} from "../../../../protocol/limits.js";
import type { Deployment } from "../options.js";
import type { Agent as AgentData } from "./agent.js";
import { bytesOf } from "./replies.js";
import { publicationError, subscriptionError } from "./rules.js";

/** One call of a guard. */
export interface GuardCall {
  handler: HandlerName;
  agent: AgentData;
  connectionId: string;
  isConnected: boolean;
  channel?: string;
  message?: RequestedMessage;
}

/** The closing verdict of a guard. */
export type Decision =
  | { permitted: false; reason: string; code: "denied" | "bad_data" }
  | ({ permitted: true; subscribe: string[]; publish: RequestedMessage[]; result?: Json } & Identity);

/** The fields of an agent that its connection guard sets. */
interface Identity {
  info?: Json;
  userId?: string;
  expiresAt?: number;
  credentials?: Json;
}

/** The effects of a guard call on the server. */
export interface CallEvents {
  decided(decision: Decision): void;
  read(query: HistoryQuery): Replay;
  now(): number;
}

const HISTORY_READERS: readonly HandlerName[] = ["onSubscriptionRequest", "onPublicationRequest", "onPresenceRequest"];

const nameOf = (channel: ChannelLike): string => (typeof channel === "string" ? channel : channel.name);

/** A copy through JSON, so that later changes of a guard have no effect. */
const copy = (value: unknown, what: string, limit = Infinity): Json => {
  if (JSON.stringify(value) === undefined) throw new TypeError(`${what} must be JSON`);
  if (bytesOf(value) > limit) throw new RangeError(`${what} must be at most ${limit} bytes of JSON`);
  return JSON.parse(JSON.stringify(value)) as Json;
};

const identityOf = (agent: Agent, { info, userId, expiresAt }: ConnectedOptions, now: number): Identity => {
  if (userId !== undefined && !isUserId(userId))
    throw new TypeError(`agent.connected: userId must be a string of 1 to ${MAX_USER_ID_LENGTH} characters`);
  const end = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt;
  if (end !== undefined && !(typeof end === "number" && end > now))
    throw new RangeError(
      "agent.connected: expiresAt must be a Date, or epoch milliseconds, in the future " +
        "(a JWT's exp is in seconds: expiresAt: exp * 1000)",
    );
  return {
    ...(info !== undefined && { info: copy(info, "info", MAX_INFO_BYTES) }),
    ...(userId !== undefined && { userId }),
    ...(end !== undefined && { expiresAt: Math.floor(end) }),
    ...(agent.credentials !== undefined && {
      credentials: copy(agent.credentials, "agent.credentials", MAX_CREDENTIALS_BYTES),
    }),
  };
};

/**
 * The agent and the channel of one guard call. Their verdict methods stage and close only that call. Misuse throws into
 * the guard, which has then failed.
 */
export const guardArguments = (
  call: GuardCall,
  rules: Pick<Deployment, "wildcards" | "limits">,
  events: CallEvents,
): { agent: Agent; channel: Channel | undefined } => {
  const subscribe: string[] = [];
  const publish: RequestedMessage[] = [];
  let isClosed = false;

  const assertHandler = (verdict: string, ...handlers: HandlerName[]): void => {
    if (!handlers.includes(call.handler)) throw new TypeError(`${verdict}() cannot be called in ${call.handler}`);
  };
  const assertRequested = (verdict: string, channel: ChannelLike): void => {
    if (nameOf(channel) !== call.channel)
      throw new TypeError(`${verdict} must be called with the requested channel, ${call.channel}`);
  };
  const close = (decide: () => Decision): void => {
    if (isClosed) return;
    const decision = decide();
    isClosed = true;
    events.decided(decision);
  };
  const permit = (more: () => object = () => ({})): void =>
    close(() => ({ permitted: true, subscribe, publish, ...more() }));
  const deny = (verdict: string, reason: unknown = "", { code = "denied" }: DenialOptions = {}): void => {
    if (code !== "denied" && code !== "bad_data")
      throw new TypeError(`${verdict}: code must be one of denied, bad_data`);
    close(() => ({ permitted: false, reason: `${reason as string}`, code }));
  };
  /** A verdict about the requested channel. */
  const onRequested =
    (verdict: string, handler: HandlerName, decide: (reason?: string, options?: DenialOptions) => void) =>
    (channel: ChannelLike, reason?: string, options?: DenialOptions): void => {
      assertHandler(`agent.${verdict}`, handler);
      assertRequested(`agent.${verdict}`, channel);
      decide(reason, options);
    };

  const stageSubscription = (name: string): void => {
    assertHandler("agent.subscribe", "onConnectionRequest", "onSubscriptionRequest", "onPublicationRequest");
    const fault = subscriptionError(name, rules);
    if (fault) throw new TypeError(`agent.subscribe: "${name}" cannot be subscribed to (${fault})`);
    if (isClosed) return;
    if (subscribe.length >= MAX_CHANNELS_PER_FRAME)
      throw new RangeError(`agent.subscribe: at most ${MAX_CHANNELS_PER_FRAME} other channels in one guard call`);
    subscribe.push(name);
  };

  const channelNamed = (name: string): Channel => ({
    name,
    isWildcard: isWildcard(name),
    toString: () => name,
    publish(message, { ephemeral = call.message?.ephemeral === true && call.channel === name } = {}) {
      assertHandler("channel.publish", "onPublicationRequest");
      const fault = publicationError(name, rules);
      if (fault) throw new TypeError(`channel.publish: "${name}" cannot be published on (${fault})`);
      if (isClosed) return;
      if (publish.length >= MAX_PUBLICATIONS_PER_GUARD_CALL)
        throw new RangeError(`channel.publish: at most ${MAX_PUBLICATIONS_PER_GUARD_CALL} messages in one guard call`);
      const { uuid = call.message?.uuid ?? "" } = message;
      if (!isId(uuid))
        throw new TypeError("channel.publish: message.uuid must be 1 to 64 characters of 0-9 A-Z a-z - _, or left out");
      publish.push({ channel: name, uuid, data: copy(message.data, "message.data"), ...(ephemeral && { ephemeral }) });
    },
    async history(options = {}) {
      await Promise.resolve();
      if (!HISTORY_READERS.includes(call.handler))
        throw new TypeError(`channel.history cannot be read in ${call.handler}`);
      return events.read({ ...options, channel: name });
    },
  });

  const { uuid, credentials, info, userId, expiresAt } = call.agent;
  const agent: Agent = {
    uuid,
    credentials,
    info,
    userId,
    expiresAt,
    isConnected: call.isConnected,
    connection: { id: call.connectionId, sourceIp: "127.0.0.1", userAgent: "FakePushIt" },
    connected(options = {}) {
      assertHandler("agent.connected", "onConnectionRequest");
      permit(() => identityOf(agent, options, events.now()));
    },
    connectionDenied(reason) {
      assertHandler("agent.connectionDenied", "onConnectionRequest");
      deny("agent.connectionDenied", reason);
    },
    subscribe(channel) {
      const name = nameOf(channel);
      if (call.handler !== "onSubscriptionRequest" || name !== call.channel) return stageSubscription(name);
      permit(() => ({ subscribe: [name, ...subscribe] }));
    },
    subscriptionDenied: onRequested("subscriptionDenied", "onSubscriptionRequest", (reason) => deny("", reason)),
    unsubscribe: onRequested("unsubscribe", "onUnsubscriptionRequest", () => permit()),
    unsubscriptionDenied: onRequested("unsubscriptionDenied", "onUnsubscriptionRequest", (reason) => deny("", reason)),
    publicationSuccess(_message, result) {
      assertHandler("agent.publicationSuccess", "onPublicationRequest");
      permit(() => (result === undefined ? {} : { result: copy(result, "result", MAX_RESULT_BYTES) }));
    },
    publicationDenied(_message, reason, options) {
      assertHandler("agent.publicationDenied", "onPublicationRequest");
      deny("agent.publicationDenied", reason, options);
    },
    presenceSuccess: onRequested("presenceSuccess", "onPresenceRequest", () => permit()),
    presenceDenied: onRequested("presenceDenied", "onPresenceRequest", (reason, options) =>
      deny("agent.presenceDenied", reason, options),
    ),
    deliver(_channel, message) {
      assertHandler("agent.deliver", "onMessageReceived");
      const { channel = "", uuid = "", at, from } = call.message ?? {};
      permit(() => ({
        publish: [
          {
            channel,
            uuid,
            data: copy(message.data, "message.data"),
            ...(at !== undefined && { at }),
            // A guard can remove `from`, but not change it.
            ...(from && message.from && { from }),
          },
        ],
      }));
    },
    channel: channelNamed,
  };
  return { agent, channel: call.channel === undefined ? undefined : channelNamed(call.channel) };
};
