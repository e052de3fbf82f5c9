/**
 * Largest frame in either direction, in bytes of UTF-8, envelope included. API Gateway closes a connection with 1009 on
 * a larger one.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const MAX_FRAME_BYTES = 32 * 1024;

/**
 * Largest credentials, in bytes of their JSON. They travel in a header, as base64url, and API Gateway allows 10,240
 * bytes for the request line and all headers together.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const MAX_CREDENTIALS_BYTES = 4096;

/** Largest token of a subscribe, history or presence request, in bytes of its JSON. */
export const MAX_TOKEN_BYTES = 2048;

/** Largest `info` of an agent, in bytes of its JSON. */
export const MAX_INFO_BYTES = 256;

/** Largest state of a member on a channel, in bytes of its JSON. */
export const MAX_STATE_BYTES = 512;

/** Largest `result` of a publication, in bytes of its JSON. So the replies to a full frame still fit one frame. */
export const MAX_RESULT_BYTES = 1024;

/** Longest reason of a denial, in bytes of UTF-8. Longer ones are cut. */
export const MAX_REASON_BYTES = 512;

/** Most channels in one subscribe or unsubscribe frame: their rows fill two BatchWriteItem calls. */
export const MAX_CHANNELS_PER_FRAME = 25;

/** Most messages in one publish frame. */
export const MAX_MESSAGES_PER_FRAME = 25;

/**
 * Most messages that one call of a publication guard publishes: as many as a back end publishes in one request.
 * Together with `MAX_MESSAGES_PER_FRAME`, it limits how much one frame can store and deliver.
 */
export const MAX_PUBLICATIONS_PER_GUARD_CALL = 100;

/** Longest channel name, in characters. All are ASCII, so a subscriber's row stays under 200 bytes. */
export const MAX_CHANNEL_LENGTH = 128;

/** Most segments of a channel name. If wildcards are enabled, each can cost a publication one Query. */
export const MAX_CHANNEL_SEGMENTS = 8;

/** Deepest nesting of objects and lists in a frame. To serialise deeper values could overflow the stack. */
export const MAX_JSON_DEPTH = 256;

/** Longest id of a user, in UTF-16 code units. */
export const MAX_USER_ID_LENGTH = 128;

/** Characters that a channel name may have, in addition to letters, digits and `/`. */
export const CHANNEL_PUNCTUATION = "_-.:@=+,~!";

/**
 * How long after `expiresAt` an agent is still served, in seconds. The server asks it to renew, and ends it if it does
 * not.
 */
export const RENEWAL_GRACE_SECONDS = 60;

/** Most messages in one reply about a channel's history. */
export const MAX_HISTORY_PAGE_SIZE = 100;

/** Most positions, and most channels with presence, in one ping. */
export const MAX_CHANNELS_PER_PING = 100;

/** Limits that a deployment chooses. Replies to `ping` carry them. */
export interface Limits {
  /** Most channels and wildcards that one agent may be subscribed to. */
  subscriptionsPerAgent: number;
  /** Most agents of one `userId` at a time. Two agents of one session count once. */
  agentsPerUser: number;
  /** Messages that one agent may publish in a second. Best effort: each Lambda environment counts for itself. */
  publicationsPerSecond: number;
  /**
   * Channels that one agent may subscribe to, and as many that it may unsubscribe from, in a second. A channel with
   * presence counts as five. Best effort, like publications.
   */
  subscriptionChangesPerSecond: number;
  /** For each rate: how many times an agent's rate all agents of one `userId` may use together. */
  ratesPerUser: number;
  /** Most channels in a subscribe or unsubscribe frame: `MAX_CHANNELS_PER_FRAME` or less. */
  channelsPerFrame: number;
  /** Most messages in a publish frame: `MAX_MESSAGES_PER_FRAME` or less. */
  messagesPerFrame: number;
  /** Largest message as it is delivered, in bytes of its JSON: `MAX_FRAME_BYTES` or less. */
  messageBytes: number;
  /** Longest channel name: `MAX_CHANNEL_LENGTH` or less. */
  channelLength: number;
  /** Characters of channel names besides letters, digits and `/`: some of `CHANNEL_PUNCTUATION`. */
  channelPunctuation: string;
  /** Largest credentials, in bytes of their JSON: `MAX_CREDENTIALS_BYTES` or less. */
  credentialsBytes: number;
}

/** The limits of a deployment that sets none. */
export const DEFAULT_LIMITS: Limits = {
  subscriptionsPerAgent: 100,
  agentsPerUser: 100,
  publicationsPerSecond: 100,
  subscriptionChangesPerSecond: 25,
  ratesPerUser: 10,
  channelsPerFrame: MAX_CHANNELS_PER_FRAME,
  messagesPerFrame: MAX_MESSAGES_PER_FRAME,
  messageBytes: MAX_FRAME_BYTES,
  channelLength: MAX_CHANNEL_LENGTH,
  channelPunctuation: CHANNEL_PUNCTUATION,
  credentialsBytes: MAX_CREDENTIALS_BYTES,
};
