const MEGABYTE = 1024 * 1024;

/**
 * Largest payload of a synchronous invocation, in bytes.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MAX_SYNC_BYTES = 6 * MEGABYTE;

/**
 * Largest payload of an asynchronous invocation, in bytes.
 * @see https://aws.amazon.com/blogs/compute/more-room-to-build-serverless-services-now-support-payloads-up-to-1-mb
 */
export const MAX_ASYNC_BYTES = MEGABYTE;

/**
 * How much of a function's log `X-Amz-Log-Type: Tail` asks for, in bytes.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export const LOG_TAIL_BYTES = 4096;

/**
 * Default retries of a failed event, and the default maximum age of an event.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export const ASYNC_DEFAULTS = { retries: 2, maxAgeSeconds: 6 * 3600 };
