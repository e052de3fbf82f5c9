/** @jest-environment ./test/lambdas/aws/http/node-errors-environment.js */
import { lambdaInvoke } from "../../../../lambdas/aws/lambda/invoke.js";
import { type HttpServer, serverForEach } from "../../support/http-server.js";

const ARN = "arn:aws:lambda:eu-west-1:123456789012:function:guard:live";

const serverNow = serverForEach(({ url }) => ({ AWS_ENDPOINT_URL_LAMBDA: url }));
let server: HttpServer;
beforeEach(() => void (server = serverNow()));

const WAITING = { timeoutMs: 5_000, asynchronous: false };

const answering = (status: number, headers: Record<string, string>, body: string) => {
  server.answer = (_request, response) => response.writeHead(status, headers).end(body);
};

describe("an invocation", () => {
  test("calls Lambda's Invoke for the function and returns its response", async () => {
    answering(200, {}, '{"a":1}');
    expect(await lambdaInvoke()(ARN, '{"b":2}', WAITING)).toEqual({ kind: "answered", payload: '{"a":1}' });
    const [request] = server.received;
    expect(request).toMatchObject({
      method: "POST",
      path: `/2015-03-31/functions/${encodeURIComponent(ARN)}/invocations`,
      body: '{"b":2}',
      headers: { "x-amz-invocation-type": "RequestResponse", "content-type": "application/json" },
    });
    expect(request?.headers["authorization"]).toContain("/eu-west-1/lambda/aws4_request");
  });

  test("that is asynchronous is an event", async () => {
    answering(202, {}, "");
    expect(await lambdaInvoke()(ARN, "{}", { timeoutMs: 5_000, asynchronous: true })).toEqual({ kind: "accepted" });
    expect(server.received[0]?.headers["x-amz-invocation-type"]).toBe("Event");
  });

  test("whose function failed returns the error type, and the payload separately", async () => {
    const body = JSON.stringify({ errorType: "TypeError", errorMessage: "planted secret", trace: [] });
    answering(200, { "X-Amz-Function-Error": "Unhandled" }, body);
    expect(await lambdaInvoke()(ARN, "{}", WAITING)).toEqual({
      kind: "failed",
      detail: "function error Unhandled, TypeError",
      said: body,
    });
  });

  test.each([
    ["without a type", "{}", "function error Unhandled"],
    ["with an invalid type", JSON.stringify({ errorType: "planted secret" }), "function error Unhandled"],
    ["without JSON", "planted secret", "function error Unhandled"],
    ["with null", "null", "function error Unhandled"],
  ])("whose function failed %s has the detail of Lambda's header", async (_, body, detail) => {
    answering(200, { "X-Amz-Function-Error": "Unhandled" }, body);
    expect(await lambdaInvoke()(ARN, "{}", WAITING)).toMatchObject({ kind: "failed", detail });
  });

  test.each([
    [
      "Lambda",
      { errorType: "Sandbox.Timedout", errorMessage: "RequestId: 1 Error: Task timed out after 1.00 seconds" },
    ],
    ["an older Lambda", { errorMessage: "2030-01-01T00:00:00.000Z 1 Task timed out after 3.00 seconds" }],
    ["guardHandler", { errorType: "GuardTimeout", errorMessage: "no verdict" }],
  ])("whose function ran out of time, as %s reports it, times out", async (_, error) => {
    answering(200, { "X-Amz-Function-Error": "Unhandled" }, JSON.stringify(error));
    expect(await lambdaInvoke()(ARN, "{}", WAITING)).toEqual({ kind: "timeout" });
  });

  test.each([
    [429, "TooManyRequestsException", true],
    [403, "AccessDeniedException", undefined],
    [404, "ResourceNotFoundException", undefined],
    [413, "RequestTooLargeException", undefined],
    [500, "ServiceException", true],
    [503, "ServiceUnavailableException", true],
  ])("that Lambda refuses with %i fails, without a retry", async (status, type, passing) => {
    answering(status, { "x-amzn-errortype": `${type}:http://example.com/` }, '{"Message":"x"}');
    expect(await lambdaInvoke()(ARN, "{}", WAITING)).toEqual({
      kind: "failed",
      detail: `Lambda answered ${status} ${type}`,
      said: '{"Message":"x"}',
      ...(passing && { passing }),
    });
    expect(server.received).toHaveLength(1);
  });

  test("without a response times out", async () => {
    server.answer = () => undefined;
    expect(await lambdaInvoke()(ARN, "{}", { timeoutMs: 100, asynchronous: false })).toEqual({ kind: "timeout" });
    expect(server.received).toHaveLength(1);
  });

  test("without a connection fails, and may be retried", async () => {
    server.answer = (_request, response) => response.destroy();
    expect(await lambdaInvoke()(ARN, "{}", WAITING)).toEqual({
      kind: "failed",
      detail: "Lambda could not be reached (ECONNRESET)",
      passing: true,
    });
  });
});
