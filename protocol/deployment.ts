/* Figures that the construct and its functions have to agree on. No client sees them. */

/**
 * How long the delivery guards of one replay may take, as a multiple of their timeout. They start within one timeout,
 * and each may run twice.
 */
export const REPLAY_GUARD_TIMEOUT_FACTOR = 3;

/**
 * How many seconds a stored row outlives its message. DynamoDB deletes expired rows in no particular order. So as long
 * as a row has not expired, all rows that were stored after it exist. Clocks differ by much less than this.
 */
export const HISTORY_MARGIN_SECONDS = 2 * 60 * 60;

/**
 * How often SQS delivers a segment before it moves the segment to the dead-letter queue. This is only a backstop,
 * because receives also count when Lambda finds all workers busy. At 96 seconds for each such receive, it takes 48
 * minutes. At 21 seconds for each worker that dies, it takes ten minutes, in which several workers have tried to close
 * the recipients.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export const MAX_SEGMENT_RECEIVES = 30;
