import { Token } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import { CHANNEL_PUNCTUATION, DEFAULT_LIMITS, type Limits as SettledLimits } from "../../protocol/index.js";
import { validationError } from "./validation-error.js";

/**
 * The limits of one client, as whole numbers. Limits that come from API Gateway's frames or the protocol can only be
 * lowered. For the others, the range and its reason are given.
 */
export interface Limits {
  /**
   * Channels and wildcards that one agent is subscribed to: 1 to 1,000. Each subscribe frame reads all subscriptions of
   * the agent. Its removal deletes two rows for each.
   *
   * @default 100
   */
  readonly subscriptionsPerAgent?: number;
  /**
   * Connections of one `userId` at a time: 1 to 1,000. Two connections of one client session count once, so that a
   * client can replace its connection. Each new connection of a user reads all of the user's connections. Leave
   * `userId` out if many people share one.
   *
   * @default 100
   */
  readonly agentsPerUser?: number;
  /**
   * Messages that one agent may publish in a second, and twice as many at once: 1 to 25,000. That is all that the
   * `publish` route takes by default, of all clients together. Best effort: each environment of a function counts
   * separately.
   *
   * @default 100
   */
  readonly publicationsPerSecond?: number;
  /**
   * Channels that one agent may subscribe to in a second, and as many that it may unsubscribe from: 1 to 1,000. A
   * channel with presence counts as five, because all its subscribers are notified. At once, a client may always
   * restore all its subscriptions twice, even above this limit. Best effort: each environment of a function counts
   * separately.
   *
   * @default 25
   */
  readonly subscriptionChangesPerSecond?: number;
  /**
   * The rates of all agents of one `userId` together, as a multiple of one agent's rates: 1 to 1,000. It applies to
   * every rate by agent: publications, changes of subscriptions, and requests for history, presence and renewal. Best
   * effort: each environment of a function counts separately. Leave `userId` out if many people share one.
   *
   * @default 10
   */
  readonly ratesPerUser?: number;
  /**
   * Channels in a subscribe or unsubscribe frame: 1 to 25.
   *
   * @default 25
   */
  readonly channelsPerFrame?: number;
  /**
   * Messages in a publish frame: 1 to 25.
   *
   * @default 25
   */
  readonly messagesPerFrame?: number;
  /**
   * Bytes of a message as it is delivered, its channel and uuid included: 256 to 32,768.
   *
   * @default 32768
   */
  readonly messageBytes?: number;
  /**
   * Characters of a channel's name: 1 to 128.
   *
   * @default 128
   */
  readonly channelLength?: number;
  /**
   * Characters that names of channels may have besides letters, digits and `/`: some of the default's, or none.
   *
   * @default "_-.:@=+,~!"
   */
  readonly channelPunctuation?: string;
  /**
   * Bytes of the credentials' JSON: 1 to 4,096.
   *
   * @default 4096
   */
  readonly credentialsBytes?: number;
}

type Counts = Omit<SettledLimits, "channelPunctuation">;

/**
 * Smallest `messageBytes`: the envelope around the data takes up to 226 bytes, with the longest channel name and uuid.
 */
const MESSAGE_BYTES_FLOOR = 256;

/** The range of each limit. If the default is the maximum, the size of a frame or of a row sets it. */
export const LIMIT_RANGES: { readonly [name in keyof Counts]: { least: number; most: number } } = {
  subscriptionsPerAgent: { least: 1, most: 1_000 },
  agentsPerUser: { least: 1, most: 1_000 },
  publicationsPerSecond: { least: 1, most: 25_000 },
  subscriptionChangesPerSecond: { least: 1, most: 1_000 },
  ratesPerUser: { least: 1, most: 1_000 },
  channelsPerFrame: { least: 1, most: DEFAULT_LIMITS.channelsPerFrame },
  messagesPerFrame: { least: 1, most: DEFAULT_LIMITS.messagesPerFrame },
  messageBytes: { least: MESSAGE_BYTES_FLOOR, most: DEFAULT_LIMITS.messageBytes },
  channelLength: { least: 1, most: DEFAULT_LIMITS.channelLength },
  credentialsBytes: { least: 1, most: DEFAULT_LIMITS.credentialsBytes },
};

/** The limits from the props, for the functions. Throws if they are invalid. */
export const resolveLimits = (scope: IConstruct, limits: Limits = {}): SettledLimits => {
  const settled = { ...DEFAULT_LIMITS };
  for (const [name, { least, most }] of Object.entries(LIMIT_RANGES) as [
    keyof Counts,
    { least: number; most: number },
  ][]) {
    const value = limits[name] ?? DEFAULT_LIMITS[name];
    if (Token.isUnresolved(value)) throw validationError(scope, `limits.${name} must be known at synthesis`);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw validationError(scope, `limits.${name} is ${value}, but must be a whole number from ${least} to ${most}`);
    }
    settled[name] = value;
  }
  return { ...settled, channelPunctuation: punctuationOf(scope, limits.channelPunctuation ?? CHANNEL_PUNCTUATION) };
};

const punctuationOf = (scope: IConstruct, punctuation: string): string => {
  if (Token.isUnresolved(punctuation))
    throw validationError(scope, "limits.channelPunctuation must be known at synthesis");
  const stray = [...punctuation].find((character) => !CHANNEL_PUNCTUATION.includes(character));
  if (stray === undefined) return [...new Set(punctuation)].join("");
  throw validationError(
    scope,
    `limits.channelPunctuation has "${stray}", but can have only some of ${CHANNEL_PUNCTUATION}`,
  );
};
