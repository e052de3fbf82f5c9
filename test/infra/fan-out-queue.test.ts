import { Duration } from "aws-cdk-lib";
import * as kms from "aws-cdk-lib/aws-kms";
import type { PushItProps } from "../../infra/index.js";
import { makeStack, readable, resourcesOf, synthesize } from "./synth.js";

const template = synthesize();

/** The resources of a type, readable, by the end of their ids. */
const queues = (from: typeof template): Record<string, Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(resourcesOf(from, "AWS::SQS::Queue")).map(([id, { Properties }]) => [
      /Dead/.test(id) ? "dead" : "queue",
      readable(Properties) as Record<string, unknown>,
    ]),
  );

const mappingOf = (props: PushItProps): Record<string, unknown> => {
  const [mapping] = Object.values(resourcesOf(synthesize(props), "AWS::Lambda::EventSourceMapping"));
  return readable(mapping!.Properties) as Record<string, unknown>;
};

describe("the queue of segments", () => {
  test("hides a segment for six times as long as its worker may take, which is AWS's advice, and gives it away 30 times", () => {
    const [worker] = Object.entries(resourcesOf(template, "AWS::Lambda::Function")).filter(([id]) =>
      id.includes("DeliverFunction"),
    );
    const { VisibilityTimeout, RedrivePolicy } = queues(template)["queue"]!;
    expect(worker![1].Properties.Timeout).toBe(16);
    expect(VisibilityTimeout).toBe(6 * 16);
    expect(RedrivePolicy).toEqual({ deadLetterTargetArn: "<DeliveriesDead.Arn>", maxReceiveCount: 30 });
  });

  test("follows the props that decide the worker's time", () => {
    const changed = queues(
      synthesize({ fanOutBudget: Duration.seconds(5), timeouts: { onDisconnect: Duration.seconds(3) } }),
    );
    expect(changed["queue"]!["VisibilityTimeout"]).toBe(6 * (5 + 3 + 5));
  });

  test("feeds workers one segment at a time, and at most half of an account's functions", () => {
    expect(mappingOf({})).toEqual({
      BatchSize: 1,
      EventSourceArn: "<DeliveriesQueue.Arn>",
      FunctionName: "<DeliverFunction>",
      ScalingConfig: { MaximumConcurrency: 500 },
    });
  });

  test("feeds no more workers than there can be: what is reserved, or what the prop says", () => {
    const workers = (props: PushItProps) => mappingOf(props)["ScalingConfig"];
    expect(workers({ reservedConcurrency: { fanOutWorker: 20 } })).toEqual({ MaximumConcurrency: 20 });
    expect(workers({ reservedConcurrency: { fanOutWorker: 1 } })).toEqual({ MaximumConcurrency: 2 });
    expect(workers({ reservedConcurrency: { fanOutWorker: 5_000 } })).toEqual({ MaximumConcurrency: 1_000 });
    expect(workers({ reservedConcurrency: { fanOutWorker: 20 }, deliveryConcurrency: 8 })).toEqual({
      MaximumConcurrency: 8,
    });
  });

  test.each([0, 1, 1_001, 2.5, NaN])("refuses %p workers", (deliveryConcurrency) => {
    expect(() => synthesize({ deliveryConcurrency })).toThrow(
      `deliveryConcurrency is ${deliveryConcurrency}, but must be a whole number from 2 to 1000`,
    );
  });

  test("is encrypted, as its dead-letter queue is, which keeps what it has for two weeks", () => {
    const { queue, dead } = queues(template);
    expect([queue!["SqsManagedSseEnabled"], dead!["SqsManagedSseEnabled"]]).toEqual([true, true]);
    expect(dead!["MessageRetentionPeriod"]).toBe(14 * 24 * 60 * 60);
  });

  test("is encrypted with the construct's key where it has one", () => {
    const stack = makeStack();
    const { queue, dead } = queues(synthesize({ encryptionKey: new kms.Key(stack, "Key") }, stack));
    expect([queue!["KmsMasterKeyId"], dead!["KmsMasterKeyId"]]).toEqual(["<Key.Arn>", "<Key.Arn>"]);
  });

  test("has an alarm that goes off with the first dead segment, and not where there are no figures", () => {
    const [alarm] = Object.values(resourcesOf(template, "AWS::CloudWatch::Alarm"));
    expect(readable(alarm!.Properties)).toMatchObject({
      MetricName: "ApproximateNumberOfMessagesVisible",
      Dimensions: [{ Name: "QueueName", Value: "<DeliveriesDead.QueueName>" }],
      Threshold: 1,
      Statistic: "Maximum",
      ComparisonOperator: "GreaterThanOrEqualToThreshold",
      TreatMissingData: "notBreaching",
    });
  });
});
