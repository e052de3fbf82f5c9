import { Agent, type IncomingMessage, request } from "node:http";
import aws4 from "aws4";
import { type Client, credentials, Harness, OK } from "./harness.js";

const SOCKETS = 300;
const POSTS = 3_000;
const IN_FLIGHT = 64;

/** Posts to every id in turn, with so many requests in flight over kept-alive sockets. */
const burst = (port: number, ids: string[], agent: Agent): Promise<Record<number, number>> =>
  new Promise((resolve, reject) => {
    const statuses: Record<number, number> = {};
    let [begun, ended] = [0, 0];
    const next = (): void => {
      if (begun === POSTS) return;
      const n = begun++;
      const path = `/prod/@connections/${encodeURIComponent(ids[n % ids.length] ?? "")}`;
      const options = { method: "POST", path, body: `${n}`, service: "execute-api", region: "eu-west-1" };
      const { headers } = aws4.sign({ ...options, host: `127.0.0.1:${port}` }, credentials);
      const outgoing = request({
        host: "127.0.0.1",
        port,
        method: "POST",
        path,
        agent,
        headers: { ...headers } as Record<string, string>,
      });
      outgoing.on("error", reject).on("response", (response: IncomingMessage) => {
        const status = response.statusCode ?? 0;
        statuses[status] = (statuses[status] ?? 0) + 1;
        response.resume().on("end", () => (++ended === POSTS ? resolve(statuses) : next()));
      });
      outgoing.end(options.body);
    };
    for (let i = 0; i < IN_FLIGHT; i++) next();
  });

describe("a burst", () => {
  it("reaches every socket, each with its own messages, none lost or doubled", async () => {
    const harness = await Harness.start({ $connect: () => OK }, { secretFor: () => credentials.secretAccessKey });
    const clients = new Map<string, Client>();
    for (let i = 0; i < SOCKETS; i++) {
      const { client, id } = await harness.connected();
      clients.set(id, client);
    }
    const ids = [...clients.keys()];
    const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
    expect(await burst(harness.gateway.port, ids, agent)).toEqual({ 200: POSTS });
    for (const [at, id] of ids.entries()) {
      const client = clients.get(id);
      const got: number[] = [];
      for (let i = 0; i < POSTS / SOCKETS; i++) got.push(Number(await client?.next()));
      expect(got.sort((a, b) => a - b)).toEqual(Array.from({ length: POSTS / SOCKETS }, (_, i) => at + i * SOCKETS));
    }
    agent.destroy();
    await harness.gateway.close();
  });
});
