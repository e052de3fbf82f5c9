import { SegmentQueue } from "../../../../lambdas/aws/sqs/segment-queue.js";
import { decodeSegment, encodeSegment, type Segment } from "../../../../lambdas/delivery/segments.js";
import { messageOf, NOW } from "../../support/fakes.js";
import { serverForEach } from "../../support/http-server.js";

/* The end-to-end test of fan-out workers covers the delivery of segments by the local queue. */

const QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/segments";

const server = serverForEach(({ url }) => ({
  AWS_REGION: "eu-west-1",
  AWS_ACCESS_KEY_ID: "LOCALKEY",
  AWS_SECRET_ACCESS_KEY: "local",
  AWS_ENDPOINT_URL_SQS: url,
  PUSH_IT_SEGMENTS: QUEUE,
}));

interface Batch {
  QueueUrl: string;
  Entries: { Id: string; MessageBody: string; DelaySeconds: number }[];
}

const batches = (): Batch[] => server().received.map(({ body }) => JSON.parse(body) as Batch);

const segmentOf = (name: string, bytes = 10): Segment => ({
  publications: [{ message: messageOf("a", "x".repeat(bytes), name) }],
  recipients: [{ connectionId: "c1", connectedAt: NOW }],
  until: NOW,
});

/** Accepts all entries of a batch except these ids. */
const acceptAllExcept = (...refused: string[]): void => {
  server().answer = ({ body }, response) => {
    const ids = (JSON.parse(body) as Batch).Entries.map(({ Id }) => Id).filter((id) => !refused.includes(id));
    response.end(
      JSON.stringify({
        Successful: ids.map((Id) => ({ Id })),
        Failed: refused.map((Id) => ({ Id, Code: "InternalError" })),
      }),
    );
  };
};

describe("sending segments", () => {
  test("uses SQS's JSON protocol, ten at a time, with their delay", async () => {
    acceptAllExcept();
    const segments = Array.from({ length: 12 }, (_, at) => segmentOf(`m${at}`));
    expect(await new SegmentQueue().send(segments, 5)).toEqual([]);
    expect(server().received.map(({ headers }) => headers["x-amz-target"])).toEqual([
      "AmazonSQS.SendMessageBatch",
      "AmazonSQS.SendMessageBatch",
    ]);
    expect(batches().map(({ QueueUrl, Entries }) => [QueueUrl, Entries.length])).toEqual([
      [QUEUE, 10],
      [QUEUE, 2],
    ]);
    const entries = batches().flatMap(({ Entries }) => Entries);
    expect(new Set(entries.map(({ DelaySeconds }) => DelaySeconds))).toEqual(new Set([5]));
    expect(entries.map(({ MessageBody }) => decodeSegment(MessageBody))).toEqual(segments);
  });

  test("fills no batch beyond the size that SQS accepts", async () => {
    acceptAllExcept();
    await new SegmentQueue().send(Array.from({ length: 5 }, (_, at) => segmentOf(`m${at}`, 100_000)));
    expect(batches().map(({ Entries }) => Entries.length)).toEqual([2, 2, 1]);
  });

  test("retries refused segments once, and returns those refused again", async () => {
    acceptAllExcept("1");
    const [one, two, three] = ["m0", "m1", "m2"].map((name) => segmentOf(name));
    expect(await new SegmentQueue().send([one!, two!, three!])).toEqual([]);
    expect(batches().map(({ Entries }) => Entries.map(({ MessageBody }) => MessageBody))).toEqual([
      [one, two, three].map((each) => encodeSegment(each!)),
      [encodeSegment(two!)],
    ]);
    acceptAllExcept("0", "1", "2");
    expect(await new SegmentQueue().send([one!, two!])).toEqual([one, two]);
  });

  test.each([500, 403])("returns all segments if the queue responds %i", async (status) => {
    server().answer = (_, response) => void response.writeHead(status).end("{}");
    expect(await new SegmentQueue().send([segmentOf("m1")])).toEqual([segmentOf("m1")]);
    expect(batches()).toHaveLength(2);
  });

  // It ends within the margin of its function.
  test("returns all segments if the queue does not respond in time", async () => {
    server().answer = () => undefined;
    const took: number[] = [];
    // The quickest of several, because a busy machine only adds to it.
    do {
      const begun = performance.now();
      expect(await new SegmentQueue().send([segmentOf("m1")])).toHaveLength(1);
      took.push(performance.now() - begun);
    } while (took.at(-1)! >= 4_000 && took.length < 5);
    expect(Math.min(...took)).toBeLessThan(4_000);
    expect(batches()).toHaveLength(2 * took.length);
  });
});

describe("changing a segment's visibility timeout", () => {
  test("sends the queue the number of seconds", async () => {
    server().answer = (_request, response) => void response.end("{}");
    await new SegmentQueue().comesBackIn(21, "receipt");
    expect(
      server().received.map(({ headers, body }) => [headers["x-amz-target"], JSON.parse(body) as unknown]),
    ).toEqual([
      ["AmazonSQS.ChangeMessageVisibility", { QueueUrl: QUEUE, ReceiptHandle: "receipt", VisibilityTimeout: 21 }],
    ]);
  });

  test("does not fail if the queue does not respond", async () => {
    server().answer = (_request, response) => void response.destroy();
    await expect(new SegmentQueue().comesBackIn(21, "receipt")).resolves.toBeUndefined();
  });
});
