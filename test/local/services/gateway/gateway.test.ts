import { createServer } from "node:net";
import { once } from "node:events";
import { startGateway } from "../../../../local/services/gateway/gateway.js";
import { apiModel, Harness, OK, send } from "./harness.js";

const run = () => OK;
const echo = { run: (event: { body?: string }) => ({ ...OK, body: event.body }), answers: true };
const silent = { invoker: { invoke: () => Promise.resolve({ ok: true, payload: OK } as const) }, log: () => undefined };

describe("the gateway", () => {
  it("says where it is", async () => {
    const harness = await Harness.start({ $connect: run });
    const { port, websocketUrl, managementUrl, close } = harness.gateway;
    expect(port).toBeGreaterThan(0);
    expect(websocketUrl).toBe(`ws://127.0.0.1:${port}/prod`);
    expect(managementUrl).toBe(`http://127.0.0.1:${port}/prod`);
    await close();
  });

  it("does not start on a taken port", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    await expect(startGateway({ ...silent, api: apiModel({}), port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    other.close();
  });

  it("does not start with a selection expression it cannot follow", async () => {
    const api = apiModel({}, { selectionExpression: "$request.header.x" });
    await expect(startGateway({ ...silent, api, port: 0 })).rejects.toThrow("not supported");
  });

  it("leaves other requests to the fallback, or says 404", async () => {
    const harness = await Harness.start({ $connect: run });
    const paths = ["/", "/prod", "/other/@connections/abc", "/prod/@connections/", "/prod/@connections/a/b"];
    for (const path of paths) {
      const answer = await send(harness.gateway.port, { method: "GET", path });
      expect([answer.status, answer.body]).toEqual([404, '{"message":"Not Found"}']);
    }
    await harness.gateway.close();
    const page = await Harness.start({}, { fallback: (request, response) => void response.end(`page ${request.url}`) });
    expect((await send(page.gateway.port, { method: "GET", path: "/console.js" }, false)).body).toBe(
      "page /console.js",
    );
    await page.gateway.close();
  });

  it("serves a new version of the API to connections that are open", async () => {
    const harness = await Harness.start({ $connect: run, $default: echo, chat: echo });
    const client = await harness.connect();
    harness.gateway.update(apiModel({ $connect: run, chat: echo }, { selectionExpression: "$request.body.kind" }));
    client.send({ kind: "chat" });
    expect(await client.next()).toBe('{"kind":"chat"}');
    client.send({ action: "chat" });
    expect(JSON.parse(await client.next())).toMatchObject({ message: "Forbidden" });
    await harness.gateway.close();
  });

  it("keeps the old version when the new one cannot be followed", async () => {
    const harness = await Harness.start({ $connect: run, chat: echo });
    const client = await harness.connect();
    expect(() => harness.gateway.update(apiModel({}, { selectionExpression: "no" }))).toThrow("not supported");
    client.send({ action: "chat" });
    expect(await client.next()).toBe('{"action":"chat"}');
    await harness.gateway.close();
  });
});

describe("close()", () => {
  it("closes every socket, runs no $disconnect, and frees the port", async () => {
    const harness = await Harness.start({ $connect: run, $disconnect: run });
    const clients = await Promise.all([harness.connect(), harness.connect()]);
    const { port, close } = harness.gateway;
    await close();
    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual(
      Array(2).fill({ code: 1001, reason: "Going away" }),
    );
    expect(harness.events.map(({ requestContext }) => requestContext.routeKey)).toEqual(["$connect", "$connect"]);
    const again = await startGateway({ ...silent, api: apiModel({}), port });
    await again.close();
  });

  it("does not wait for handshakes, functions or clients that hang", async () => {
    let connecting = 0;
    const harness = await Harness.start(
      {
        $connect: () => (++connecting > 2 ? new Promise(() => undefined) : OK),
        wait: () => new Promise(() => undefined),
      },
      { limits: { closeMs: 50 } },
    );
    const [busy, deaf] = [await harness.connect(), await harness.connect()];
    busy.send({ action: "wait" });
    await harness.event("wait");
    deaf.socket.pause();
    const pending = harness.client();
    while ((await harness.event("$connect")) && connecting < 3);
    await harness.gateway.close();
    deaf.socket.resume();
    expect((await pending.closed).code).toBe(1006);
  });
});
