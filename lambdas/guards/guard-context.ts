import {
  MAX_CHANNELS_PER_FRAME,
  MAX_CREDENTIALS_BYTES,
  type HistoryQuery,
  MAX_INFO_BYTES,
  isId,
  isUserId,
  isWildcard,
  type Json,
  type RequestedMessage,
  MAX_PUBLICATIONS_PER_GUARD_CALL,
  type Replay,
  MAX_RESULT_BYTES,
  MAX_USER_ID_LENGTH,
} from "../../protocol/index.js";
import { type ChannelRules, publicationError, subscriptionError } from "../subscriptions/channel-rules.js";
import type { Agent, Channel, ChannelLike, ConnectedOptions, DenialOptions } from "../../protocol/guards.js";
import { DENIAL_CODES } from "./contract.js";
import type { Decision, GuardCall } from "./messages.js";

/** The guards of a module that may read histories. */
const HISTORY_READERS: readonly GuardCall["handler"][] = [
  "onSubscriptionRequest",
  "onPublicationRequest",
  "onPresenceRequest",
];

/** Callbacks for a guard's verdict methods. */
export interface CallEvents {
  /** The closing verdict; called once at most. */
  decided(decision: Decision): void;
  /** A verdict that came after the closing one. */
  ignored(verdict: string): void;
  /** Reads a history. Left out: guards here cannot read histories. */
  read?(query: HistoryQuery): Promise<Replay>;
}

/** The arguments of a guard. */
export interface GuardArguments {
  agent: Agent;
  channel: Channel | undefined;
  message: RequestedMessage | undefined;
  token: Json | undefined;
  state: Json | undefined;
}

/** The last time that a `Date` can represent, in epoch milliseconds. */
export const LAST_DATE = 8.64e15;

const nameOf = (channel: ChannelLike): string => (typeof channel === "string" ? channel : channel.name);

/**
 * Whether a guard's message is ephemeral if the guard does not say so. On the requested channel it is as the requested
 * message. On another channel it is not, so that a publisher cannot keep its messages out of the guard's other channels.
 */
export const isEphemeralByDefault = (requested: RequestedMessage | undefined, channel: string): boolean =>
  requested?.ephemeral === true && requested.channel === channel;

/** A copy of `value` through JSON, so that later changes of the guard have no effect. */
const copy = (value: unknown, what: string, limit?: number): Json => {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) throw new TypeError(`${what} must be JSON`);
  if (limit !== undefined && Buffer.byteLength(json) > limit)
    throw new RangeError(`${what} must be at most ${limit} bytes of JSON`);
  return JSON.parse(json) as Json;
};

const optional = <Key extends string>(key: Key, value: unknown, what: string, limit: number): { [K in Key]?: Json } =>
  value === undefined ? {} : ({ [key]: copy(value, what, limit) } as { [K in Key]?: Json });

/** The agent's user and end from the options of `connected`, validated. */
const identityOf = ({ userId, expiresAt }: ConnectedOptions, now: number): { userId?: string; expiresAt?: number } => {
  if (userId !== undefined && !isUserId(userId)) {
    throw new TypeError(`agent.connected: userId must be a string of 1 to ${MAX_USER_ID_LENGTH} characters`);
  }
  const end = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt;
  // Written so that it also refuses NaN and other values that are not numbers.
  if (end !== undefined && !(typeof end === "number" && end > now && end <= LAST_DATE)) {
    throw new RangeError(
      "agent.connected: expiresAt must be a Date, or epoch milliseconds, in the future " +
        "(a JWT's exp is in seconds: expiresAt: exp * 1000)",
    );
  }
  return { ...(userId === undefined ? {} : { userId }), ...(end === undefined ? {} : { expiresAt: Math.floor(end) }) };
};

/**
 * Creates the agent, channel and message of one guard call. They belong to that call alone: their verdict methods stage
 * and close only it. Misuse throws into the guard: a verdict that does not belong to the guard, or an invalid channel.
 * A guard that does not catch the error has failed.
 * @param now in epoch milliseconds
 */
export const argumentsFor = (
  call: GuardCall,
  rules: ChannelRules,
  events: CallEvents,
  now: () => number = Date.now,
): GuardArguments => {
  const subscribe: string[] = [];
  const publish: RequestedMessage[] = [];
  const at = call.message?.at;
  const from = call.message?.from && structuredClone(call.message.from);
  let closed = false;

  const assertHandler = (verdict: string, ...handlers: GuardCall["handler"][]): void => {
    if (!handlers.includes(call.handler)) throw new TypeError(`${verdict}() cannot be called in ${call.handler}`);
  };
  const close = (verdict: string, decide: () => Decision): void => {
    if (closed) return events.ignored(verdict);
    const decision = decide();
    closed = true;
    events.decided(decision);
  };
  // A guard in plain JavaScript may pass any value as its reason: it becomes a string.
  const deny = (verdict: string, reason = "", { code = "denied" }: DenialOptions = {}): void => {
    if (!DENIAL_CODES.includes(code)) throw new TypeError(`${verdict}: code must be one of ${DENIAL_CODES.join(", ")}`);
    close(verdict, () => ({ permitted: false, reason: `${reason}`, ...(code !== "denied" && { code }) }));
  };
  const permit = (verdict: string, more: () => Partial<Decision> = () => ({})): void =>
    close(verdict, () => ({ permitted: true, subscribe, publish, ...more() }) as Decision);
  const assertRequested = (verdict: string, channel: ChannelLike): void => {
    if (nameOf(channel) !== call.channel)
      throw new TypeError(`${verdict} must be called with the requested channel, ${call.channel}`);
  };

  const stageSubscription = (name: string): void => {
    assertHandler("agent.subscribe", "onConnectionRequest", "onSubscriptionRequest", "onPublicationRequest");
    const fault = subscriptionError(name, rules);
    if (fault) throw new TypeError(`agent.subscribe: "${name}" cannot be subscribed to (${fault})`);
    if (closed) return events.ignored("agent.subscribe");
    if (subscribe.length >= MAX_CHANNELS_PER_FRAME) {
      throw new RangeError(`agent.subscribe: at most ${MAX_CHANNELS_PER_FRAME} other channels in one guard call`);
    }
    subscribe.push(name);
  };

  const channelNamed = (name: string): Channel => ({
    name,
    isWildcard: isWildcard(name),
    toString: () => name,
    publish(message, { ephemeral = isEphemeralByDefault(call.message, name) } = {}) {
      assertHandler("channel.publish", "onPublicationRequest");
      const fault = publicationError(name, rules);
      if (fault) throw new TypeError(`channel.publish: "${name}" cannot be published on (${fault})`);
      if (closed) return events.ignored("channel.publish");
      if (publish.length >= MAX_PUBLICATIONS_PER_GUARD_CALL) {
        throw new RangeError(`channel.publish: at most ${MAX_PUBLICATIONS_PER_GUARD_CALL} messages in one guard call`);
      }
      const { uuid = call.message?.uuid ?? "" } = message;
      if (!isId(uuid))
        throw new TypeError("channel.publish: message.uuid must be 1 to 64 characters of 0-9 A-Z a-z - _, or left out");
      if (typeof ephemeral !== "boolean") throw new TypeError("channel.publish: ephemeral must be true or false");
      publish.push({ channel: name, uuid, data: copy(message.data, "message.data"), ...(ephemeral && { ephemeral }) });
    },
    async history(options = {}) {
      if (!HISTORY_READERS.includes(call.handler)) {
        throw new TypeError(`channel.history cannot be read in ${call.handler}`);
      }
      if (!events.read) throw new TypeError("channel.history can only be read by guards of a module");
      return events.read({ ...options, channel: name });
    },
  });

  const agent: Agent = {
    uuid: call.agent.uuid,
    credentials: call.agent.credentials,
    info: call.agent.info,
    userId: call.agent.userId,
    expiresAt: call.agent.expiresAt,
    isConnected: call.agent.isConnected,
    connection: call.agent.connection,
    connected(options) {
      assertHandler("agent.connected", "onConnectionRequest");
      permit("agent.connected", () => ({
        ...optional("info", options?.info, "info", MAX_INFO_BYTES),
        ...identityOf(options ?? {}, now()),
        ...optional("credentials", agent.credentials, "agent.credentials", MAX_CREDENTIALS_BYTES),
      }));
    },
    connectionDenied(reason) {
      assertHandler("agent.connectionDenied", "onConnectionRequest");
      deny("agent.connectionDenied", reason);
    },
    subscribe(channel) {
      const name = nameOf(channel);
      if (call.handler !== "onSubscriptionRequest" || name !== call.channel) return stageSubscription(name);
      permit("agent.subscribe", () => ({ subscribe: [name, ...subscribe] }));
    },
    subscriptionDenied(channel, reason) {
      assertHandler("agent.subscriptionDenied", "onSubscriptionRequest");
      assertRequested("agent.subscriptionDenied", channel);
      deny("agent.subscriptionDenied", reason);
    },
    unsubscribe(channel) {
      assertHandler("agent.unsubscribe", "onUnsubscriptionRequest");
      assertRequested("agent.unsubscribe", channel);
      permit("agent.unsubscribe");
    },
    unsubscriptionDenied(channel, reason) {
      assertHandler("agent.unsubscriptionDenied", "onUnsubscriptionRequest");
      assertRequested("agent.unsubscriptionDenied", channel);
      deny("agent.unsubscriptionDenied", reason);
    },
    publicationSuccess(_message, result) {
      assertHandler("agent.publicationSuccess", "onPublicationRequest");
      permit("agent.publicationSuccess", () => optional("result", result, "result", MAX_RESULT_BYTES));
    },
    publicationDenied(_message, reason, options) {
      assertHandler("agent.publicationDenied", "onPublicationRequest");
      deny("agent.publicationDenied", reason, options);
    },
    presenceSuccess(channel) {
      assertHandler("agent.presenceSuccess", "onPresenceRequest");
      assertRequested("agent.presenceSuccess", channel);
      permit("agent.presenceSuccess");
    },
    presenceDenied(channel, reason, options) {
      assertHandler("agent.presenceDenied", "onPresenceRequest");
      assertRequested("agent.presenceDenied", channel);
      deny("agent.presenceDenied", reason, options);
    },
    deliver(_channel, message) {
      assertHandler("agent.deliver", "onMessageReceived");
      permit("agent.deliver", () => ({
        publish: [
          {
            channel: call.channel ?? "",
            uuid: call.message?.uuid ?? "",
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

  return {
    agent,
    channel: call.channel === undefined ? undefined : channelNamed(call.channel),
    message: call.message,
    token: call.token,
    state: call.state,
  };
};
