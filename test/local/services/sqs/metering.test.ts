import { meterDeletes, meteredPolls, payloadBytes } from "../../../../local/services/sqs/metering.js";
import { SqsRequest } from "../../../../local/services/sqs/api/request.js";

describe("what a request to a queue carries:", () => {
  test.each([
    [
      "a message, its attributes included",
      { MessageBody: "abc", MessageAttributes: { n: { DataType: "String", StringValue: "v" } } },
      {},
      11,
    ],
    [
      "the messages of a batch",
      {
        Entries: [
          { Id: "1", MessageBody: "abc" },
          { Id: "2", MessageBody: "ü" },
        ],
      },
      {},
      5,
    ],
    ["what is received", { MaxNumberOfMessages: 10 }, { Messages: [{ Body: "abc" }, { Body: "d" }] }, 4],
    ["nothing, where nothing is received", { WaitTimeSeconds: 1 }, {}, 0],
    ["nothing, where something is deleted", { Entries: [{ Id: "1", ReceiptHandle: "x" }] }, {}, 0],
  ])("%s", (_, request, answer, bytes) => {
    expect(payloadBytes(new SqsRequest(request), answer)).toBe(bytes);
  });

  test("ten deletes are one request", () => {
    const requests: number[] = [];
    meterDeletes({ queueRequest: (bytes) => requests.push(bytes) }, 21);
    expect(requests).toEqual([0, 0, 0]);
  });

  test("polls stay unchanged if nothing is metered", () => {
    const polls = { receive: () => Promise.resolve([]) };
    expect(meteredPolls(polls, undefined)).toBe(polls);
  });
});
