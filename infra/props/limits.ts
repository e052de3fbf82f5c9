/** Milliseconds in a second. */
const SECOND = 1_000;

/**
 * Longest timeout of a function behind a route. API Gateway aborts an integration after 29 s and sends the client
 * "Internal server error". A function that runs longer would do its work for that client in vain.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const FUNCTION_TIMEOUT_MS = 28 * SECOND;

/** Shortest timeout of a guard: below it, even a guard that decides at once may time out in a pause of the process. */
export const GUARD_TIMEOUT_FLOOR_MS = 100;

/**
 * Most bytes of a function's environment, as JSON.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const ENVIRONMENT_BYTES = 4 * 1024;

/**
 * Shortest and longest useful interval of the sweep, in minutes. EventBridge has no rate below a minute. A row expires
 * soon after its connection's two hours, so a longer interval would find the rows too late.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
export const SWEEP_MINUTES = { least: 1, most: 120 };

/**
 * Shortest and longest `linger`, in milliseconds. A window shorter than its own calls saves nothing. A window of more
 * than a few seconds is not realtime.
 */
export const LINGER_MS = { least: 50, most: 5_000 };

/**
 * Most shards of a channel: each is a Query of each publication. 64 shards take 64,000 subscriptions a second. They
 * return the subscribers of any channel faster than a function can read them.
 */
export const MOST_SHARDS = 64;

/**
 * Memory a function can have, in MB.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MEMORY_MB = { least: 128, most: 10_240 };

/** Range of `fanOutThreshold`. One function could not post to more subscribers within the fan-out budget. */
export const FAN_OUT_THRESHOLD = { least: 1, most: 10_000 };

/**
 * How many of a channel's messages can be kept. A client that has missed more reloads its state faster than a replay
 * would.
 */
export const HISTORY_SIZE = { least: 1, most: 10_000 };

/** How long a channel's messages can be kept, in seconds: a minute to thirty days. */
export const HISTORY_SECONDS = { least: 60, most: 30 * 24 * 60 * 60 };

/**
 * Range of the window in which a repeated publication is recognized, in seconds. It must exceed the SDK's longest
 * retry: the SDK repeats a publication for five minutes. The guard must decide the last repetition, and it must be
 * stored, within the window. At most a day.
 */
export const DEDUPE_SECONDS = { least: 6 * 60, most: 24 * 60 * 60 };

/**
 * How much longer a message is stored than the record that recognizes its repetitions, in seconds. The message's time
 * starts when its offset is taken. The record's time starts when it is claimed, up to a function's timeout later.
 */
export const CLAIM_SECONDS = 60;

/** Range of the interval in which subscribers check for missed messages, in milliseconds: 5 seconds to 9 minutes. */
export const CHECK_MS = { least: 5_000, most: 540_000 };

/**
 * Range of the time for which presence may be wrong after a connection has closed, in milliseconds: 90 seconds to 10
 * minutes. The schedule runs once a minute, and a run takes its time.
 */
export const PRESENCE_LEASE_MS = { least: 90_000, most: 600_000 };

/** Range of the interval of heartbeats, in milliseconds: 1 to 9 minutes. API Gateway closes idle connections after 10. */
export const PRESENCE_HEARTBEAT_MS = { least: 60_000, most: 540_000 };

/** Range of the time for which a member may be without a connection, in milliseconds: 0 to 30 seconds. */
export const PRESENCE_GRACE_MS = { least: 0, most: 30_000 };
