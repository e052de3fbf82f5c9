import {
  connectEvent,
  type ConnectionFacts,
  disconnectEvent,
  messageEvent,
  requestTime,
} from "../../../../local/services/gateway/events.js";

const facts: ConnectionFacts = {
  id: "KVmb8fjMIAMCFgQ=",
  connectedAt: 1_700_000_000_000,
  sourceIp: "127.0.0.1",
  userAgent: "Test/1",
  domainName: "127.0.0.1:3001",
  apiId: "abcde12345",
  stage: "prod",
};
const stamp = { requestId: "KVmb8FWjoAMFQWg=", now: 1_700_000_001_500 };
const common = {
  extendedRequestId: "KVmb8FWjoAMFQWg=",
  requestTime: "14/Nov/2023:22:13:21 +0000",
  messageDirection: "IN",
  stage: "prod",
  connectedAt: 1_700_000_000_000,
  requestTimeEpoch: 1_700_000_001_500,
  identity: { userAgent: "Test/1", sourceIp: "127.0.0.1" },
  requestId: "KVmb8FWjoAMFQWg=",
  domainName: "127.0.0.1:3001",
  connectionId: "KVmb8fjMIAMCFgQ=",
  apiId: "abcde12345",
};

describe("request time", () => {
  it("is written as access logs write it", () => {
    expect(requestTime(0)).toBe("01/Jan/1970:00:00:00 +0000");
    expect(requestTime(Date.UTC(2026, 11, 9, 7, 8, 9))).toBe("09/Dec/2026:07:08:09 +0000");
  });
});

describe("CONNECT event", () => {
  const event = connectEvent(facts, stamp, {
    url: "/prod?a=1&b=2&a=3%204",
    rawHeaders: ["Host", "127.0.0.1:3001", "Upgrade", "websocket", "Connection", "Upgrade", "X-Two", "1", "X-Two", "2"],
  });
  const added = {
    "X-Amzn-Trace-Id": expect.stringMatching(/^Root=1-6553f101-[0-9a-f]{24}$/) as string,
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Port": "3001",
    "X-Forwarded-Proto": "http",
  };

  it("holds the context, and the handshake's headers and query", () =>
    expect(event).toEqual({
      headers: { Host: "127.0.0.1:3001", "X-Two": "2", ...added },
      multiValueHeaders: {
        Host: ["127.0.0.1:3001"],
        "X-Two": ["1", "2"],
        ...Object.fromEntries(Object.entries(added).map(([name, value]) => [name, [value]])),
      },
      queryStringParameters: { a: "3 4", b: "2" },
      multiValueQueryStringParameters: { a: ["1", "3 4"], b: ["2"] },
      requestContext: { routeKey: "$connect", eventType: "CONNECT", ...common },
      isBase64Encoded: false,
    }));

  it("has no query fields without a query", () =>
    expect(Object.keys(connectEvent(facts, stamp, { url: "/prod", rawHeaders: [] }))).toEqual([
      "headers",
      "multiValueHeaders",
      "requestContext",
      "isBase64Encoded",
    ]));

  it("keeps hostile names as plain names", () => {
    const hostile = connectEvent(facts, stamp, { url: "/prod?__proto__=1", rawHeaders: ["__proto__", "x"] });
    expect(JSON.stringify(hostile)).toContain('"queryStringParameters":{"__proto__":"1"}');
    expect(Object.getPrototypeOf({})).not.toHaveProperty("x");
  });
});

describe("MESSAGE event", () => {
  it("holds the context, the message's id and body, and no headers", () =>
    expect(messageEvent(facts, stamp, { routeKey: "publish", messageId: "M=", body: "{}" })).toEqual({
      requestContext: { routeKey: "publish", eventType: "MESSAGE", ...common, messageId: "M=" },
      body: "{}",
      isBase64Encoded: false,
    }));

  it("has no user agent where the client sent none", () => {
    const { userAgent: _, ...silent } = facts;
    const event = messageEvent(silent, stamp, { routeKey: "publish", messageId: "M=", body: "{}" });
    expect(event).toMatchObject({ requestContext: { identity: { sourceIp: "127.0.0.1" } } });
    expect(JSON.stringify(event)).not.toContain("userAgent");
  });
});

describe("DISCONNECT event", () => {
  it("holds the context, the close, and AWS's few headers", () =>
    expect(disconnectEvent(facts, stamp, { code: 1001, reason: "Going away" })).toEqual({
      headers: { Host: "127.0.0.1:3001", "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" },
      multiValueHeaders: { Host: ["127.0.0.1:3001"], "x-api-key": [""], "X-Forwarded-For": [""], "x-restapi": [""] },
      requestContext: {
        routeKey: "$disconnect",
        eventType: "DISCONNECT",
        ...common,
        disconnectStatusCode: 1001,
        disconnectReason: "Going away",
      },
      isBase64Encoded: false,
    }));
});
