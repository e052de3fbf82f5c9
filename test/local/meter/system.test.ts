import { ask, open, start, stopAll, writeFixture } from "../dev/support.js";

afterEach(stopAll);

/** Responds with a body if the request has one. */
const ECHO = `export const handler = async ({ body }) => ({ statusCode: 200, ...(body && { body: JSON.stringify({ echo: JSON.parse(body).text }) }) });`;

describe("a metered system", () => {
  test("counts messages in and out, connections and functions", async () => {
    const { system } = await start(writeFixture(ECHO), { meter: true });
    const meter = system.meter!;
    const socket = await open(system.websocketUrl);
    await ask(socket, { action: "ping", text: "a" });
    await meter.settled();
    const used = meter.snapshot();
    expect(used).toMatchObject({ messagesIn: 1, messagesOut: 1, invocations: 2, coldStarts: 1, deliveries: 0 });
    expect(used.connectionMinutes).toBeGreaterThan(0);
    expect(used.functions["Fn"]).toMatchObject({ invocations: 2, billedMs: expect.any(Number) });
    expect(meter.usd(used).total).toBeGreaterThan(2.6e-6);
    const told = (await (await fetch(new URL("_push-it/meter", system.consoleUrl))).json()) as object;
    expect(told).toMatchObject({ used: { messagesIn: 1, messagesOut: 1 }, usd: { total: expect.any(Number) } });
    expect(await (await fetch(new URL("_push-it/info", system.consoleUrl))).json()).toMatchObject({ metered: true });
    socket.close();
  });

  test("bills neither a throttled message nor its error reply", async () => {
    const limits = { account: { rate: 0.001, burst: 2 } };
    const { system } = await start(writeFixture(ECHO), { meter: true, limits });
    const socket = await open(system.websocketUrl);
    await ask(socket, { action: "ping", text: "a" });
    expect(await ask(socket, { action: "ping", text: "b" })).toMatchObject({ message: "Too Many Requests" });
    expect(system.meter!.snapshot()).toMatchObject({ messagesIn: 1, messagesOut: 1 });
    socket.close();
  });

  test("bills a post that reaches its client, and none that is refused", async () => {
    const source = `
      import { createRequire } from "node:module";
      const aws4 = createRequire(${JSON.stringify(__filename)})("aws4");
      export const handler = async (event) => {
        if (event.requestContext) return { statusCode: 200, body: JSON.stringify({ id: event.requestContext.connectionId }) };
        const url = new URL(process.env.AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI);
        const path = url.pathname + "/@connections/" + encodeURIComponent(event.id);
        const signed = aws4.sign({ service: "execute-api", host: url.host, path, method: event.method, body: event.body });
        const answer = await fetch(url.origin + path, { method: event.method, headers: signed.headers, body: event.body });
        return answer.status;
      };`;
    const { system } = await start(writeFixture(source), { meter: true });
    const socket = await open(system.websocketUrl);
    const { id } = (await ask(socket, { action: "ping" })) as { id: string };
    const call = async (event: object) => ((await system.invoke("Fn", event)) as { payload: unknown }).payload;
    const before = system.meter!.snapshot();
    const statuses = [
      await call({ method: "POST", id, body: JSON.stringify({ channel: "a", uuid: "1", data: 1 }) }),
      await call({ method: "POST", id: "gone-for-good=", body: "{}" }),
      await call({ method: "DELETE", id }),
    ];
    // The fixture's role may post, and no more.
    expect(statuses).toEqual([200, 410, 403]);
    await system.meter!.settled();
    const after = system.meter!.snapshot();
    expect(after.messagesOut - before.messagesOut).toBe(1);
    expect(after.deliveries - before.deliveries).toBe(1);
    expect(after.functions["Fn"]!.posts).toBe(3);
  });
});

test("a system that is not metered counts nothing, and says so", async () => {
  const { system } = await start(writeFixture(ECHO));
  expect(system.meter).toBeUndefined();
  expect((await fetch(new URL("_push-it/meter", system.consoleUrl))).status).toBe(404);
  expect(await (await fetch(new URL("_push-it/info", system.consoleUrl))).json()).toMatchObject({ metered: false });
});

test("quotas bound the account's new connections, unless limits say otherwise", async () => {
  const { system } = await start(writeFixture(ECHO), {
    quotas: "default",
    limits: { connects: { rate: 0.001, burst: 1 } },
  });
  const socket = await open(system.websocketUrl);
  await expect(open(system.websocketUrl)).rejects.toThrow("429");
  socket.close();
});
