import { corsHeaders, isPreflight, preflightResponse } from "../../../../local/services/urls/cors.js";
import { urlResponse } from "../../../../local/services/urls/response.js";

const JSON_TYPE = { "content-type": "application/json" };

describe("what a function returns", () => {
  it.each<[unknown, number, object, string]>([
    ["Hello", 200, JSON_TYPE, '"Hello"'],
    [{ message: "x" }, 200, JSON_TYPE, '{"message":"x"}'],
    [[1], 200, JSON_TYPE, "[1]"],
    [null, 200, JSON_TYPE, "null"],
    [undefined, 200, JSON_TYPE, "null"],
    [{ statusCode: 201, body: "x" }, 201, JSON_TYPE, "x"],
    [{ statusCode: "204" }, 204, JSON_TYPE, ""],
    [{ statusCode: 200, body: null }, 200, JSON_TYPE, ""],
    [
      { statusCode: 200, body: "AAE=", isBase64Encoded: true, headers: { "Content-Type": "x/y" } },
      200,
      { "content-type": "x/y" },
      "\0\u0001",
    ],
    [
      { statusCode: 200, headers: { "X-N": 5, "Content-Length": "9", Connection: "close" } },
      200,
      { ...JSON_TYPE, "x-n": "5" },
      "",
    ],
    [
      { statusCode: 200, cookies: ["a=1; Path=/", "b=2"] },
      200,
      { ...JSON_TYPE, "set-cookie": ["a=1; Path=/", "b=2"] },
      "",
    ],
  ])("%j", (payload, status, headers, body) => {
    const response = urlResponse(payload);
    expect({ ...response, body: response.body.toString() }).toEqual({ status, headers, body });
  });

  it.each([
    { statusCode: 42 },
    { statusCode: 600 },
    { statusCode: "x" },
    { statusCode: 101 },
    { statusCode: 200, body: {} },
    { statusCode: 200, headers: "x" },
    { statusCode: 200, headers: { "bad name": "x" } },
    { statusCode: 200, headers: { x: "a\r\nb: c" } },
    { statusCode: 200, headers: { x: ["a"] } },
    { statusCode: 200, cookies: "a=1" },
    { statusCode: 200, cookies: ["a=1\r\nx: y"] },
  ])("%j is an invalid response: 502", (payload) => {
    expect(urlResponse(payload)).toMatchObject({ status: 502, body: Buffer.from("Internal Server Error") });
  });
});

describe("CORS", () => {
  const cors = {
    allowOrigins: ["https://a.example", "https://*.b.example"],
    allowMethods: ["GET", "POST"],
    allowHeaders: ["x-a"],
    exposeHeaders: ["x-b"],
    allowCredentials: true,
    maxAgeSeconds: 60,
  };
  const shared = { "access-control-allow-credentials": "true", "access-control-expose-headers": "x-b", vary: "Origin" };

  it.each(["https://a.example", "https://x.b.example"])("permits %s", (origin) => {
    expect(corsHeaders(cors, origin)).toEqual({ ...shared, "access-control-allow-origin": origin });
  });

  it.each(["https://b.example", "http://a.example", "https://a.example.evil", "null", undefined])(
    "says nothing to %s",
    (origin) => {
      expect(corsHeaders(cors, origin)).toEqual({});
    },
  );

  it("permits everybody, but with credentials by name", () => {
    const open = { ...cors, allowOrigins: ["*"] };
    expect(corsHeaders({ ...open, allowCredentials: false }, "https://x")).toMatchObject({
      "access-control-allow-origin": "*",
    });
    expect(corsHeaders(open, "https://x")).toMatchObject({ "access-control-allow-origin": "https://x" });
  });

  it("answers preflight requests", () => {
    expect(isPreflight("OPTIONS", { origin: "x", "access-control-request-method": "GET" })).toBe(true);
    expect(isPreflight("OPTIONS", { origin: "x" })).toBe(false);
    expect(isPreflight("GET", { origin: "x", "access-control-request-method": "GET" })).toBe(false);
    expect(preflightResponse(cors, "https://a.example")).toMatchObject({
      status: 200,
      headers: {
        ...shared,
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "x-a",
        "access-control-max-age": "60",
      },
    });
    expect(preflightResponse(cors, "https://evil").headers).toEqual({});
  });
});
