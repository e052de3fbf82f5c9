import { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type * as kms from "aws-cdk-lib/aws-kms";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { SEGMENT_RECEIVES } from "../lambdas/core/segments.js";

/** How long the queue hides a segment after its worker's time is over, in seconds: then the worker has died. */
const AFTER_TIMEOUT_SECONDS = 5;

/**
 * How long what nobody could deliver is kept, in days: as long as SQS allows.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
 */
const DEAD_DAYS = 14;

/** What the queue of segments depends on. */
export interface DeliveriesProps {
  /** The timeout of the function that delivers, in seconds. */
  readonly workerSeconds: number;
  /**
   * Whose key encrypts what is in the queue. It is always encrypted.
   *
   * @default - a key of SQS, at no cost
   */
  readonly encryptionKey?: kms.IKey;
}

/**
 * Parts of large fan-outs on their way to workers. A queue holds messages of channels for moments only; they are
 * encrypted, with the construct's key where it has one.
 */
export class Deliveries extends Construct {
  /** Where the functions that publish hand segments on. */
  readonly queue: sqs.Queue;
  /** Where segments are that workers died of again and again, the one as well that was to close whom they are for: not all of those know. */
  readonly deadLetterQueue: sqs.Queue;
  /** Goes off when there is a segment in the dead-letter queue. It notifies nobody until it is given an action. */
  readonly alarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, { workerSeconds, encryptionKey }: DeliveriesProps) {
    super(scope, id);
    const encryption = encryptionKey
      ? { encryption: sqs.QueueEncryption.KMS, encryptionMasterKey: encryptionKey }
      : { encryption: sqs.QueueEncryption.SQS_MANAGED };
    this.deadLetterQueue = new sqs.Queue(this, "Dead", {
      ...encryption,
      enforceSSL: true,
      retentionPeriod: Duration.days(DEAD_DAYS),
    });
    this.queue = new sqs.Queue(this, "Queue", {
      ...encryption,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(workerSeconds + AFTER_TIMEOUT_SECONDS),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: SEGMENT_RECEIVES },
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

  /** Feeds a function with segments, one at a time: what a crash repeats is one segment. */
  feed(worker: lambda.Function): void {
    // Not `SqsEventSource`, which grants more than Lambda needs.
    worker.addEventSourceMapping("Segments", { eventSourceArn: this.queue.queueArn, batchSize: 1 });
  }
}
