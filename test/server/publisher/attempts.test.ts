import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { Publisher } from "push-it-server/publisher";

/* The retries of the AWS SDK, with the SDK itself and a service with scripted responses. */

let service: Server;
/** The statuses of its next responses. */
const statusesToSend: number[] = [];
const TYPES: Record<number, string> = { 429: "TooManyRequestsException", 500: "ServiceException" };
let asked = 0;

beforeAll(async () => {
  service = createServer((request, response) => {
    asked += 1;
    const status = statusesToSend.shift() ?? 200;
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
  statusesToSend.length = 0;
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

test("a request whose every attempt is throttled fails with throttled", async () => {
  statusesToSend.push(429, 429, 429);
  await expect(disconnecting()).rejects.toMatchObject({ code: "throttled", retryable: true });
  expect(asked).toBe(3);
});

test.each([
  [500, 429, 429],
  [429, 500, 429],
])("a throttle does not hide an earlier attempt: %j, %j, %j", async (...statuses) => {
  statusesToSend.push(...statuses);
  await expect(disconnecting()).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("An earlier attempt may have succeeded"),
  });
  expect(asked).toBe(3);
});

test("a request whose last attempt succeeds has succeeded", async () => {
  statusesToSend.push(429, 500);
  expect(await disconnecting()).toBe(1);
});
