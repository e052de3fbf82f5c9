import { once } from "node:events";
import { connect } from "node:net";
import { InvokeCommand, type InvokeCommandInput, LambdaClient } from "@aws-sdk/client-lambda";
import { sign } from "aws4";
import type { HttpServer } from "../../../../../local/core/http/server.js";
import { startLambdaService } from "../../../../../local/services/lambda/invoke/service.js";
import { Credentials, type FunctionCredentials } from "../../../../../local/core/credentials.js";
import type { InvokeOptions, InvokeResult } from "../../../../../local/core/invoker.js";
import type { LogEntry } from "../../../../../local/core/log.js";
import { arnOf, fn, permissionsFor, PLACE } from "./support.js";

const MEGABYTE = 1024 * 1024;
const FUNCTIONS = [fn("Caller"), fn("Other", { name: "Other" }), fn("Fn")];
const UNRUNNABLE = { logicalId: "Image", name: "App-Image", reason: "only Node functions run" };

describe("Lambda's Invoke", () => {
  const credentials = new Credentials();
  const log: LogEntry[] = [];
  const asked: { functionId: string; event: unknown; options?: InvokeOptions | undefined }[] = [];
  const queued: { functionId: string; event: unknown; requestId: string }[] = [];
  const metered: string[] = [];
  let result: InvokeResult = { ok: true, payload: null };
  let billedMs = 0;
  let service: HttpServer;

  beforeAll(async () => {
    service = await startLambdaService({
      credentials,
      permissions: permissionsFor(FUNCTIONS, [arnOf("App-*")], log),
      model: () => ({ functions: FUNCTIONS, unrunnable: [UNRUNNABLE] }),
      invoker: {
        async invoke(functionId, event, options) {
          asked.push({ functionId, event, options });
          options?.logged?.("a line");
          options?.billed?.(billedMs);
          return result;
        },
      },
      enqueue: (functionId, event, requestId) => queued.push({ functionId, event, requestId }),
      log: (entry) => log.push(entry),
      meter: (accessKeyId, kind) => {
        metered.push(`${accessKeyId} ${kind}`);
        return (ms) => void metered.push(String(ms ?? "none"));
      },
    });
  });
  beforeEach(() => {
    for (const list of [log, asked, queued, metered]) list.length = 0;
    result = { ok: true, payload: null };
  });
  afterAll(() => service.close());

  const invoke = (input: Partial<InvokeCommandInput> = {}, by: FunctionCredentials = credentials.of("Caller")) =>
    new LambdaClient({ endpoint: service.endpoint, region: PLACE.region, credentials: by, maxAttempts: 1 }).send(
      new InvokeCommand({ FunctionName: "App-Fn", ...input }),
    );

  /** A request that no SDK makes. */
  const raw = (path: string, { service: name = "lambda", method = "POST", body = "" } = {}) => {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials.of("Caller");
    const host = new URL(service.endpoint).host;
    const request = { host, path, method, body, service: name, region: PLACE.region };
    const { headers } = sign(request, { accessKeyId, secretAccessKey, sessionToken });
    return fetch(service.endpoint + path, {
      method,
      headers: headers as Record<string, string>,
      ...(body && { body }),
    });
  };

  test.each(["App-Fn", "123456789012:function:App-Fn", arnOf("App-Fn"), `${arnOf("App-Fn")}:$LATEST`])(
    "runs %s and answers with what it returns",
    async (FunctionName) => {
      result = { ok: true, payload: { text: "é" } };
      const answer = await invoke({ FunctionName, Payload: JSON.stringify({ a: [1, null] }) });
      expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: "$LATEST" });
      expect(answer.FunctionError).toBeUndefined();
      expect(answer.LogResult).toBeUndefined();
      expect(answer.Payload?.transformToString()).toBe('{"text":"é"}');
      expect(asked).toMatchObject([
        { functionId: "Fn", event: { a: [1, null] }, options: { requestId: answer.$metadata.requestId } },
      ]);
    },
  );

  test("passes an empty object without a payload, and returns `null` for nothing", async () => {
    const answer = await invoke();
    expect(asked).toMatchObject([{ event: {} }]);
    expect(answer.Payload?.transformToString()).toBe("null");
  });

  test("returns a function's error as its runtime reports it", async () => {
    const error = { errorType: "TypeError", errorMessage: "why", trace: ["TypeError: why"] };
    result = { ok: false, kind: "error", message: "TypeError: why", error };
    const answer = await invoke();
    expect(answer).toMatchObject({ StatusCode: 200, FunctionError: "Unhandled" });
    expect(JSON.parse(answer.Payload?.transformToString() ?? "")).toEqual(error);
  });

  test("returns a timeout and a crash in Lambda's own words", async () => {
    const errorMessage = "Task timed out after 3.00 seconds";
    result = {
      ok: false,
      kind: "timeout",
      message: errorMessage,
      error: { errorType: "Sandbox.Timedout", errorMessage },
    };
    const answer = await invoke();
    expect(answer.FunctionError).toBe("Unhandled");
    expect(JSON.parse(answer.Payload?.transformToString() ?? "")).toEqual({
      errorType: "Sandbox.Timedout",
      errorMessage: `RequestId: ${answer.$metadata.requestId} Error: ${errorMessage}`,
    });
  });

  test("returns the end of the log on request", async () => {
    const { LogResult = "", $metadata } = await invoke({ LogType: "Tail" });
    const id = $metadata.requestId;
    expect(Buffer.from(LogResult, "base64").toString()).toBe(
      `START RequestId: ${id} Version: $LATEST\na line\nEND RequestId: ${id}\n`,
    );
  });

  test("queues an asynchronous event", async () => {
    const answer = await invoke({ InvocationType: "Event", Payload: '{"a":1}' });
    expect(answer).toMatchObject({ StatusCode: 202 });
    expect(queued).toEqual([{ functionId: "Fn", event: { a: 1 }, requestId: answer.$metadata.requestId }]);
    expect(asked).toEqual([]);
  });

  test("only checks permissions in a dry run", async () => {
    expect(await invoke({ InvocationType: "DryRun" })).toMatchObject({ StatusCode: 204 });
    await expect(invoke({ InvocationType: "DryRun", FunctionName: "Other" })).rejects.toMatchObject({
      name: "AccessDeniedException",
    });
    expect([...asked, ...queued]).toEqual([]);
  });

  test("refuses a caller without permission like AWS, and runs nothing", async () => {
    const arn = arnOf("Other");
    const message = `User: arn:aws:sts::123456789012:assumed-role/App-Role/App-Caller is not authorized to perform: lambda:InvokeFunction on resource: ${arn} because no identity-based policy allows the lambda:InvokeFunction action`;
    await expect(invoke({ FunctionName: "Other" })).rejects.toMatchObject({
      name: "AccessDeniedException",
      message,
      $metadata: { httpStatusCode: 403 },
    });
    expect(asked).toEqual([]);
    expect(log).toEqual([
      { level: "error", source: "iam", message: `Caller may not lambda:InvokeFunction on ${arn}\n${message}` },
    ]);
  });

  test("asks for permission on what is named, the qualifier included", async () => {
    await expect(invoke({ FunctionName: "Other", Qualifier: "$LATEST" })).rejects.toMatchObject({
      message: expect.stringContaining(`${arnOf("Other")}:$LATEST because`),
    });
  });

  test.each<[string, Partial<InvokeCommandInput>, string, number, string]>([
    [
      "a function that does not exist",
      { FunctionName: "App-None" },
      "ResourceNotFoundException",
      404,
      `Function not found: ${arnOf("App-None")}`,
    ],
    ["a version", { Qualifier: "7" }, "ResourceNotFoundException", 404, `Function not found: ${arnOf("App-Fn")}:7`],
    [
      "another account",
      { FunctionName: "999999999999:function:App-Fn" },
      "ResourceNotFoundException",
      404,
      "Function not found",
    ],
    [
      "two qualifiers",
      { FunctionName: "App-Fn:7", Qualifier: "8" },
      "InvalidParameterValueException",
      400,
      "derived qualifier",
    ],
    ["no name", { FunctionName: "a b" }, "ValidationException", 400, "neither a name nor an ARN"],
    ["no JSON", { Payload: "{" }, "InvalidRequestContentException", 400, "Could not parse request body into json"],
    ["no UTF-8", { Payload: Uint8Array.of(0x22, 0xff, 0x22) }, "InvalidRequestContentException", 400, "not UTF-8"],
    [
      "no JSON in an event",
      { InvocationType: "Event", Payload: "x" },
      "InvalidRequestContentException",
      400,
      "Could not parse",
    ],
    [
      "another type",
      { InvocationType: "Later" as "Event" },
      "InvalidParameterValueException",
      400,
      "RequestResponse, Event or DryRun",
    ],
    [
      "too much",
      { Payload: `"${"x".repeat(6 * MEGABYTE)}"` },
      "RequestTooLargeException",
      413,
      "smaller than 6291456 bytes",
    ],
    [
      "too large an event",
      { InvocationType: "Event", Payload: `"${"x".repeat(MEGABYTE)}"` },
      "RequestTooLargeException",
      413,
      "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
    ],
    [
      "one that cannot be run here",
      { FunctionName: "App-Image" },
      "InvalidParameterValueException",
      400,
      "Image cannot be run locally: only Node functions run",
    ],
  ])("refuses %s", async (_, input, name, httpStatusCode, message) => {
    await expect(invoke(input)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
      $metadata: { httpStatusCode },
    });
    expect([...asked, ...queued]).toEqual([]);
  });

  test("takes payloads up to the limits", async () => {
    const of = (bytes: number): string => `"${"x".repeat(bytes - 2)}"`;
    expect(await invoke({ Payload: of(6 * MEGABYTE) })).toMatchObject({ StatusCode: 200 });
    expect(await invoke({ InvocationType: "Event", Payload: of(MEGABYTE) })).toMatchObject({ StatusCode: 202 });
  });

  test("throttles as the function's reserved concurrency does", async () => {
    result = { ok: false, kind: "throttled", message: "busy" };
    await expect(invoke()).rejects.toMatchObject({
      name: "TooManyRequestsException",
      Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
      $metadata: { httpStatusCode: 429 },
    });
    result = { ...result, reason: "ConcurrentInvocationLimitExceeded" };
    await expect(invoke()).rejects.toMatchObject({ Reason: "ConcurrentInvocationLimitExceeded" });
  });

  test("meters caller, kind and billed time, which the response has, too", async () => {
    billedMs = 120;
    const answer = await raw("/2015-03-31/functions/App-Fn/invocations");
    expect(answer.headers.get("x-local-billed-ms")).toBe("120");
    await invoke({ InvocationType: "Event" });
    billedMs = 0;
    expect((await raw("/2015-03-31/functions/App-Fn/invocations")).headers.has("x-local-billed-ms")).toBe(false);
    const key = credentials.of("Caller").accessKeyId;
    expect(metered).toEqual([`${key} invoke`, "120", `${key} invokeAsync`, "none", `${key} invoke`, "0"]);
  });

  test("a failure that is not the function's is the service's", async () => {
    result = { ok: false, kind: "crash", message: "The runtime is stopping." };
    await expect(invoke()).rejects.toMatchObject({ name: "ServiceException", $metadata: { httpStatusCode: 500 } });
  });

  test("fails only for a caller that disconnects during its request", async () => {
    const socket = connect(Number(new URL(service.endpoint).port), "127.0.0.1");
    await once(socket, "connect");
    socket.end("POST /2015-03-31/functions/App-Fn/invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
    await once(socket.resume(), "close");
    expect(await invoke()).toMatchObject({ StatusCode: 200 });
    expect(log).toEqual([]);
  });

  test("refuses unknown keys, and signatures of another key or service", async () => {
    const stranger = { accessKeyId: "ASIA0000000000000000", secretAccessKey: "x", sessionToken: "x" };
    await expect(invoke({}, stranger)).rejects.toMatchObject({ name: "UnrecognizedClientException" });
    const forged = { ...credentials.of("Caller"), secretAccessKey: "guessed" };
    await expect(invoke({}, forged)).rejects.toMatchObject({ name: "InvalidSignatureException" });
    const path = "/2015-03-31/functions/App-Fn/invocations";
    expect((await raw(path)).status).toBe(200);
    expect((await raw(path, { service: "dynamodb" })).headers.get("x-amzn-errortype")).toBe(
      "InvalidSignatureException",
    );
    const unsigned = await fetch(service.endpoint + path, { method: "POST" });
    expect([unsigned.status, await unsigned.text()]).toEqual([403, expect.not.stringContaining("App")]);
    expect(asked).toHaveLength(1);
  });

  test.each([
    ["/2015-03-31/functions/App-Fn/invocations", "GET"],
    ["/2015-03-31/functions/App-Fn", "POST"],
    ["/", "POST"],
  ])("serves nothing else: %s %s", async (path, method) => {
    expect((await raw(path, { method })).status).toBe(404);
  });
});
