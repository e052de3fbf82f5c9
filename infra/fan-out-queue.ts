import { MAX_SEGMENT_RECEIVES } from "../protocol/deployment.js";
import { Duration, Token } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type * as kms from "aws-cdk-lib/aws-kms";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct, type IConstruct } from "constructs";
import { validationError } from "./props/validation-error.js";
import type { PushItProps } from "./props/push-it-props.js";

/**
 * The queue's visibility timeout, as a multiple of the worker's timeout. It gives Lambda time to find a free worker. A
 * worker that has started shortens it to its own time: see lambdas/workers/fan-out-worker.ts.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
const VISIBILITY_TIMEOUTS = 6;

/**
 * How many workers there can be at once.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
const FAN_OUT_WORKERS = { least: 2, most: 1_000 };

/**
 * Default for the most workers at once: half of an account's default concurrency. So large fan-outs leave the other
 * half to handshakes and frames.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const DEFAULT_WORKERS = 500;

/**
 * How long the dead-letter queue keeps a segment, in days: as long as SQS allows.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
 */
const DLQ_RETENTION_DAYS = 14;

/** How many workers there can be at once: as the props say, or as many as are reserved, or the default. */
export const workersOf = (scope: IConstruct, { deliveryConcurrency, reservedConcurrency }: PushItProps): number => {
  const { least, most } = FAN_OUT_WORKERS;
  const reserved = reservedConcurrency?.fanOutWorker;
  const workers =
    deliveryConcurrency ?? (reserved === undefined ? DEFAULT_WORKERS : Math.min(most, Math.max(least, reserved)));
  if (Token.isUnresolved(workers) || (Number.isInteger(workers) && workers >= least && workers <= most)) return workers;
  throw validationError(
    scope,
    `deliveryConcurrency is ${workers}, but must be a whole number from ${least} to ${most}`,
  );
};

/** The props of the fan-out queue. */
export interface FanOutQueueProps {
  /** The timeout of the function that delivers, in seconds. */
  readonly workerSeconds: number;
  /**
   * The key that encrypts the queue. It is always encrypted.
   *
   * @default - a key of SQS, at no cost
   */
  readonly encryptionKey?: kms.IKey;
}

/**
 * Segments of large fan-outs on their way to workers. The queue holds messages of channels for moments only. They are
 * encrypted, with the construct's key if it has one.
 */
export class FanOutQueue extends Construct {
  /** The queue in which the functions that publish enqueue segments. */
  readonly queue: sqs.Queue;
  /**
   * Segments that failed in every worker, including the last worker, which closes the recipients' connections. So some
   * recipients may not know that they have missed a message.
   */
  readonly deadLetterQueue: sqs.Queue;
  /** Goes off when there is a segment in the dead-letter queue. It sends no notification until you add an action. */
  readonly alarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, { workerSeconds, encryptionKey }: FanOutQueueProps) {
    super(scope, id);
    const encryption = encryptionKey
      ? { encryption: sqs.QueueEncryption.KMS, encryptionMasterKey: encryptionKey }
      : { encryption: sqs.QueueEncryption.SQS_MANAGED };
    this.deadLetterQueue = new sqs.Queue(this, "Dead", {
      ...encryption,
      enforceSSL: true,
      retentionPeriod: Duration.days(DLQ_RETENTION_DAYS),
    });
    this.queue = new sqs.Queue(this, "Queue", {
      ...encryption,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(workerSeconds * VISIBILITY_TIMEOUTS),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_SEGMENT_RECEIVES },
    });
    this.alarm = this.deadLetterQueue
      .metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: "max" })
      .createAlarm(this, "Alarm", {
        alarmDescription: "Push-It: messages have not reached all of their subscribers, because workers died of them",
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      });
  }

  /**
   * Feeds a function with segments, one at a time: a crash repeats one segment.
   * @param maxConcurrency how many workers there are at once
   */
  addConsumer(worker: lambda.Function, maxConcurrency: number): void {
    // Not `SqsEventSource`, which grants more than Lambda needs.
    worker.addEventSourceMapping("Segments", { eventSourceArn: this.queue.queueArn, batchSize: 1, maxConcurrency });
  }
}
