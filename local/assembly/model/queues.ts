/** One standard SQS queue. */
export interface QueueModel {
  logicalId: string;
  name: string;
  arn: string;
  /** Where it is served. */
  url: string;
  visibilitySeconds: number;
  retentionSeconds: number;
  delaySeconds: number;
  /** How long `ReceiveMessage` waits where it does not say. */
  waitSeconds: number;
  maxMessageBytes: number;
  /** Where messages go that were received too often; absent: they stay. */
  redrive?: { deadLetterArn: string; maxReceiveCount: number };
}

/** One event source mapping: a queue whose messages a function is run with. */
export interface MappingModel {
  logicalId: string;
  functionId: string;
  /** The queue's ARN. */
  queueArn: string;
  /** Most messages of a batch. */
  batchSize: number;
  /** How long a batch is gathered for. */
  windowSeconds: number;
  /** Whether the function tells which messages failed: `ReportBatchItemFailures`. */
  reportsFailures: boolean;
  /** Most batches at a time; absent: as many as Lambda likes. */
  maxConcurrency?: number;
}
