import { proxyResponse } from "../../../../local/services/gateway/routes/proxy-response.js";

describe("proxy response", () => {
  it("is a status, perhaps with body and headers", () => {
    expect(proxyResponse({ statusCode: 200 })).toMatchObject({ statusCode: 200 });
    expect(proxyResponse({ statusCode: "201", body: "x", headers: {}, isBase64Encoded: false })).toMatchObject({
      statusCode: 201,
      body: "x",
    });
    expect(proxyResponse({ statusCode: 200, body: null })?.body).toBeUndefined();
  });

  it("has headers in any case, single or multiple", () => {
    const header = (fields: object) => proxyResponse({ statusCode: 200, ...fields })?.header("Sec-WebSocket-Protocol");
    expect(header({ headers: { "sec-websocket-protocol": "a" } })).toBe("a");
    expect(header({ headers: { "SEC-WebSocket-Protocol": "a" } })).toBe("a");
    expect(header({ multiValueHeaders: { "Sec-WebSocket-Protocol": ["a", "b"] } })).toBe("b");
    expect(header({ headers: { other: "a" } })).toBeUndefined();
    expect(header({ headers: null })).toBeUndefined();
    expect(header({})).toBeUndefined();
  });

  it.each([
    [undefined],
    [null],
    ["text"],
    [[]],
    [{}],
    [{ statusCode: "many" }],
    [{ statusCode: 99 }],
    [{ statusCode: 600 }],
    [{ statusCode: 200.5 }],
    [{ statusCode: 200, body: { a: 1 } }],
    [{ statusCode: 200, body: 7 }],
    [{ statusCode: 200, ConnectionId: "x" }],
  ])("is not %j", (payload) => expect(proxyResponse(payload)).toBeUndefined());
});
