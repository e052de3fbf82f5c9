import type { FrameEvent, RouteResult } from "../../../lambdas/aws/api-gateway/route.js";
import { PINGS_WITH_CHANNELS } from "../../../lambdas/requests/request-rates.js";
import { frameEvent } from "../support/events.js";
import { agentOf } from "../support/fakes.js";
import { Deployed } from "../support/deployed.js";

const deployed = new Deployed();
let handler: (event: FrameEvent) => Promise<RouteResult>;
const agent = agentOf("c1", { connectedAt: Date.now() - 60_000 });

beforeAll(async () => {
  await deployed.start({
    channels: { "kept/*": { history: { size: 10, seconds: 60 } }, "rooms/*": { presence: true } },
  });
  ({ handler } = await import("../../../lambdas/routes/heartbeat.js"));
  await deployed.table.table.putAgent(agent);
});
afterAll(() => deployed.stop());
beforeEach(() => void (deployed.connections.received.length = 0));
afterEach(() => jest.restoreAllMocks());

const beat = async (data?: object, connection = "c1", more: object = {}): Promise<unknown[]> => {
  const frame = { action: "heartbeat", channel: "/meta/ping", uuid: "h1", ...(data && { data }), ...more };
  expect(await handler(frameEvent(frame, connection, "heartbeat"))).toEqual({ statusCode: 200 });
  return deployed.posted().map(([to, posted]) => (expect(to).toBe(connection), posted));
};

describe("a heartbeat", () => {
  it("gets no reply if there is no news", async () => {
    expect(await beat()).toEqual([]);
    expect(await beat({ positions: {}, presentChannels: [] })).toEqual([]);
    expect(deployed.closed()).toEqual([]);
  });

  it("gets the reply of a ping if the agent is absent somewhere", async () => {
    expect(await beat({ presentChannels: ["rooms/1"] })).toMatchObject([
      {
        channel: "/meta/ping",
        uuid: "h1",
        successful: true,
        data: { agent: agent.uuid, absentChannels: ["rooms/1"], heartbeats: true },
      },
    ]);
  });

  it("gets a reply in the last minute before the agent's renewal", async () => {
    for (const [connection, seconds, replies] of [
      ["soon", 50, 1],
      ["later", 70, 0],
    ] as const) {
      const expiresAt = Date.now() + seconds * 1_000;
      await deployed.table.table.putAgent(agentOf(connection, { connectedAt: Date.now(), expiresAt }));
      deployed.connections.received.length = 0;
      expect(await beat(undefined, connection)).toHaveLength(replies);
    }
  });

  it("gets the error of a bad frame", async () => {
    jest.spyOn(console, "info").mockImplementation(() => undefined);
    expect(await beat({ positions: null })).toMatchObject([{ channel: "/meta/ping", code: "bad_frame" }]);
    expect(await beat(undefined, "c1", { channel: "/meta/heartbeat" })).toMatchObject([
      {},
      { uuid: "h1", code: "bad_frame" },
    ]);
  });

  it("closes a connection without an agent, and says why", async () => {
    jest.spyOn(console, "info").mockImplementation(() => undefined);
    deployed.connections.received.length = 0;
    expect(await beat(undefined, "stranger")).toMatchObject([{ channel: "/meta/ping", code: "unknown_agent" }]);
    expect(deployed.closed()).toEqual(["stranger"]);
  });

  it("gets rate_limited if it names channels too often", async () => {
    jest.spyOn(console, "info").mockImplementation(() => undefined);
    const busy = agentOf("busy", { connectedAt: Date.now() });
    await deployed.table.table.putAgent(busy);
    for (let n = 0; n < PINGS_WITH_CHANNELS.burst + 5; n += 1)
      await beat({ positions: { "kept/1": { epoch: "e", offset: 1 } } }, "busy");
    const posted = deployed.posted().map(([, reply]) => (reply as { code?: string }).code);
    expect(posted).toContain("rate_limited");
  });

  it("names no other agent: fields of the frame do not count", async () => {
    expect(await beat({ agent: "x", connectionId: "stranger", userId: "ann" }, "c1", { agent: "x" })).toEqual([]);
    expect(deployed.closed()).toEqual([]);
  });
});
