import { MAX_CREDENTIALS_BYTES, DEFAULT_LIMITS } from "../../../protocol/index.js";
import {
  handshakeOf,
  type Headers,
  isOriginAllowed,
  type ParsedHandshake,
  parseHandshake as readOfferWithin,
} from "../../../lambdas/connection/handshake.js";

const readOffer = (headers: Headers) => readOfferWithin(headers, DEFAULT_LIMITS) as ParsedHandshake | undefined;

const TOO_LARGE = { explains: false, tooLarge: true };
const encoded = (json: string | Buffer): string => `push-it.credentials.${Buffer.from(json).toString("base64url")}`;
const offer = (...entries: string[]) => readOffer({ "Sec-WebSocket-Protocol": entries.join(", ") });

describe("the offered subprotocols", () => {
  test("with the version alone carry no credentials and request no reason", () => {
    expect(offer("push-it.v1")).toEqual({ explains: false, credentials: undefined });
  });

  // Unknown subprotocols are ignored.
  test("may request the reason of a denial, in any order", () => {
    expect(offer("push-it.v2", "push-it.v1.denied", "push-it.v1", "graphql-ws")).toEqual({
      explains: true,
      credentials: undefined,
    });
  });

  test.each(["Sec-WebSocket-Protocol", "sec-websocket-protocol", "SEC-WEBSOCKET-PROTOCOL"])(
    "are read from %s",
    (name) => {
      expect(readOffer({ Host: "x", [name]: "push-it.v1" })).toBeDefined();
    },
  );

  test.each(["push-it.v1,push-it.v1.denied", " push-it.v1 ,\tpush-it.v1.denied "])(
    "are split at commas: %j",
    (header) => {
      expect(readOffer({ "Sec-WebSocket-Protocol": header })?.explains).toBe(true);
    },
  );

  test.each([
    ["no header", {}],
    ["an empty header", { "Sec-WebSocket-Protocol": "" }],
    ["no value", { "Sec-WebSocket-Protocol": undefined }],
    ["no known version", { "Sec-WebSocket-Protocol": "push-it.v2, push-it.v1.denied" }],
    ["another case", { "Sec-WebSocket-Protocol": "Push-It.v1" }],
  ])("with %s are not of this protocol", (_, headers) => {
    expect(readOffer(headers)).toBeUndefined();
  });
});

describe("credentials", () => {
  test.each([null, true, 0, 17.5, "", "token", [], ["a", 1], {}, { user: "Ada", roles: ["x"] }, "größe 🎉"])(
    "can be any JSON value: %j",
    (value) => {
      expect(offer("push-it.v1", encoded(JSON.stringify(value)))).toEqual({ explains: false, credentials: value });
    },
  );

  test("named __proto__ are an own property, not a prototype", () => {
    const read = offer("push-it.v1", encoded('{"__proto__":{"admin":true}}'));
    expect(Object.keys(read?.credentials as object)).toEqual(["__proto__"]);
    expect((read?.credentials as { admin?: boolean }).admin).toBeUndefined();
  });

  test("have at most 4,096 bytes of JSON", () => {
    const json = (bytes: number) => JSON.stringify("x".repeat(bytes - 2));
    expect(offer("push-it.v1", encoded(json(MAX_CREDENTIALS_BYTES)))?.credentials).toHaveLength(
      MAX_CREDENTIALS_BYTES - 2,
    );
    expect(offer("push-it.v1", encoded(json(MAX_CREDENTIALS_BYTES + 1)))).toEqual(TOO_LARGE);
    expect(offer("push-it.v1", "push-it.v1.denied", encoded(json(MAX_CREDENTIALS_BYTES + 1)))).toEqual({
      ...TOO_LARGE,
      explains: true,
    });
  });

  test("have at most as many bytes as the deployment allows", () => {
    const read = (json: string) =>
      readOfferWithin({ "Sec-WebSocket-Protocol": `push-it.v1, ${encoded(json)}` }, { credentialsBytes: 6 });
    expect(read('"abcd"')).toMatchObject({ credentials: "abcd" });
    expect(read('"abcde"')).toEqual(TOO_LARGE);
  });

  test("are measured in bytes, not in characters", () => {
    expect(offer("push-it.v1", encoded(JSON.stringify("é".repeat(2_047))))?.credentials).toHaveLength(2_047);
    expect(offer("push-it.v1", encoded(JSON.stringify("é".repeat(2_048))))).toEqual(TOO_LARGE);
  });

  test.each([
    ["empty", "push-it.credentials."],
    ["not JSON", encoded("{user:1}")],
    ["cut off", encoded('{"user":')],
    ["not UTF-8", encoded(Buffer.from([0x22, 0xff, 0xfe, 0x22]))],
    ["UTF-8 cut within a character", encoded(Buffer.from([0x22, 0xe2, 0x82, 0x22]))],
    ["not base64url", "push-it.credentials.bn!Vs.bA"],
    ["base64 with padding", "push-it.credentials.MQ=="],
    ["base64 of the other alphabet", `push-it.credentials.${Buffer.from('"???>>>"').toString("base64")}`],
    ["nested deeper than their size allows", encoded("[".repeat(4_096))],
  ])("that are %s are malformed", (_, entry) => {
    expect(offer("push-it.v1", entry)).toBeUndefined();
  });

  test("that are sent twice are malformed", () => {
    expect(offer("push-it.v1", encoded("1"), encoded("2"))).toBeUndefined();
    expect(offer("push-it.v1", encoded("1"), encoded("1"))).toBeUndefined();
  });
});

describe("isOriginAllowed for", () => {
  const allowed = ["https://example.com", "http://localhost:3000"];

  test.each([
    ["an allowed origin", { Origin: "https://example.com" }, true],
    ["an allowed origin in another case", { ORIGIN: "HTTPS://Example.COM" }, true],
    ["an allowed origin with a port", { origin: "http://localhost:3000" }, true],
    ["no origin, as from a program", { Host: "example.com" }, true],
    ["another host", { Origin: "https://evil.example" }, false],
    ["another scheme", { Origin: "http://example.com" }, false],
    ["another port", { Origin: "https://example.com:8443" }, false],
    ["a subdomain", { Origin: "https://www.example.com" }, false],
    ["a host that starts with an allowed one", { Origin: "https://example.com.evil.example" }, false],
    ["a host that ends with an allowed one", { Origin: "https://evilexample.com" }, false],
    ["an origin with a path", { Origin: "https://example.com/" }, false],
    ["several origins", { Origin: "https://example.com, https://evil.example" }, false],
    ["the origin of a sandboxed page", { Origin: "null" }, false],
    ["an empty origin", { Origin: "" }, false],
  ])("%s", (_, headers, may) => {
    expect(isOriginAllowed(headers, allowed)).toBe(may);
  });

  test("any origin, if the deployment allows all", () => {
    expect(isOriginAllowed({ Origin: "https://evil.example" }, [])).toBe(true);
  });
});

describe("the handshake that a connection guard gets", () => {
  test("has the origin, the query and the cookies as sent", () => {
    const headers = {
      ORIGIN: "https://Example.com",
      cookie: 'sid=abc==; theme="dark"; empty=;  spaced  =  x ',
      Host: "x",
    };
    expect(handshakeOf(headers, { room: "a/b", empty: "" })).toEqual({
      origin: "https://Example.com",
      query: { room: "a/b", empty: "" },
      cookies: { sid: "abc==", theme: '"dark"', empty: "", spaced: "x" },
    });
  });

  test("is empty, without an origin, if none of them was sent", () => {
    expect(handshakeOf({})).toEqual({ query: {}, cookies: {} });
    expect(handshakeOf({ Cookie: "" }, { a: undefined })).toEqual({ query: {}, cookies: {} });
  });

  test.each([
    ["no name", "=x; ; ;; =", {}],
    ["no value", "a; b=1", { b: "1" }],
    ["a repeated name, of which the first counts", "a=1; a=2", { a: "1" }],
    ["a percent sign", "a=%00%", { a: "%00%" }],
  ])("accepts cookies with %s", (_, cookie, cookies) => {
    expect(handshakeOf({ cookie }).cookies).toEqual(cookies);
  });

  test("has own properties only, whatever their names are", () => {
    const { query, cookies } = handshakeOf(
      { cookie: "__proto__=x; constructor=y" },
      JSON.parse('{"__proto__":"z"}') as Record<string, string>,
    );
    expect([Object.keys(query), Object.keys(cookies)]).toEqual([["__proto__"], ["__proto__", "constructor"]]);
    expect(Object.getPrototypeOf(cookies)).toBe(Object.prototype);
  });
});
