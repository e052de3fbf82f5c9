/**
 * Largest frame in either direction, in bytes of UTF-8, envelope included. API Gateway closes a connection with 1009
 * on a larger one.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const FRAME_BYTES = 32 * 1024;

/**
 * Largest credentials, in bytes of their JSON. They travel in a header, as base64url, and API Gateway allows 10,240
 * bytes for the request line and all headers together.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const CREDENTIALS_BYTES = 4096;

/** Largest `info` of an agent, in bytes of its JSON. */
export const INFO_BYTES = 256;

/** Largest `result` of a publication, in bytes of its JSON: the answers to a full frame still fit one frame. */
export const RESULT_BYTES = 1024;

/** Longest reason of a denial, in bytes of UTF-8; longer ones are cut. */
export const REASON_BYTES = 512;

/** Most channels in one subscribe or unsubscribe frame: their rows fill two BatchWriteItem calls. */
export const CHANNELS_PER_FRAME = 25;

/** Most messages in one publish frame. */
export const MESSAGES_PER_FRAME = 25;

/** Longest channel name in characters (all are ASCII), which keeps a subscriber's row under 200 bytes. */
export const CHANNEL_LENGTH = 128;

/** Most segments of a channel name: each can cost a publication one Query where wildcards are enabled. */
export const CHANNEL_SEGMENTS = 8;

/** Deepest nesting of objects and lists in a frame: what is deeper cannot be serialised again without risk to the stack. */
export const NESTING = 256;
