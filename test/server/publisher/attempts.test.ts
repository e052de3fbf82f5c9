import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { Publisher } from "push-it-server/publisher";

/*
 * What the AWS SDK repeats, with the SDK itself and a service that answers as told.
 */

let service: Server;
/** What it answers next, a status each. */
const answers: number[] = [];
const TYPES: Record<number, string> = { 429: "TooManyRequestsException", 500: "ServiceException" };
let asked = 0;

beforeAll(async () => {
  service = createServer((request, response) => {
    asked += 1;
    const status = answers.shift() ?? 200;
    const body =
      status === 200
        ? { version: 1, disconnected: 1 }
        : { message: "no", Reason: "ReservedFunctionConcurrentInvocationLimitExceeded" };
    request
      .resume()
      .on("end", () =>
        response.writeHead(status, { "x-amzn-errortype": TYPES[status] ?? "" }).end(JSON.stringify(body)),
      );
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
});
afterAll(() => new Promise((resolve) => service.close(resolve)));
beforeEach(() => {
  answers.length = 0;
  asked = 0;
});

const disconnecting = (): Promise<number> => {
  const client = new LambdaClient({
    endpoint: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
    region: "eu-central-1",
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
    maxAttempts: 3,
  });
  return new Publisher({ functionName: "publisher", client })
    .disconnect({ userId: "ann" })
    .finally(() => client.destroy());
};

test("every attempt throttled is throttled: nothing was done", async () => {
  answers.push(429, 429, 429);
  await expect(disconnecting()).rejects.toMatchObject({ code: "throttled", retryable: true });
  expect(asked).toBe(3);
});

test.each([
  [500, 429, 429],
  [429, 500, 429],
])("an attempt that may have run is not forgotten over a throttle behind it: %j, %j, %j", async (...statuses) => {
  answers.push(...statuses);
  await expect(disconnecting()).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("may have done what was asked"),
  });
  expect(asked).toBe(3);
});

test("what a later attempt does is done", async () => {
  answers.push(429, 500);
  expect(await disconnecting()).toBe(1);
});
