import { once } from "node:events";
import { Agent, request } from "node:http";
import type { Socket } from "node:net";
import { gatewayId } from "../../../../../local/services/gateway/ids.js";
import { credentials, Harness, OK, send } from "../harness.js";

let harness: Harness;
const start = async (options: Parameters<typeof Harness.start>[1] = {}) => {
  harness = await Harness.start({ $connect: () => OK, $disconnect: () => OK }, options);
  return harness.connected();
};
afterEach(() => harness.gateway.close());

const gone = { status: 410, headers: expect.objectContaining({ "x-amzn-errortype": "GoneException" }) as object };
const limited = {
  status: 429,
  headers: expect.objectContaining({ "x-amzn-errortype": "LimitExceededException" }) as object,
};

describe("POST", () => {
  it("sends the body as one text frame", async () => {
    const { client, id } = await start();
    const isBinary = once(client.socket, "message").then(([, binary]) => binary as boolean);
    expect(await harness.manage("POST", id, "grüße 🙂")).toMatchObject({ status: 200, body: "" });
    expect(await client.next()).toBe("grüße 🙂");
    expect(await isBinary).toBe(false);
  });

  it("keeps the order of posts that wait for each other", async () => {
    const { client, id } = await start();
    for (let i = 0; i < 20; i++) await harness.manage("POST", id, `${i}`);
    for (let i = 0; i < 20; i++) expect(await client.next()).toBe(`${i}`);
  });

  it("takes the path with an encoded @ too", async () => {
    const { client, id } = await start();
    const path = `/prod/%40connections/${encodeURIComponent(id)}`;
    expect((await send(harness.gateway.port, { method: "POST", path, body: "x" })).status).toBe(200);
    expect(await client.next()).toBe("x");
  });

  it("is 410 for an id that never was", async () => {
    await start();
    expect(await harness.manage("POST", gatewayId(), "x")).toMatchObject({ ...gone, body: "" });
  });

  it("is 400 for an invalid connection id", async () => {
    await start();
    const { status, headers, body } = await harness.manage("POST", "no id!", "x");
    expect([status, headers["x-amzn-errortype"]]).toEqual([400, "BadRequestException"]);
    expect(JSON.parse(body)).toEqual({ message: "Invalid connectionId" });
    expect((await send(harness.gateway.port, { method: "POST", path: "/prod/@connections/%E0" })).status).toBe(400);
  });

  it("is 410 before $connect has returned", async () => {
    let post: Promise<unknown> | undefined;
    harness = await Harness.start({
      $connect: async (event) => {
        post = harness.manage("POST", event.requestContext.connectionId, "too early");
        await post;
        return OK;
      },
    });
    await harness.connect();
    expect(await post).toMatchObject(gone);
  });

  it.each(["POST", "GET", "DELETE"])("and every method (%s) is 410 after the close", async (method) => {
    const { client, id } = await start();
    client.socket.close();
    await harness.event("$disconnect");
    expect(await harness.manage(method, id)).toMatchObject(gone);
  });

  it("is 413 over 128 KB, and harms no one", async () => {
    const { client, id } = await start();
    const { status, headers } = await harness.manage("POST", id, "x".repeat(131_073));
    expect([status, headers["x-amzn-errortype"]]).toEqual([413, "PayloadTooLargeException"]);
    await harness.manage("POST", id, "still here");
    expect(await client.next()).toBe("still here");
  });

  it("over 32 KB closes the connection with 1009", async () => {
    const { client, id } = await start();
    await harness.manage("POST", id, "x".repeat(32_768));
    expect((await client.next()).length).toBe(32_768);
    expect((await harness.manage("POST", id, "x".repeat(32_769))).status).toBe(413);
    expect((await client.closed).code).toBe(1009);
    expect((await harness.event("$disconnect")).requestContext.disconnectStatusCode).toBe(1009);
  });

  it("is 429 only for a client that does not read", async () => {
    const { client, id } = await start({ limits: { clientBufferBytes: 64 * 1024 } });
    const other = await harness.connected();
    client.socket.pause();
    const frame = "x".repeat(32_000);
    let posted = 0;
    let answer = await harness.manage("POST", id, frame);
    while (answer.status === 200 && posted < 2_000) {
      posted += 1;
      answer = await harness.manage("POST", id, frame);
    }
    expect(answer).toMatchObject(limited);
    expect((await harness.manage("POST", other.id, "hello")).status).toBe(200);
    expect(await other.client.next()).toBe("hello");

    client.socket.resume();
    for (let i = 0; i < posted; i++) expect((await client.next()).length).toBe(frame.length);
    expect((await harness.manage("POST", id, "again")).status).toBe(200);
    expect(await client.next()).toBe("again");
  });

  it("is 429 beyond the account's rate, where it is asked for", async () => {
    let now = 0;
    // One token for the handshake, one for the first post.
    const { id } = await start({ limits: { account: { rate: 1, burst: 2 } }, now: () => now });
    expect((await harness.manage("POST", id, "x")).status).toBe(200);
    expect(await harness.manage("POST", id, "x")).toMatchObject(limited);
    now = 1_000;
    expect((await harness.manage("POST", id, "x")).status).toBe(200);
  });
});

describe("GET", () => {
  it("describes the connection in AWS's spelling", async () => {
    let now = 1_000;
    harness = await Harness.start({ $connect: () => OK }, { now: () => now });
    await harness.connect({ headers: { "User-Agent": "Test/1" } });
    const id = (await harness.event("$connect")).requestContext.connectionId;
    now = 5_000;
    await harness.manage("POST", id, "x");
    expect(JSON.parse((await harness.manage("GET", id)).body)).toEqual({
      connectedAt: "1970-01-01T00:00:01.000Z",
      identity: { sourceIp: "127.0.0.1", userAgent: "Test/1" },
      lastActiveAt: "1970-01-01T00:00:05.000Z",
    });
  });
});

describe("DELETE", () => {
  it("closes the connection, runs $disconnect, and is 410 the second time", async () => {
    const { client, id } = await start();
    expect((await harness.manage("DELETE", id)).status).toBe(204);
    expect(await harness.manage("DELETE", id)).toMatchObject(gone);
    expect((await client.closed).code).toBe(1000);
    expect((await harness.event("$disconnect")).requestContext).toMatchObject({
      connectionId: id,
      disconnectStatusCode: 1000,
      disconnectReason: "Connection Closed Normally",
    });
  });
});

describe("another method", () => {
  it("is not allowed", async () => {
    const { id } = await start();
    expect((await harness.manage("PUT", id, "x")).status).toBe(405);
  });
});

describe("a caller", () => {
  const refusal = async (answer: Promise<{ status: number; headers: Record<string, unknown>; body: string }>) => {
    const { status, headers, body } = await answer;
    return [status, headers["x-amzn-errortype"], (JSON.parse(body) as { message: string }).message];
  };

  it("must sign", async () => {
    const { id } = await start();
    expect(await refusal(harness.manage("POST", id, "x", false))).toEqual([
      403,
      "MissingAuthenticationTokenException",
      "Missing Authentication Token",
    ]);
  });

  it("must sign with Signature Version 4", async () => {
    const { id } = await start();
    const path = `/prod/@connections/${encodeURIComponent(id)}`;
    const headers = { Authorization: "Bearer abc" };
    const answer = send(harness.gateway.port, { method: "POST", path, body: "x", headers }, false);
    expect(await refusal(answer)).toEqual([403, "IncompleteSignatureException", expect.any(String)]);
  });

  it("must have a known key and its secret, if signatures are checked", async () => {
    const secrets: Record<string, string> = { [credentials.accessKeyId]: credentials.secretAccessKey };
    const { id } = await start({ secretFor: (key) => secrets[key] });
    expect((await harness.manage("POST", id, "x")).status).toBe(200);
    secrets[credentials.accessKeyId] = "another";
    expect(await refusal(harness.manage("POST", id, "x"))).toEqual([
      403,
      "InvalidSignatureException",
      expect.any(String),
    ]);
    delete secrets[credentials.accessKeyId];
    expect(await refusal(harness.manage("POST", id, "x"))).toEqual([
      403,
      "UnrecognizedClientException",
      expect.any(String),
    ]);
  });

  it("must have signed within five minutes", async () => {
    let skew = 0;
    const { id } = await start({ secretFor: () => credentials.secretAccessKey, now: () => Date.now() + skew });
    skew = 400_000;
    expect(await refusal(harness.manage("POST", id, "x"))).toEqual([
      403,
      "InvalidSignatureException",
      "Signature expired.",
    ]);
  });

  it("must be allowed to do what it asks for", async () => {
    const asked: unknown[] = [];
    const { client, id } = await start({
      authorize: (call) => (asked.push(call), call.method === "GET" ? undefined : "because"),
    });
    const path = `/prod/@connections/${encodeURIComponent(id)}`;
    const denied = await harness.manage("DELETE", id);
    expect([denied.status, denied.headers["x-amzn-errortype"]]).toEqual([403, "AccessDeniedException"]);
    expect(JSON.parse(denied.body)).toEqual({ Message: "because" });
    expect((await harness.manage("GET", id)).status).toBe(200);
    expect(asked).toEqual([
      { accessKeyId: credentials.accessKeyId, method: "DELETE", path },
      { accessKeyId: credentials.accessKeyId, method: "GET", path },
    ]);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });
});

describe("faults", () => {
  it("make posts fail or get lost while the connection lives", async () => {
    const faults = ["gone", "limit", "error", "lose", "duplicate", undefined] as const;
    let next = 0;
    const { client, id } = await start({ faults: { beforePost: () => faults[next++] } });
    const statuses: number[] = [];
    for (const fault of faults) statuses.push((await harness.manage("POST", id, `${fault}`)).status);
    expect(statuses).toEqual([410, 429, 500, 200, 200, 200]);
    expect([await client.next(), await client.next(), await client.next()]).toEqual([
      "duplicate",
      "duplicate",
      "undefined",
    ]);
  });

  it("make frames late, so that they overtake each other", async () => {
    const delays = [60, undefined];
    const { client, id } = await start({ faults: { delayPost: () => delays.shift() } });
    await harness.manage("POST", id, "first");
    await harness.manage("POST", id, "second");
    expect([await client.next(), await client.next()]).toEqual(["second", "first"]);
  });
});

describe("an idle HTTP connection", () => {
  it("is cut without a warning", async () => {
    const { id } = await start({ limits: { keepAliveMs: 30 } });
    const agent = new Agent({ keepAlive: true });
    const outgoing = request({
      agent,
      port: harness.gateway.port,
      host: "127.0.0.1",
      method: "GET",
      path: `/prod/@connections/${id}`,
    });
    const connected = once(outgoing, "socket");
    outgoing.end();
    const [response] = (await once(outgoing, "response")) as [import("node:http").IncomingMessage];
    expect(response.headers.connection).toBe("keep-alive");
    expect(response.headers["keep-alive"]).toBeUndefined();
    const [socket] = (await connected) as [Socket];
    response.resume();
    await once(socket, "close");
    agent.destroy();
  });
});
