import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { agentOf } from "../support/fakes.js";
import { Deployed } from "../support/deployed.js";

/*
 * The function as it is deployed: its environment, a real table, and an `@connections` API on loopback. The
 * tests in test/lambdas/server-api cover its decisions.
 */

const deployed = new Deployed();
let handler: (event: unknown) => Promise<unknown>;
const agent = (connectionId: string) => agentOf(connectionId, { connectedAt: Date.now() - 60_000, userId: "ann" });

beforeAll(async () => {
  await deployed.start({ wildcards: ["stories/*"] });
  ({ handler } = await import("../../../lambdas/workers/server-api.js"));
  for (const id of ["c1", "c2"]) {
    await deployed.table.table.putAgent(agent(id));
    await deployed.table.table.putSubscriptions(agent(id), ["stories/5", "/meta/user/ann"]);
  }
});
afterAll(() => deployed.stop());
let error: jest.SpyInstance;
beforeEach(() => {
  error = jest.spyOn(console, "error").mockImplementation(() => undefined);
  deployed.connections.received.length = 0;
  deployed.connections.answer = (_request, response) => response.end();
});
afterEach(() => jest.restoreAllMocks());

const publication = {
  version: 1,
  publish: [{ channel: "stories/5", data: "größe", uuid: "m1", excludeConnectionId: "c2" }],
};

/** A request as the function's URL passes it. */
const overUrl = (body: unknown, more: { method?: string; base64?: boolean } = {}) => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const { method = "POST", base64 = false } = more;
  return handler({
    version: "2.0",
    routeKey: "$default",
    rawPath: "/",
    headers: {},
    requestContext: { http: { method, path: "/" } },
    body: base64 ? Buffer.from(text).toString("base64") : text,
    isBase64Encoded: base64,
  }) as Promise<APIGatewayProxyStructuredResultV2>;
};

/** The same, with an unreachable table. */
const withoutTable = async <T>(work: () => Promise<T>): Promise<T> => {
  const { Table } = await import("../../../lambdas/aws/dynamodb/table.js");
  const broken = jest.spyOn(Table.prototype, "subscribers").mockImplementation(() => {
    throw new Error("no table at arn:aws:dynamodb:secret");
  });
  try {
    return await work();
  } finally {
    broken.mockRestore();
  }
};

test("an invocation publishes and returns a result per entry", async () => {
  expect(await handler(publication)).toEqual({ version: 1, results: [{ uuid: "m1", accepted: true }] });
  expect(deployed.posted()).toEqual([
    ["c1", { channel: "stories/5", uuid: "m1", data: "größe", at: expect.any(Number) }],
  ]);
  expect(error).not.toHaveBeenCalled();
});

test("an entry without a uuid gets one", async () => {
  expect(await handler({ version: 1, publish: [{ userId: "ann", data: 1 }] })).toMatchObject({
    results: [{ uuid: expect.stringMatching(/^[\w-]{22}$/), accepted: true }],
  });
  expect(deployed.posted()).toHaveLength(2);
});

// An asynchronous caller does not read the response.
test("a refused entry is logged with its code, without its data", async () => {
  await handler({ version: 1, publish: [{ channel: "a b", data: "hush" }, { channel: "a", data: 1 }, { data: 1 }] });
  await handler({ id: "an event", detail: "hush" });
  expect(error.mock.calls).toEqual([
    [{ event: "publication_refused", codes: ["bad_channel", "bad_frame"] }],
    [{ event: "publication_refused", codes: ["bad_request"], error: '"version" must be 1.' }],
  ]);
});

test("a failure is thrown without internals, so that Lambda retries", async () => {
  const failure = (await withoutTable(() => handler(publication).catch((each: unknown) => each))) as Error;
  expect(failure).toMatchObject({ name: "Unavailable", message: expect.stringContaining("Try again later") });
  expect(failure.stack).toBe(`${failure.name}: ${failure.message}`);
  expect(error).toHaveBeenCalledWith({ event: "request_failed", error: expect.stringContaining("no table") });
});

describe("a request to the function's URL", () => {
  test.each([false, true])("gets an HTTP response (base64: %s)", async (base64) => {
    const answer = await overUrl(publication, { base64 });
    expect(answer).toMatchObject({
      statusCode: 200,
      headers: { "content-type": "application/json", "cache-control": "no-store" },
    });
    expect(JSON.parse(answer.body!)).toEqual({ version: 1, results: [{ uuid: "m1", accepted: true }] });
    expect(deployed.posted()).toEqual([
      ["c1", { channel: "stories/5", uuid: "m1", data: "größe", at: expect.any(Number) }],
    ]);
  });

  test.each<[string, unknown, string, number]>([
    ["invalid JSON", "{", "POST", 400],
    ["nothing", "", "POST", 400],
    ["an empty request", {}, "POST", 400],
    ["another method", publication, "PUT", 405],
    ["a body that is too large", `"${"x".repeat(6 * 1024 * 1024)}"`, "POST", 413],
  ])("with %s is refused, and nothing is posted", async (_what, body, method, statusCode) => {
    const answer = await overUrl(body, { method });
    expect(answer.statusCode).toBe(statusCode);
    expect(JSON.parse(answer.body!)).toEqual({ version: 1, code: "bad_request", error: expect.any(String) });
    expect(deployed.posted()).toEqual([]);
  });

  test("that fails gets 503 without details", async () => {
    const answer = await withoutTable(() => overUrl(publication));
    expect(answer.statusCode).toBe(503);
    expect(JSON.parse(answer.body!)).toMatchObject({ version: 1, code: "unavailable" });
    expect(answer.body).not.toContain("arn:");
  });
});

test("unsubscribes and disconnects without leftover rows", async () => {
  expect(await handler({ version: 1, unsubscribe: { connectionId: "c1" }, channel: "stories/5" })).toEqual({
    version: 1,
    unsubscribed: 1,
  });
  expect(await handler({ version: 1, disconnect: { userId: "ann" }, reason: "Bye." })).toEqual({
    version: 1,
    disconnected: 2,
  });
  expect(deployed.posted().slice(1).sort()).toEqual(
    ["c1", "c2"].map((id) => [id, { channel: "/meta/connect", successful: false, code: "revoked", error: "Bye." }]),
  );
  expect(deployed.closed().sort()).toEqual(["c1", "c2"]);
  expect(await deployed.table.rows()).toEqual([]);
});

test("that dies leaves its connections to the sweep, a second later", async () => {
  const { table } = deployed.table;
  await table.putExpired(["c9"], Math.floor(Date.now() / 1000) - 1);
  const found = [];
  for await (const { connectionId, renewable } of table.expiredConnections()) found.push({ connectionId, renewable });
  expect(found).toEqual([{ connectionId: "c9", renewable: false }]);
});
