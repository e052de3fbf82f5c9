/**
 * The number of concurrent batches: at the start, their growth per minute while there are messages, and the bounds of
 * `MaximumConcurrency`.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
export const CONCURRENCY = { initial: 5, perMinute: 300, min: 2, max: 1000 };

/**
 * Messages of a batch: the default, the maximum, and the maximum without a batching window.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
 */
export const BATCH_SIZE = { default: 10, max: 10_000, maxWithoutWindow: 10 };

/**
 * Longest batching window, in seconds.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
 */
export const MAX_WINDOW_SECONDS = 300;

/**
 * Most bytes of a batch: an invocation's payload.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MAX_BATCH_BYTES = 6 * 1024 * 1024;
