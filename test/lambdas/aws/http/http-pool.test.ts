/** @jest-environment ./test/lambdas/aws/http/node-errors-environment.js */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type AddressInfo, createServer as createNetServer, type Socket } from "node:net";
import { join } from "node:path";
import tls, { type TLSSocket } from "node:tls";
import { type HttpCall, HttpPool, RequestTimeout, StaleSocket } from "../../../../lambdas/aws/http/http-pool.js";
import { type HttpServer, serverForEach } from "../../support/http-server.js";

const serverNow = serverForEach();
let server: HttpServer;
beforeEach(() => void (server = serverNow()));

const poolAt = (url: string, maxSockets?: number) => new HttpPool(new URL(url), maxSockets);
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const LONG_MS = 10_000;

describe("connections", () => {
  test("are limited, and further requests wait in their order", async () => {
    const first: ServerResponse[] = [];
    const sockets = new Set<Socket | null>();
    server.answer = ({ path }, response) => {
      sockets.add(response.socket);
      if (server.received.length > 2) return response.end(path);
      // The first two are answered when both have arrived.
      first.push(response);
      return first.length === 2 && first.forEach((each, at) => each.end(`/${at}`));
    };
    const pool = poolAt(server.url, 2);
    const paths = Array.from({ length: 9 }, (_, at) => `/${at}`);
    await Promise.all(paths.map((path) => pool.send(get(path), LONG_MS)));
    const asked = server.received.map(({ path }) => path);
    expect([...asked.slice(0, 2).sort(), ...asked.slice(2)]).toEqual(paths);
    expect(sockets.size).toBe(2);
  });

  test("that a response closes are replaced for the waiting requests", async () => {
    const sockets = new Set<Socket | null>();
    server.answer = ({ path }, response) => {
      sockets.add(response.socket);
      response.writeHead(200, { connection: "close" }).end(path);
    };
    const pool = poolAt(server.url, 1);
    const answers = await Promise.all(["/1", "/2", "/3"].map((path) => pool.send(get(path), LONG_MS)));
    expect(answers.map(({ body }) => body)).toEqual(["/1", "/2", "/3"]);
    expect(sockets.size).toBe(3);
  });

  test("that the server closed while idle are not used again", async () => {
    const closed: Promise<unknown>[] = [];
    server.answer = (_request, response) => {
      const { socket } = response;
      closed.push(once(socket!, "close"));
      response.end("ok", () => socket?.end());
    };
    const pool = poolAt(server.url);
    for (let time = 1; time <= 3; time += 1) {
      await pool.send(get("/"), LONG_MS).catch((error: unknown) => {
        // The client had not yet received the end.
        if (!(error instanceof StaleSocket)) throw error;
      });
      await Promise.all(closed);
    }
    expect(closed.length).toBeGreaterThanOrEqual(2);
  });

  test("whose request times out are closed, and the next request proceeds", async () => {
    let asked = 0;
    server.answer = (_request, response) => (asked += 1) > 1 && response.end("second");
    const pool = poolAt(server.url, 1);
    const first = pool.send(get("/"), 100);
    const second = pool.send(get("/"), LONG_MS);
    await expect(first).rejects.toThrow(RequestTimeout);
    expect((await second).body).toBe("second");
  });

  test("are not waited for beyond a request's timeout", async () => {
    server.answer = () => undefined;
    const pool = poolAt(server.url, 1);
    const never = pool.send(get("/1"), 1_000);
    await expect(pool.send(get("/2"), 50)).rejects.toThrow(RequestTimeout);
    await expect(never).rejects.toThrow(RequestTimeout);
    expect(server.received.map(({ path }) => path)).toEqual(["/1"]);
  });

  test("with another protocol are closed", async () => {
    const closed: Promise<unknown>[] = [];
    const other = createNetServer((socket) => {
      closed.push(once(socket, "close"));
      socket
        .on("error", () => undefined)
        .resume()
        .write("220 mail.example ESMTP\r\n\r\n");
    }).listen(0, "127.0.0.1");
    await once(other, "listening");
    const pool = poolAt(`http://127.0.0.1:${(other.address() as AddressInfo).port}`);
    await expect(pool.send(get("/"), LONG_MS)).rejects.toThrow("is not HTTP/1.1");
    await Promise.all(closed);
    other.close();
  });

  test("carry large responses, in chunks and with a length", async () => {
    const large = "größe ".repeat(200_000);
    for (const headers of [{}, { "content-length": String(Buffer.byteLength(large)) }]) {
      server.answer = (_request, response) => response.writeHead(200, headers).end(large);
      expect((await poolAt(server.url).send(get("/"), LONG_MS)).body).toBe(large);
    }
  });
});

describe("the diagnostics channels", () => {
  const events: string[] = [];
  const started = (call: unknown): void => void events.push(`start ${(call as HttpCall).host}`);
  const ended = (call: unknown): void => void events.push(`end ${(call as HttpCall).answer?.status ?? "unanswered"}`);
  beforeEach(() => {
    events.splice(0);
    subscribe("push-it:http:start", started);
    subscribe("push-it:http:end", ended);
  });
  afterEach(() => {
    unsubscribe("push-it:http:start", started);
    unsubscribe("push-it:http:end", ended);
  });

  // The end is published before the caller gets its result.
  test("publish the start and end of each request", async () => {
    const pool = poolAt(server.url, 1);
    const { host } = new URL(server.url);
    await pool.send(get("/"), LONG_MS).then(() => events.push("returned"));
    expect(events.splice(0)).toEqual([`start ${host}`, "end 200", "returned"]);
    // The second request has to wait for the first.
    await Promise.all([pool.send(get("/"), LONG_MS), pool.send(get("/"), LONG_MS)]);
    expect(events.splice(0)).toEqual([`start ${host}`, "end 200", `start ${host}`, "end 200"]);
    server.answer = () => undefined;
    await pool.send(get("/"), 50).catch(() => events.push("returned"));
    expect(events.slice(0, 3)).toEqual([`start ${host}`, "end unanswered", "returned"]);
  });
});

describe("over TLS", () => {
  const file = (name: string): Buffer => readFileSync(join(__dirname, "fixtures", name));
  const answer: RequestListener = (request: IncomingMessage, response) => {
    const socket = request.socket as TLSSocket & { servername?: string };
    response.end(
      JSON.stringify({ name: socket.servername, resumed: socket.isSessionReused(), protocol: socket.alpnProtocol }),
    );
  };
  const secure = createTlsServer({ key: file("localhost.key"), cert: file("localhost.crt") }, answer);
  let url: string;
  beforeAll(async () => {
    secure.listen(0);
    await once(secure, "listening");
    url = `https://localhost:${(secure.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    secure.closeAllConnections();
    secure.close();
  });

  test("the pool rejects a certificate that is not signed", async () => {
    await expect(poolAt(url).send(get("/"), LONG_MS)).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  });

  test("the pool sends the server's name and resumes its first session", async () => {
    const { createSecureContext } = tls;
    const trusting = jest
      .spyOn(tls, "createSecureContext")
      .mockImplementation(() => createSecureContext({ ca: file("localhost.crt") }));
    const pool = poolAt(url);
    const ask = async (): Promise<unknown> => JSON.parse((await pool.send(get("/"), LONG_MS)).body);
    expect(await ask()).toEqual({ name: "localhost", resumed: false, protocol: "http/1.1" });
    trusting.mockRestore();
    pool.dropFree();
    expect(await ask()).toEqual({ name: "localhost", resumed: true, protocol: "http/1.1" });
  });

  test("the pool opens few connections first, and others resume their sessions", async () => {
    const { createSecureContext } = tls;
    const trusting = jest
      .spyOn(tls, "createSecureContext")
      .mockImplementation(() => createSecureContext({ ca: file("localhost.crt") }));
    let begun = 0;
    let begunBeforeFirst: number | undefined;
    const onConnection = (): void => void (begun += 1);
    const onSecure = (): void => void (begunBeforeFirst ??= begun);
    secure.on("connection", onConnection).on("secureConnection", onSecure);
    const pool = poolAt(url, 64);
    const answers = await Promise.all(Array.from({ length: 200 }, () => pool.send(get("/"), LONG_MS)));
    secure.off("connection", onConnection).off("secureConnection", onSecure);
    trusting.mockRestore();
    expect(begunBeforeFirst).toBeLessThanOrEqual(4);
    expect(begun).toBeLessThanOrEqual(64);
    const resumed = answers.filter(({ body }) => (JSON.parse(body) as { resumed: boolean }).resumed);
    expect(answers).toHaveLength(200);
    expect(resumed.length).toBeGreaterThan(0);
    pool.dropFree();
  });

  test("the pool continues after a failed handshake, and all requests fail", async () => {
    const pool = poolAt(url, 64);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => pool.send(get("/"), LONG_MS)));
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => "rejected"));
  });
});
