import {
  MAX_CHANNELS_PER_FRAME,
  MAX_CREDENTIALS_BYTES,
  type HistoryQuery,
  MAX_INFO_BYTES,
  isId,
  isUserId,
  isWildcard,
  type Json,
  type Message,
  MAX_PUBLICATIONS_PER_GUARD_CALL,
  type Replay,
  MAX_RESULT_BYTES,
  MAX_USER_ID_LENGTH,
} from "../../protocol/index.js";
import { type ChannelRules, publicationError, subscriptionError } from "../subscriptions/channel-rules.js";
import type { Agent, Channel, ChannelLike, ConnectedOptions } from "./types.js";
import type { Decision, GuardCall } from "./messages.js";

/** What becomes of a guard's verdict methods. */
export interface CallEvents {
  /** The closing verdict; called once at most. */
  decided(decision: Decision): void;
  /** A verdict that came after the closing one. */
  ignored(verdict: string): void;
  /** Reads a history. Left out: guards that run here cannot. */
  read?(query: HistoryQuery): Promise<Replay>;
}

/** What a guard is called with. */
export interface GuardArguments {
  agent: Agent;
  channel: Channel | undefined;
  message: Message | undefined;
}

/** The last moment that a `Date` can say, in epoch milliseconds. */
export const LAST_DATE = 8.64e15;

const nameOf = (channel: ChannelLike): string => (typeof channel === "string" ? channel : channel.name);

/** `value` as JSON can say it, copied, so that what the guard does to it later changes nothing. */
const copy = (value: unknown, what: string, limit?: number): Json => {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) throw new TypeError(`${what} must be JSON`);
  if (limit !== undefined && Buffer.byteLength(json) > limit)
    throw new RangeError(`${what} must be at most ${limit} bytes of JSON`);
  return JSON.parse(json) as Json;
};

const optional = <Key extends string>(key: Key, value: unknown, what: string, limit: number): { [K in Key]?: Json } =>
  value === undefined ? {} : ({ [key]: copy(value, what, limit) } as { [K in Key]?: Json });

/** What `connected` says of the agent, as far as it can be. */
const identityOf = ({ userId, expiresAt }: ConnectedOptions, now: number): { userId?: string; expiresAt?: number } => {
  if (userId !== undefined && !isUserId(userId)) {
    throw new TypeError(`agent.connected: userId must be a text of 1 to ${MAX_USER_ID_LENGTH} characters`);
  }
  const end = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt;
  // Written so that what is no number, NaN among it, is refused as well.
  if (end !== undefined && !(typeof end === "number" && end > now && end <= LAST_DATE)) {
    throw new RangeError(
      "agent.connected: expiresAt must be a Date, or epoch milliseconds, in the future " +
        "(a JWT's exp is in seconds: expiresAt: exp * 1000)",
    );
  }
  return { ...(userId === undefined ? {} : { userId }), ...(end === undefined ? {} : { expiresAt: Math.floor(end) }) };
};

/**
 * Makes the agent, channel and message that one guard call gets. They belong to that call alone: its verdict methods
 * stage and close that call and no other. Misuse (a verdict that does not belong to the guard, a channel that cannot
 * be) throws into the guard, and a guard that lets it through has failed.
 * @param now in epoch milliseconds
 */
export const argumentsFor = (
  call: GuardCall,
  rules: ChannelRules,
  events: CallEvents,
  now: () => number = Date.now,
): GuardArguments => {
  const subscribe: string[] = [];
  const publish: Message[] = [];
  let closed = false;

  const only = (verdict: string, ...handlers: GuardCall["handler"][]): void => {
    if (!handlers.includes(call.handler)) throw new TypeError(`${verdict} is no verdict of ${call.handler}`);
  };
  const close = (verdict: string, decide: () => Decision): void => {
    if (closed) return events.ignored(verdict);
    const decision = decide();
    closed = true;
    events.decided(decision);
  };
  // Whatever a guard in plain JavaScript gives as its reason becomes text.
  const deny = (verdict: string, reason = ""): void =>
    close(verdict, () => ({ permitted: false, reason: `${reason}` }));
  const permit = (verdict: string, more: () => Partial<Decision> = () => ({})): void =>
    close(verdict, () => ({ permitted: true, subscribe, publish, ...more() }) as Decision);
  const asked = (verdict: string, channel: ChannelLike): void => {
    if (nameOf(channel) !== call.channel)
      throw new TypeError(`${verdict} must name the channel asked for, ${call.channel}`);
  };

  const stageSubscription = (name: string): void => {
    only("agent.subscribe", "onConnectionRequest", "onSubscriptionRequest", "onPublicationRequest");
    const fault = subscriptionError(name, rules);
    if (fault) throw new TypeError(`agent.subscribe: nobody can be subscribed to "${name}" (${fault})`);
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
    publish(message) {
      only("channel.publish", "onPublicationRequest");
      const fault = publicationError(name, rules);
      if (fault) throw new TypeError(`channel.publish: nothing can be published on "${name}" (${fault})`);
      if (closed) return events.ignored("channel.publish");
      if (publish.length >= MAX_PUBLICATIONS_PER_GUARD_CALL) {
        throw new RangeError(`channel.publish: at most ${MAX_PUBLICATIONS_PER_GUARD_CALL} messages in one guard call`);
      }
      const { uuid = call.message?.uuid ?? "" } = message;
      if (!isId(uuid))
        throw new TypeError("channel.publish: message.uuid must be 1 to 64 characters of 0-9 A-Z a-z - _, or left out");
      publish.push({ channel: name, uuid, data: copy(message.data, "message.data") });
    },
    async history(options = {}) {
      if (call.handler !== "onSubscriptionRequest" && call.handler !== "onPublicationRequest") {
        throw new TypeError(`channel.history cannot be read in ${call.handler}`);
      }
      if (!events.read) throw new TypeError("channel.history can be read by guards of a module only");
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
      only("agent.connected", "onConnectionRequest");
      permit("agent.connected", () => ({
        ...optional("info", options?.info, "info", MAX_INFO_BYTES),
        ...identityOf(options ?? {}, now()),
        ...optional("credentials", agent.credentials, "agent.credentials", MAX_CREDENTIALS_BYTES),
      }));
    },
    connectionDenied(reason) {
      only("agent.connectionDenied", "onConnectionRequest");
      deny("agent.connectionDenied", reason);
    },
    subscribe(channel) {
      const name = nameOf(channel);
      if (call.handler !== "onSubscriptionRequest" || name !== call.channel) return stageSubscription(name);
      permit("agent.subscribe", () => ({ subscribe: [name, ...subscribe] }));
    },
    subscriptionDenied(channel, reason) {
      only("agent.subscriptionDenied", "onSubscriptionRequest");
      asked("agent.subscriptionDenied", channel);
      deny("agent.subscriptionDenied", reason);
    },
    unsubscribe(channel) {
      only("agent.unsubscribe", "onUnsubscriptionRequest");
      asked("agent.unsubscribe", channel);
      permit("agent.unsubscribe");
    },
    unsubscriptionDenied(channel, reason) {
      only("agent.unsubscriptionDenied", "onUnsubscriptionRequest");
      asked("agent.unsubscriptionDenied", channel);
      deny("agent.unsubscriptionDenied", reason);
    },
    publicationSuccess(_message, result) {
      only("agent.publicationSuccess", "onPublicationRequest");
      permit("agent.publicationSuccess", () => optional("result", result, "result", MAX_RESULT_BYTES));
    },
    publicationDenied(_message, reason) {
      only("agent.publicationDenied", "onPublicationRequest");
      deny("agent.publicationDenied", reason);
    },
    deliver(_channel, message) {
      only("agent.deliver", "onMessageReceived");
      permit("agent.deliver", () => ({
        publish: [
          { channel: call.channel ?? "", uuid: call.message?.uuid ?? "", data: copy(message.data, "message.data") },
        ],
      }));
    },
    channel: channelNamed,
  };

  return {
    agent,
    channel: call.channel === undefined ? undefined : channelNamed(call.channel),
    message: call.message,
  };
};
