/**
 * Largest message, its attributes included, and largest batch, in bytes.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

/**
 * Largest HTTP request that is read, in bytes. In JSON, a batch of binary attributes is larger than its size in SQS.
 */
export const MAX_REQUEST_BYTES = 6 * 1024 * 1024;

/**
 * Most entries of a batch, and most messages that one request receives.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
export const MAX_BATCH_ENTRIES = 10;

/**
 * Most attributes of a message.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
export const MAX_MESSAGE_ATTRIBUTES = 10;

/**
 * Most messages of a standard queue that are received and not deleted.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
 */
export const MAX_IN_FLIGHT = 120_000;

/**
 * Longest waits, in seconds: before a message is delivered, until it is visible again, and for a message.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
export const MAX_SECONDS = { delay: 900, visibility: 43_200, poll: 20 };

/**
 * How long after a purge there may not be another one, in milliseconds.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html
 */
export const PURGE_INTERVAL_MS = 60_000;

/**
 * CloudFormation's defaults for queues.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html
 */
export const QUEUE_DEFAULTS = { visibilitySeconds: 30, retentionSeconds: 345_600, delaySeconds: 0, waitSeconds: 0 };
