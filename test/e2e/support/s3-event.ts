/**
 * The event of a new object in S3. It is the sample of AWS's documentation, with another account, time and region, and
 * with the names of the test's bucket and object.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export const objectCreated = (name: string, key: string) => ({
  version: "0",
  id: "17793124-05d4-b198-2fde-7ededc63b103",
  "detail-type": "Object Created",
  source: "aws.s3",
  account: "123456789012",
  time: "2026-11-12T00:00:00Z",
  region: "us-east-1",
  resources: [`arn:aws:s3:::${name}`],
  detail: {
    version: "0",
    "event-version": "1.0",
    bucket: { name },
    object: {
      key,
      size: 5,
      etag: "b1946ac92492d2347c6235b4d2611184",
      "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
      sequencer: "617f08299329d189",
    },
    "request-id": "N4N7GDK58NMKJ12R",
    requester: "123456789012",
    "source-ip-address": "1.2.3.4",
    reason: "PutObject",
  },
});
