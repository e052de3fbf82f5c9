/** One standard SQS queue. */
export interface QueueModel {
  logicalId: string;
  name: string;
  arn: string;
  /** The queue's URL in this run. */
  url: string;
  visibilitySeconds: number;
  retentionSeconds: number;
  delaySeconds: number;
  /** How long `ReceiveMessage` waits if the request does not say. */
  waitSeconds: number;
  maxMessageBytes: number;
  /** The dead-letter queue for messages that were received too often. @default messages stay in the queue */
  redrive?: { deadLetterArn: string; maxReceiveCount: number };
}

/** One event source mapping: a queue whose messages run a function. */
export interface MappingModel {
  logicalId: string;
  functionId: string;
  /** The queue's ARN. */
  queueArn: string;
  /** Most messages of a batch. */
  batchSize: number;
  /** How long a batch is gathered for. */
  windowSeconds: number;
  /** Whether the function reports which messages failed: `ReportBatchItemFailures`. */
  reportsFailures: boolean;
  /** Most batches at a time; absent: as many as Lambda likes. */
  maxConcurrency?: number;
}
