import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Harness, OK, type RouteSetup } from "./harness.js";

let harness: Harness;
const start = async (setups: Record<string, RouteSetup> = {}, options: Parameters<typeof Harness.start>[1] = {}) => {
  harness = await Harness.start({ $connect: () => OK, $disconnect: () => OK, ...setups }, options);
  return harness.connected();
};
afterEach(() => harness.gateway.close());

const ended = async () => {
  const { disconnectStatusCode, disconnectReason, connectionId } = (await harness.event("$disconnect")).requestContext;
  return { code: disconnectStatusCode, reason: disconnectReason, id: connectionId };
};
const echo = { run: (event: { body?: string }) => ({ ...OK, body: event.body }), answers: true };

describe("$disconnect", () => {
  it("receives the client's code and reason", async () => {
    const { client, id } = await start();
    client.socket.close(4001, "bye");
    expect(await ended()).toEqual({ code: 4001, reason: "bye", id });
  });

  it("runs if the client sent no code", async () => {
    const { client, id } = await start();
    client.socket.close();
    expect(await ended()).toEqual({ code: 1005, reason: "Client-side close frame status not set", id });
  });

  it("runs for a broken connection", async () => {
    const { client, id } = await start();
    client.socket.terminate();
    expect(await ended()).toEqual({ code: 1006, reason: "", id });
  });

  it("may fail, which only the log shows", async () => {
    const { client } = await start({ $disconnect: () => Promise.reject(new Error("no table")) });
    const failed = new Promise((resolve) => (harness.log.push = (entry) => (resolve(entry), 1)));
    client.socket.close(1000);
    expect(await failed).toMatchObject({ message: expect.stringContaining("no table") as string });
  });

  it("can be made to get lost", async () => {
    const dropped: string[] = [];
    const dropDisconnect = (id: string): boolean => dropped.push(id) === 1;
    const { client, id } = await start({}, { faults: { dropDisconnect } });
    const other = await harness.connected();
    client.socket.close();
    await client.closed;
    other.client.socket.close();
    expect((await ended()).id).toBe(other.id);
    expect(dropped).toEqual([id, other.id]);
    expect(harness.events).toEqual([]);
  });

  it("follows a cut, which the client notices only as a broken socket", async () => {
    const { client, id } = await start();
    expect(harness.gateway.connections).toEqual([id]);
    expect([harness.gateway.cut(id), harness.gateway.cut("nobody")]).toEqual([true, false]);
    await client.closed;
    expect(await ended()).toMatchObject({ id, code: 1006 });
    expect(harness.gateway.connections).toEqual([]);
  });

  it("is skipped if the API has no such route", async () => {
    harness = await Harness.start({ $connect: () => OK });
    const { client, id } = await harness.connected();
    client.socket.close();
    await client.closed;
    expect((await harness.manage("GET", id)).status).toBe(410);
  });
});

describe("size", () => {
  const text = (bytes: number): string => {
    const envelope = '{"action":"echo","fill":""}';
    return envelope.replace('""', `"${"x".repeat(bytes - envelope.length)}"`);
  };

  it("of a frame may be 32 KB", async () => {
    const { client } = await start({ echo });
    client.send(text(32_768));
    expect((await client.next()).length).toBe(32_768);
  });

  it("of a frame above the limit closes with 1009, without any invocation", async () => {
    const { client, id } = await start({ echo });
    client.send(text(32_769));
    expect((await client.closed).code).toBe(1009);
    expect(await ended()).toMatchObject({ code: 1009, id });
    expect(harness.events).toEqual([]);
  });

  it("counts bytes, not characters", async () => {
    const { client } = await start({ echo });
    client.send("é".repeat(16_385));
    expect((await client.closed).code).toBe(1009);
  });

  it("of a message may be 128 KB in frames of 32 KB", async () => {
    const { client } = await start({ echo: () => OK });
    const whole = text(131_072);
    for (let at = 0; at < whole.length; at += 32_768) {
      client.socket.send(whole.slice(at, at + 32_768), { fin: at + 32_768 >= whole.length });
    }
    expect((await harness.event("echo")).body?.length).toBe(131_072);
  });

  it("of a message may not be one byte more: 1009", async () => {
    const { client, id } = await start({ echo: () => OK });
    for (let i = 0; i < 4; i++) client.socket.send("x".repeat(32_768), { fin: false });
    client.socket.send("x", { fin: true });
    expect((await client.closed).code).toBe(1009);
    expect(await ended()).toMatchObject({ code: 1009, id });
  });

  it("of an answer may not exceed 32 KB either", async () => {
    const { client } = await start({ big: { run: () => ({ ...OK, body: "x".repeat(32_769) }), answers: true } });
    client.send({ action: "big" });
    expect((await client.closed).code).toBe(1009);
  });

  it("of one client's frames does not touch another", async () => {
    const { client } = await start({ echo });
    const other = await harness.connected();
    client.send(text(40_000));
    await client.closed;
    other.client.send({ action: "echo" });
    expect(await other.client.next()).toBe('{"action":"echo"}');
  });
});

describe("a stream that breaks the WebSocket protocol", () => {
  it("is closed with 1007 for text that is not UTF-8", async () => {
    const { client, id } = await start({ $default: () => OK });
    client.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect((await client.closed).code).toBe(1007);
    expect(await ended()).toMatchObject({ code: 1007, id });
  });

  it("is closed with 1002 for frames that are malformed", async () => {
    const { client, id } = await start({ $default: () => OK });
    client.socket.send("a", { fin: false });
    (client.socket as unknown as { _socket: Socket })._socket.write(Buffer.from([0x83, 0x80, 0, 0, 0, 0]));
    expect((await client.closed).code).toBe(1002);
    expect(await ended()).toMatchObject({ code: 1002, id });
  });
});

describe("a binary frame", () => {
  it("closes the connection with 1003, and no function sees it", async () => {
    const { client, id } = await start({ $default: () => OK });
    client.socket.send(Buffer.from("{}"));
    expect((await client.closed).code).toBe(1003);
    expect(await ended()).toMatchObject({ code: 1003, id });
    expect(harness.events).toEqual([]);
  });

  it("does so too when it is only the first fragment", async () => {
    const { client } = await start({ $default: () => OK });
    client.socket.send(Buffer.from("{}"), { fin: false });
    expect((await client.closed).code).toBe(1003);
  });
});

describe("time", () => {
  it("closes an idle connection with 1001", async () => {
    const { client, id } = await start({}, { limits: { idleMs: 50 } });
    expect(await client.closed).toEqual({ code: 1001, reason: "Going away" });
    expect(await ended()).toEqual({ code: 1001, reason: "Going away", id });
  });

  /** How long a connection stays open that sends, and then is sent to, for two and a half times the idle time. */
  const staysOpen = async (idleMs: number): Promise<boolean> => {
    const { client, id } = await start({ echo }, { limits: { idleMs } });
    let open = true;
    void client.closed.then(() => (open = false));
    const begun = Date.now();
    while (open && Date.now() - begun < 2.5 * idleMs) {
      client.send({ action: "echo" });
      await Promise.race([client.next(), client.closed]);
      await sleep(idleMs / 6);
    }
    while (open && Date.now() - begun < 5 * idleMs) {
      await harness.manage("POST", id, "x");
      await Promise.race([client.next(), client.closed]);
      await sleep(idleMs / 6);
    }
    const stayed = open;
    if (stayed) expect((await client.closed).code).toBe(1001);
    else await harness.gateway.close();
    return stayed;
  };

  it("does not count as idle what sends, or is sent to", async () => {
    // A machine that stood still for the idle time has proved nothing: it gets more.
    expect((await staysOpen(300)) || (await staysOpen(1_500)) || (await staysOpen(6_000))).toBe(true);
  });

  it("does not take WebSocket pings for activity, though it answers them", async () => {
    const { client } = await start({}, { limits: { idleMs: 1_000 } });
    const pongs: unknown[] = [];
    client.socket.on("pong", () => pongs.push(1));
    const pinging = setInterval(() => client.socket.ping(), 20);
    expect((await client.closed).code).toBe(1001);
    clearInterval(pinging);
    expect(pongs.length).toBeGreaterThan(0);
  });

  it("closes every connection at its limit with 1001, busy or not", async () => {
    const { client } = await start({ echo }, { limits: { connectionMs: 200 } });
    const talking = setInterval(() => client.send({ action: "echo" }), 20);
    expect((await client.closed).code).toBe(1001);
    clearInterval(talking);
  });

  it("has no limit where the limits say so", async () => {
    const { client } = await start({ echo }, { limits: { idleMs: Infinity, connectionMs: Infinity } });
    client.send({ action: "echo" });
    expect(await client.next()).toBe('{"action":"echo"}');
    client.send({ action: "echo" });
    expect(await client.next()).toBe('{"action":"echo"}');
  });

  it("cuts off a client that does not answer the close", async () => {
    const { client } = await start({}, { limits: { idleMs: 30, closeMs: 30 } });
    client.socket.pause();
    expect(await ended()).toMatchObject({ code: 1001 });
    client.socket.resume();
  });
});
