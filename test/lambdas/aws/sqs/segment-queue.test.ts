import { SegmentQueue } from "../../../../lambdas/aws/sqs/segment-queue.js";
import { decodeSegment, encodeSegment, type Segment } from "../../../../lambdas/delivery/segments.js";
import { messageOf, NOW } from "../../support/fakes.js";
import { serverForEach } from "../../support/http-server.js";

/* What it hands on to workers is tested end to end, with the queue of the local runtime, in e2e/deliver.test.ts. */

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

/** Takes all of a batch but those ids. */
const takeAllBut = (...refused: string[]): void => {
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

describe("handing segments on", () => {
  test("sends them in SQS's JSON protocol, ten at a time, with their delay", async () => {
    takeAllBut();
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

  test("fills no batch with more than a queue takes", async () => {
    takeAllBut();
    await new SegmentQueue().send(Array.from({ length: 5 }, (_, at) => segmentOf(`m${at}`, 100_000)));
    expect(batches().map(({ Entries }) => Entries.length)).toEqual([2, 2, 1]);
  });

  test("sends once more what the queue did not take, and returns what it does not take then either", async () => {
    takeAllBut("1");
    const [one, two, three] = ["m0", "m1", "m2"].map((name) => segmentOf(name));
    expect(await new SegmentQueue().send([one!, two!, three!])).toEqual([]);
    expect(batches().map(({ Entries }) => Entries.map(({ MessageBody }) => MessageBody))).toEqual([
      [one, two, three].map((each) => encodeSegment(each!)),
      [encodeSegment(two!)],
    ]);
    takeAllBut("0", "1", "2");
    expect(await new SegmentQueue().send([one!, two!])).toEqual([one, two]);
  });

  test.each([500, 403])("returns all where the queue answers %i", async (status) => {
    server().answer = (_, response) => void response.writeHead(status).end("{}");
    expect(await new SegmentQueue().send([segmentOf("m1")])).toEqual([segmentOf("m1")]);
    expect(batches()).toHaveLength(2);
  });

  test("returns all where nobody answers in time, within its function's margin", async () => {
    server().answer = () => undefined;
    const took: number[] = [];
    // The quickest of some: a busy machine only adds to it.
    do {
      const begun = performance.now();
      expect(await new SegmentQueue().send([segmentOf("m1")])).toHaveLength(1);
      took.push(performance.now() - begun);
    } while (took.at(-1)! >= 4_000 && took.length < 5);
    expect(Math.min(...took)).toBeLessThan(4_000);
    expect(batches()).toHaveLength(2 * took.length);
  });
});

describe("saying when a segment comes back", () => {
  test("tells the queue for how many more seconds it is hidden", async () => {
    server().answer = (_request, response) => void response.end("{}");
    await new SegmentQueue().comesBackIn(21, "receipt");
    expect(
      server().received.map(({ headers, body }) => [headers["x-amz-target"], JSON.parse(body) as unknown]),
    ).toEqual([
      ["AmazonSQS.ChangeMessageVisibility", { QueueUrl: QUEUE, ReceiptHandle: "receipt", VisibilityTimeout: 21 }],
    ]);
  });

  test("is no reason to fail if the queue does not answer", async () => {
    server().answer = (_request, response) => void response.destroy();
    await expect(new SegmentQueue().comesBackIn(21, "receipt")).resolves.toBeUndefined();
  });
});
