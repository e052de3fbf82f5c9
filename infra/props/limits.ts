/** Milliseconds in a second. */
const SECOND = 1_000;

/**
 * Longest timeout of a function behind a route. API Gateway gives up on an integration after 29 s, and a function that
 * outlives it would do its work for a client that was already told "Internal server error".
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const FUNCTION_TIMEOUT_MS = 28 * SECOND;

/** Shortest timeout of a guard: below it, even a guard that decides at once may be cut by a pause of the process. */
export const GUARD_TIMEOUT_FLOOR_MS = 100;

/**
 * Most bytes of a function's environment, as JSON.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const ENVIRONMENT_BYTES = 4 * 1024;

/**
 * Shortest and longest interval of the sweep that makes sense, in minutes. EventBridge knows no rate below a minute; a
 * row outlives its connection's two hours by little, so sweeping less often than that would find nothing in time.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
export const SWEEP_MINUTES = { least: 1, most: 120 };

/**
 * Shortest and longest `linger`, in milliseconds. A window shorter than what its own calls take saves nothing; one longer
 * than seconds is no realtime.
 */
export const LINGER_MS = { least: 50, most: 5_000 };

/**
 * Most shards of a channel: each is a Query of each publication. As many as this take 64,000 subscriptions a second, and
 * give the subscribers of any channel faster than a function can read them.
 */
export const MOST_SHARDS = 64;

/**
 * Memory a function can have, in MB.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MEMORY_MB = { least: 128, most: 10_240 };

/** How many subscribers one function can be told to post to: more would not be done in a fan-out's time. */
export const FAN_OUT_THRESHOLD = { least: 1, most: 10_000 };

/** How many of a channel's messages can be kept: what is behind more than this is loaded anew faster than replayed. */
export const HISTORY_SIZE = { least: 1, most: 10_000 };

/** How long a channel's messages can be kept, in seconds: a minute to thirty days. */
export const HISTORY_SECONDS = { least: 60, most: 30 * 24 * 60 * 60 };

/**
 * For how long a repeated publication can be known again, in seconds. Longer than what the SDK's longest retry takes: it
 * sends a publication again for five minutes, and the last one has to be decided by its guard and stored within the window;
 * not longer than a day.
 */
export const DEDUPE_SECONDS = { least: 6 * 60, most: 24 * 60 * 60 };

/**
 * By how much a stored message has to outlive what it is known again by, in seconds: its time begins when its offset is
 * taken, the other's when it is claimed, up to a function's timeout later.
 */
export const CLAIM_SECONDS = 60;

/** How often subscribers can be told to ask whether they have missed something, in milliseconds: 5 seconds to 9 minutes. */
export const CHECK_MS = { least: 5_000, most: 540_000 };

/** How long an agent can count as present without saying so again, in milliseconds: 20 seconds to 10 minutes. */
export const PRESENCE_LEASE_MS = { least: 20_000, most: 600_000 };
