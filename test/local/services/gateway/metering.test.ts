import type { GatewayMeter } from "../../../../local/services/gateway/gateway.js";
import { credentials, Harness, OK } from "./harness.js";

const told: string[] = [];
const meter: GatewayMeter = {
  received: (bytes) => void told.push(`received ${bytes}`),
  sent: (frame) => void told.push(`sent ${frame.toString()}`),
  opened: () => void told.push("opened"),
  closed: () => void told.push("closed"),
  call: (accessKeyId) => {
    told.push(`call of ${accessKeyId}`);
    return () => void told.push("answered");
  },
};

let harness: Harness;
const start = async (options: Parameters<typeof Harness.start>[1] = {}) => {
  const routes = {
    $connect: () => OK,
    ask: { answers: true, run: () => ({ statusCode: 200, body: "answer" }) },
    hush: { answers: true, run: () => OK },
  };
  harness = await Harness.start(routes, { meter, ...options });
  return harness.connected();
};
beforeEach(() => (told.length = 0));
afterEach(() => harness.gateway.close());

/** Says something, and waits for what comes back. */
const ask = async (client: Awaited<ReturnType<typeof start>>["client"], text: string): Promise<string> => {
  client.socket.send(text);
  return client.next();
};

describe("the gateway meters", () => {
  it("messages and responses, also the empty response of a route", async () => {
    const { client } = await start();
    await ask(client, '{"action":"ask"}');
    await ask(client, '{"action":"hush"}');
    expect(told).toEqual(["opened", "received 16", "sent answer", "received 17", "sent "]);
  });

  it("a message without a route, and its error reply", async () => {
    const { client } = await start();
    const frame = await ask(client, "?");
    expect(told).toEqual(["opened", "received 1", `sent ${frame}`]);
  });

  it("delivered posts, and @connections calls in order of start and end", async () => {
    const { client, id } = await start();
    await harness.manage("POST", id, "hello");
    await client.next();
    await harness.manage("GET", id);
    await harness.manage("POST", "gone-for-good=", "hello");
    await harness.manage("DELETE", id);
    await client.closed;
    const call = `call of ${credentials.accessKeyId}`;
    expect(told.slice(1, 10)).toEqual([
      call,
      "sent hello",
      "answered",
      call,
      "answered",
      call,
      "answered",
      call,
      "answered",
    ]);
  });

  it("no post that its client does not get", async () => {
    const { client, id } = await start();
    expect((await harness.manage("POST", id, "x".repeat(33_000))).status).toBe(413);
    await client.closed;
    expect(told.filter((each) => each.startsWith("sent"))).toEqual([]);
  });

  it("connections that close", async () => {
    const { client } = await start();
    client.socket.close();
    await client.closed;
    expect(told).toEqual(["opened", "closed"]);
  });
});
