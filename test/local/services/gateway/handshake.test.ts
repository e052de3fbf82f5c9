import { once } from "node:events";
import { connect as dial, type Socket } from "node:net";
import WebSocket from "ws";
import { type GatewayEvent, Harness, OK, type RouteSetup, send } from "./harness.js";

let harness: Harness;
const start = async (setups: Record<string, RouteSetup>, options: Parameters<typeof Harness.start>[1] = {}) =>
  (harness = await Harness.start(setups, options));
afterEach(() => harness.gateway.close());

const selecting = (protocol: string) => () => ({ statusCode: 200, headers: { "Sec-WebSocket-Protocol": protocol } });

/** A handshake as bytes, for what no client library sends. */
const raw = async (port: number, head: string): Promise<{ socket: Socket; status: () => Promise<string> }> => {
  const socket = dial(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(head);
  return {
    socket,
    status: async () => ((await once(socket, "data")) as [Buffer])[0].toString().split("\r\n")[0] ?? "",
  };
};

const UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

describe("handshake", () => {
  it("waits for $connect", async () => {
    let allow: (payload: unknown) => void = () => undefined;
    await start({ $connect: () => new Promise((resolve) => (allow = resolve)) });
    const client = harness.client();
    await harness.event("$connect");
    expect(client.socket.readyState).toBe(WebSocket.CONNECTING);
    allow(OK);
    await client.opened;
  });

  it.each([200, 201, 299])("opens on %i", async (statusCode) => {
    await start({ $connect: () => ({ statusCode }) });
    await harness.connect();
  });

  it.each([300, 400, 401, 403, 404, 500, 503])("is refused with the function's %i", async (statusCode) => {
    await start({ $connect: () => ({ statusCode }) });
    expect((await harness.client().refused).status).toBe(statusCode);
  });

  it("sends a refused client nothing of the function's response", async () => {
    await start({ $connect: () => ({ statusCode: 403, body: "secret", headers: { "X-Secret": "secret" } }) });
    const { body } = await harness.client().refused;
    expect(JSON.parse(body)).toMatchObject({ message: "Forbidden" });
    expect(body).not.toContain("secret");
  });

  it("is refused with 502 when the function fails, with a log", async () => {
    await start({ $connect: () => Promise.reject(new Error("no table")) });
    expect(await harness.client().refused).toMatchObject({ status: 502 });
    expect(harness.log).toEqual([{ level: "warn", source: "gateway", message: "$connect failed: Error: no table" }]);
  });

  it.each([
    ["error", 502],
    ["timeout", 502],
    ["crash", 502],
    ["throttled", 500],
  ] as const)("maps a function's %s to %i", async (kind, status) => {
    await start({ $connect: () => ({ ok: false, kind, message: "it went wrong" }) });
    const refused = await harness.client().refused;
    expect(refused.status).toBe(status);
    expect(JSON.parse(refused.body)).toEqual({
      message: "Internal server error",
      connectionId: expect.stringMatching(/^[\w-]{15}=$/) as string,
      requestId: expect.stringMatching(/^[\w-]{15}=$/) as string,
    });
  });

  it("is refused with 502 when the function returns no proxy response", async () => {
    await start({ $connect: () => ({ allowed: true }) });
    expect((await harness.client().refused).status).toBe(502);
  });

  it("is refused with 504 when the integration takes too long", async () => {
    await start({ $connect: () => new Promise(() => undefined) }, { limits: { integrationMs: 30 } });
    expect((await harness.client().refused).status).toBe(504);
  });

  it("opens at once without a $connect route", async () => {
    await start({ $default: () => OK });
    await harness.connect();
  });

  it("passes headers, query, address and agent to $connect", async () => {
    await start({ $connect: () => OK });
    await harness.connect({ query: "?room=5", headers: { "User-Agent": "Test/1", Origin: "http://here" } });
    const event = await harness.event("$connect");
    expect(event).toMatchObject({
      headers: { Host: `127.0.0.1:${harness.gateway.port}`, "User-Agent": "Test/1", Origin: "http://here" },
      queryStringParameters: { room: "5" },
      requestContext: {
        eventType: "CONNECT",
        stage: "prod",
        apiId: "abcde12345",
        domainName: `127.0.0.1:${harness.gateway.port}`,
        identity: { sourceIp: "127.0.0.1", userAgent: "Test/1" },
      },
    });
    expect(event.requestContext.connectedAt).toBeGreaterThan(Date.now() - 10_000);
  });
});

describe("subprotocol", () => {
  it("is selected by $connect", async () => {
    await start({ $connect: selecting("b") });
    expect((await harness.connect({ protocols: ["a", "b"] })).socket.protocol).toBe("b");
    expect((await harness.event("$connect")).headers?.["Sec-WebSocket-Protocol"]).toBe("a,b");
  });

  it("is absent when $connect selects none, as are its other headers", async () => {
    await start({ $connect: () => ({ ...OK, body: "unheard", headers: { "Set-Cookie": "a=b" } }) });
    const { socket } = await raw(
      harness.gateway.port,
      `GET /prod HTTP/1.1\r\nHost: x\r\n${UPGRADE}${KEY}Sec-WebSocket-Protocol: a, b\r\n\r\n`,
    );
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 101 /);
    expect(answer.toString()).not.toMatch(/Sec-WebSocket-Protocol|Set-Cookie|unheard/i);
    socket.destroy();
  });

  it("goes out although it was not offered, which makes clients fail", async () => {
    await start({ $connect: selecting("c"), $disconnect: () => OK });
    const client = harness.client({ protocols: ["a"] });
    const [error] = (await once(client.socket, "error")) as [Error];
    expect(error.message).toMatch(/invalid subprotocol/);
    expect((await harness.event("$disconnect")).requestContext.disconnectStatusCode).toBe(1006);
  });

  it.each(["a,,b", "a b", "a, a", "ä"])("list %p is malformed: 400, and $connect does not run", async (list) => {
    await start({ $connect: () => OK });
    const { status } = await raw(
      harness.gateway.port,
      `GET /prod HTTP/1.1\r\nHost: x\r\n${UPGRADE}${KEY}Sec-WebSocket-Protocol: ${list}\r\n\r\n`,
    );
    expect(await status()).toBe("HTTP/1.1 400 Bad Request");
    expect(harness.events).toEqual([]);
  });
});

describe("compression", () => {
  it("is not negotiated", async () => {
    await start({ $connect: () => OK });
    const client = await harness.connect({ perMessageDeflate: true });
    expect(client.socket.extensions).toBe("");
  });
});

describe("a request that is not a handshake", () => {
  it.each(["/", "/other", "/prod/", "/prod/x", "/PROD"])("is refused with 403 on %s", async (path) => {
    await start({ $connect: () => OK });
    const socket = new WebSocket(`ws://127.0.0.1:${harness.gateway.port}${path}`);
    socket.on("error", () => undefined);
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(403);
    expect(harness.events).toEqual([]);
  });

  it.each([
    ["another version", `${UPGRADE.replace("13", "7")}${KEY}`],
    ["no key", UPGRADE],
    ["a short key", `${UPGRADE}Sec-WebSocket-Key: abc\r\n`],
    ["another upgrade", `Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n${KEY}`],
  ])("is refused with 400 for %s", async (_, headers) => {
    await start({ $connect: () => OK });
    const { status } = await raw(harness.gateway.port, `GET /prod HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
    expect(await status()).toBe("HTTP/1.1 400 Bad Request");
    expect(harness.events).toEqual([]);
  });

  it("is left to the fallback on the stage's path", async () => {
    await start({ $connect: () => OK }, { fallback: (_request, response) => void response.end("a page") });
    expect((await send(harness.gateway.port, { method: "GET", path: "/prod" }, false)).body).toBe("a page");
  });
});

describe("request line and headers", () => {
  const request = (bytes: number, port: number): string => {
    const head = `GET /prod HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${UPGRADE}${KEY}X-Fill: `;
    return `${head}${"x".repeat(bytes - head.length - 2)}\r\n\r\n`;
  };

  it("may have 10,240 bytes together", async () => {
    await start({ $connect: () => OK });
    const { status, socket } = await raw(harness.gateway.port, request(10_240, harness.gateway.port));
    expect(await status()).toBe("HTTP/1.1 101 Switching Protocols");
    socket.destroy();
  });

  it("may not have one more: 431", async () => {
    await start({ $connect: () => OK });
    const { status } = await raw(harness.gateway.port, request(10_241, harness.gateway.port));
    expect(await status()).toBe("HTTP/1.1 431 Request Header Fields Too Large");
    expect(harness.events).toEqual([]);
  });

  it("may not have a URL over 4,096 characters: 414", async () => {
    await start({ $connect: () => OK });
    expect((await harness.client({ query: `?${"x".repeat(4091)}` }).refused).status).toBe(414);
    await harness.connect({ query: `?${"x".repeat(4090)}` });
  });
});

describe("handshakes beyond their limits", () => {
  it("are refused with 429 by the throttle of $connect", async () => {
    let now = 0;
    await start({ $connect: { run: () => OK, throttle: { rate: 1, burst: 1 } } }, { now: () => now });
    await harness.connect();
    expect((await harness.client().refused).status).toBe(429);
    now = 1_000;
    await harness.connect();
    expect(harness.events).toHaveLength(2);
  });

  it("are refused with 429 above the account's rate, if it is set", async () => {
    await start({ $connect: () => OK }, { limits: { connects: { rate: 500, burst: 1 } }, now: () => 0 });
    await harness.connect();
    expect((await harness.client().refused).status).toBe(429);
  });

  it("are refused with 503 while too many wait", async () => {
    await start({ $connect: () => new Promise(() => undefined) }, { limits: { pendingHandshakes: 1 } });
    harness.client();
    await harness.event("$connect");
    expect((await harness.client().refused).status).toBe(503);
  });
});

describe("a client that leaves while $connect runs", () => {
  let allow: (payload: unknown) => void = () => undefined;
  beforeEach(() => start({ $connect: () => new Promise((resolve) => (allow = resolve)), $disconnect: () => OK }));
  const expectDisconnect = async (connect: GatewayEvent): Promise<void> => {
    const { requestContext } = await harness.event("$disconnect");
    expect(requestContext.connectionId).toBe(connect.requestContext.connectionId);
    expect(requestContext.disconnectStatusCode).toBe(1006);
    expect(harness.events).toEqual([]);
  };

  it("invokes $disconnect, because $connect has accepted it", async () => {
    const client = harness.client();
    const connect = await harness.event("$connect");
    client.socket.terminate();
    await client.closed;
    allow(OK);
    await expectDisconnect(connect);
  });

  it("invokes $disconnect, too, when its socket broke before $connect returned", async () => {
    const { socket } = await raw(harness.gateway.port, `GET /prod HTTP/1.1\r\nHost: x\r\n${UPGRADE}${KEY}\r\n`);
    const connect = await harness.event("$connect");
    socket.resetAndDestroy();
    // The gateway answers another client after it has seen the reset.
    await send(harness.gateway.port, { method: "GET", path: "/" }, false);
    allow(OK);
    await expectDisconnect(connect);
  });
});
