import { EventBus } from "../../../../lambdas/aws/eventbridge/event-bus.js";
import { TestLog } from "../../support/fakes.js";
import { serverForEach } from "../../support/http-server.js";

/* The end-to-end test of server events covers the bus itself. */

const BUS = "arn:aws:events:eu-west-1:123456789012:event-bus/app";

const server = serverForEach(({ url }) => ({ AWS_ENDPOINT_URL_EVENTBRIDGE: url }));

/** Answers one request after another with these responses. The last one repeats. */
const answers = (...bodies: [status: number, body: string][]): void => {
  server().answer = (_request, response) => {
    const [status, body] = bodies[Math.min(server().received.length, bodies.length) - 1]!;
    response.writeHead(status).end(body);
  };
};

const TAKEN = JSON.stringify({ FailedEntryCount: 0, Entries: [{ EventId: "1" }] });
const REFUSED = JSON.stringify({ FailedEntryCount: 1, Entries: [{ ErrorCode: "ThrottlingException" }] });

const put = async () => {
  const log = new TestLog();
  await new EventBus(BUS, log).put("Channel Occupied", { channel: "rooms/1" });
  return log;
};

test("an event is put on the bus with EventBridge's signed JSON protocol", async () => {
  answers([200, TAKEN]);
  expect((await put()).entries).toEqual([]);
  const [request, ...more] = server().received;
  expect(more).toEqual([]);
  expect(request).toMatchObject({
    method: "POST",
    path: "/",
    headers: { "x-amz-target": "AWSEvents.PutEvents", "content-type": "application/x-amz-json-1.1" },
  });
  expect(request?.headers.authorization).toContain("/eu-west-1/events/aws4_request");
  expect(JSON.parse(request?.body ?? "")).toEqual({
    Entries: [
      { EventBusName: BUS, Source: "push-it", DetailType: "Channel Occupied", Detail: '{"channel":"rooms/1"}' },
    ],
  });
});

test.each<[string, [number, string]]>([
  ["a request", [500, "{}"]],
  ["the entry", [200, REFUSED]],
])("%s that EventBridge refuses is retried once", async (_, refused) => {
  answers(refused, [200, TAKEN]);
  expect((await put()).entries).toEqual([]);
  expect(server().received).toHaveLength(2);
});

test.each<[string, [number, string], string]>([
  ["a request", [400, "{}"], "EventBridge answered 400"],
  ["the entry", [200, REFUSED], "ThrottlingException"],
])("%s that EventBridge refuses again is logged, without a failure", async (_, refused, error) => {
  answers(refused);
  expect((await put()).of("event_not_put")).toEqual([{ type: "Channel Occupied", error }]);
});

test("an unreachable EventBridge is logged, without a failure", async () => {
  server().answer = (_request, response) => response.socket?.destroy();
  expect((await put()).events("error")).toEqual(["event_not_put"]);
});
