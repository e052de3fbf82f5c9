import type { Throttle } from "../../assembly/model/api.js";

/**
 * Largest WebSocket frame in either direction, in bytes of payload; a larger one closes the connection with 1009.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
const MAX_FRAME_BYTES = 32 * 1024;

/**
 * Largest message, in bytes, in frames of at most {@link MAX_FRAME_BYTES}.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
const MAX_MESSAGE_BYTES = 128 * 1024;

/**
 * Longest request line and headers together, in bytes.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 */
const MAX_HEADER_BYTES = 10_240;

/**
 * Longest URL of a WebSocket API, in characters.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
const MAX_URL_CHARACTERS = 4096;

/**
 * How long a connection may be idle, in milliseconds.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
const IDLE_TIMEOUT_MS = 10 * 60_000;

/**
 * How long a connection may last, in milliseconds.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
const MAX_CONNECTION_MS = 2 * 60 * 60_000;

/**
 * How long an integration may take, in milliseconds.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
const INTEGRATION_TIMEOUT_MS = 29_000;

/**
 * Requests of an account in a Region, `@connections` calls included. Enforced on request only.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 */
export const ACCOUNT_THROTTLE: Throttle = { rate: 10_000, burst: 5_000 };

/**
 * The same in the Regions that AWS gives less: Cape Town, Milan, Jakarta, UAE, Hyderabad, Melbourne, Spain, Zurich, Tel
 * Aviv, Calgary, Malaysia, Thailand and Mexico.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 */
export const SMALL_REGION_THROTTLE: Throttle = { rate: 2_500, burst: 1_250 };

/**
 * New connections of an account in a Region. Enforced on request only.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const CONNECT_THROTTLE: Throttle = { rate: 500, burst: 500 };

/** Limits of the gateway. Times are in milliseconds, sizes in bytes. */
export interface GatewayLimits {
  /** @default MAX_FRAME_BYTES */
  frameBytes: number;
  /** @default MAX_MESSAGE_BYTES */
  messageBytes: number;
  /** @default MAX_HEADER_BYTES */
  headerBytes: number;
  /** @default MAX_URL_CHARACTERS */
  urlCharacters: number;
  /** @default IDLE_TIMEOUT_MS */
  idleMs: number;
  /** @default MAX_CONNECTION_MS */
  connectionMs: number;
  /** @default INTEGRATION_TIMEOUT_MS */
  integrationMs: number;
  /** Bytes that may wait for a slow client until its posts are answered with 429; a guess. @default 262144 */
  clientBufferBytes: number;
  /** How long an idle HTTP connection to the management endpoint lives; 0: for ever. @default 10000 */
  keepAliveMs: number;
  /** How long a client may take to answer a close frame before its socket is destroyed. @default 2000 */
  closeMs: number;
  /** Handshakes that may wait for `$connect` at once; more are refused with 503. @default 10000 */
  pendingHandshakes: number;
  /** Messages that may be at their functions at once; more are answered with "Too Many Requests". @default 20000 */
  pendingMessages: number;
  /** Requests of the account, `@connections` calls, frames and handshakes together; absent: unlimited. */
  account?: Throttle;
  /** New connections of the account; absent: unlimited. */
  connects?: Throttle;
}

/** The default limits: AWS's, without the account's rates. */
export const DEFAULT_LIMITS: GatewayLimits = {
  frameBytes: MAX_FRAME_BYTES,
  messageBytes: MAX_MESSAGE_BYTES,
  headerBytes: MAX_HEADER_BYTES,
  urlCharacters: MAX_URL_CHARACTERS,
  idleMs: IDLE_TIMEOUT_MS,
  connectionMs: MAX_CONNECTION_MS,
  integrationMs: INTEGRATION_TIMEOUT_MS,
  clientBufferBytes: 256 * 1024,
  keepAliveMs: 10_000,
  closeMs: 2_000,
  pendingHandshakes: 10_000,
  pendingMessages: 20_000,
};
