/** @jest-environment ./test/lambdas/aws/http/node-errors-environment.js */
import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { once } from "node:events";
import { ManagementApi } from "../../../../lambdas/aws/api-gateway/management-api.js";
import { Frame } from "../../../../lambdas/delivery/frame.js";
import { TestLog } from "../../support/fakes.js";
import { type HttpServer, serverForEach } from "../../support/http-server.js";

const ID = "L0SM9cOFvHcCIhw=";
const frame = new Frame("x");

const serverNow = serverForEach();
let server: HttpServer;
let log: TestLog;

/** A client as a Lambda function makes it, from the environment alone. */
const connectionsAt = (url: string): ManagementApi => {
  process.env["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"] = url;
  return new ManagementApi(log);
};

const answering =
  (status: number, body = "{}") =>
  (_request: unknown, response: ServerResponse) =>
    response.writeHead(status, { "content-type": "application/json" }).end(body);

beforeEach(() => {
  log = new TestLog();
  server = serverNow();
});

describe("posting a frame", () => {
  test("sends it unchanged in UTF-8, signed, to the connection's URL", async () => {
    const connections = connectionsAt(`${server.url}/prod`);
    expect(await connections.post(ID, new Frame('{"data":"größe 🎉"}'))).toBe("sent");
    expect(server.received).toHaveLength(1);
    const [request] = server.received;
    expect(request).toMatchObject({ method: "POST", body: '{"data":"größe 🎉"}' });
    expect(decodeURIComponent(request?.path ?? "")).toBe(`/prod/@connections/${ID}`);
    expect(request?.headers["authorization"]).toMatch(
      /^AWS4-HMAC-SHA256 Credential=KEY\/\d+\/eu-west-1\/execute-api\//,
    );
  });

  // The caller decides about retries.
  test.each([
    [200, "sent"],
    [410, "gone"],
    [429, "busy"],
    [403, "refused"],
    [413, "refused"],
    [400, "refused"],
    [500, "failed"],
    [502, "failed"],
    [503, "failed"],
    [504, "failed"],
  ] as const)('turns status %i into "%s", without a retry', async (status, result) => {
    const connections = connectionsAt(server.url);
    server.answer = answering(status);
    expect(await connections.post(ID, frame)).toBe(result);
    expect(server.received).toHaveLength(1);
  });

  test.each([
    [410, []],
    [429, []],
    [403, [{ connection: ID, status: 403, error: expect.any(String) }]],
    [500, [{ connection: ID, status: 500, error: expect.any(String) }]],
  ])("logs status %i only if an operator should look", async (status, logged) => {
    const connections = connectionsAt(server.url);
    server.answer = answering(status);
    await connections.post(ID, new Frame("secret frame"));
    expect(log.of("post_failed")).toEqual(logged);
    expect(JSON.stringify(log.entries)).not.toContain("secret frame");
  });

  test("fails in time if API Gateway does not answer", async () => {
    const connections = connectionsAt(server.url);
    server.answer = () => undefined;
    const begun = performance.now();
    expect(await connections.post(ID, frame)).toBe("failed");
    expect(performance.now() - begun).toBeGreaterThan(1_500);
    // A client that waits forever, or retries, takes longer on any machine.
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect(server.received).toHaveLength(1);
  });

  test("fails sooner with a shorter timeout, and so does closing", async () => {
    const connections = connectionsAt(server.url);
    server.answer = () => undefined;
    expect(await connections.post(ID, frame, 30)).toBe("failed");
    expect(await connections.close(ID, 30)).toBe(false);
    expect(log.of("post_failed")).toMatchObject([{ error: expect.stringContaining("within 30 ms") }]);
    expect(log.of("close_failed")).toMatchObject([{ error: expect.stringContaining("within 30 ms") }]);
  });

  test("fails if it cannot connect", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as { port: number };
    free.close();
    await once(free, "close");
    expect(await connectionsAt(`http://127.0.0.1:${port}`).post(ID, frame)).toBe("failed");
  });

  // Sockets die while the environment is frozen.
  test("retries once if the kept socket is dead", async () => {
    const connections = connectionsAt(server.url);
    expect(await connections.post(ID, frame)).toBe("sent");
    let breaks = 1;
    server.answer = (request, response) => {
      if ((breaks -= 1) >= 0) response.destroy();
      else answering(200)(request, response);
    };
    expect(await connections.post(ID, frame)).toBe("sent");
    expect(server.received).toHaveLength(3);
  });

  // The caller decides about retries.
  test("fails without a retry if a new socket breaks", async () => {
    const connections = connectionsAt(server.url);
    server.answer = (_request, response) => response.destroy();
    expect(await connections.post(ID, frame)).toBe("failed");
    expect(server.received).toHaveLength(1);
  });

  test("to 64 connections runs in parallel", async () => {
    const connections = connectionsAt(server.url);
    const waiting: ServerResponse[] = [];
    server.answer = (_request, response) => {
      waiting.push(response);
      if (waiting.length === 64) for (const one of waiting) one.end();
    };
    const results = await Promise.all(Array.from({ length: 64 }, (_, at) => connections.post(`c${at}`, frame)));
    expect(new Set(results)).toEqual(new Set(["sent"]));
  });
});

describe("closing a connection", () => {
  test("sends one DELETE request", async () => {
    const connections = connectionsAt(`${server.url}/prod`);
    server.answer = answering(204, "");
    expect(await connections.close(ID)).toBe(true);
    expect(server.received).toMatchObject([{ method: "DELETE" }]);
    expect(decodeURIComponent(server.received[0]?.path ?? "")).toBe(`/prod/@connections/${ID}`);
  });

  test("succeeds if the connection is already gone", async () => {
    const connections = connectionsAt(server.url);
    server.answer = answering(410);
    expect(await connections.close(ID)).toBe(true);
    expect(log.entries).toEqual([]);
  });

  test.each([403, 429, 500])("that fails with %i returns false and is logged", async (status) => {
    const connections = connectionsAt(server.url);
    server.answer = answering(status);
    expect(await connections.close(ID)).toBe(false);
    expect(log.of("close_failed")).toMatchObject([{ connection: ID, status }]);
    expect(server.received).toHaveLength(1);
  });
});
