import type { FrameEvent, RouteResult } from "../../../lambdas/aws/api-gateway/route.js";
import { frameEvent } from "../support/events.js";
import { agentOf } from "../support/fakes.js";
import { Deployed } from "../support/deployed.js";

const deployed = new Deployed();
let handler: (event: FrameEvent) => Promise<RouteResult>;
const agent = agentOf("c1", { connectedAt: Date.now() - 60_000 });

beforeAll(async () => {
  await deployed.start();
  ({ handler } = await import("../../../lambdas/routes/send.js"));
  await deployed.table.table.putAgent(agent);
  await deployed.table.table.putSubscriptions(agent, ["a"]);
});
afterAll(() => deployed.stop());
afterEach(() => jest.restoreAllMocks());

const message = { channel: "a", uuid: "m1", data: "hello" };

test("send publishes without a reply", async () => {
  const warned = jest.spyOn(console, "warn").mockImplementation(() => undefined);
  expect(await handler(frameEvent({ action: "send", ...message }))).toEqual({ statusCode: 200 });
  expect(deployed.posted()).toEqual([["c1", { ...message, at: expect.any(Number) }]]);
  expect(warned).not.toHaveBeenCalled();
});

test.each([
  ["a malformed message", { action: "send", channel: "a", uuid: "m1" }, "c1", "bad_frame"],
  ["a reserved channel", { action: "send", ...message, channel: "/meta/x" }, "c1", "reserved_channel"],
  ["an unknown connection", { action: "send", ...message }, "stranger", "unknown_agent"],
])("send has no reply for %s either, and logs it", async (_, frame, connection, code) => {
  const info = jest.spyOn(console, "info").mockImplementation(() => undefined);
  expect(await handler(frameEvent(frame, connection))).toEqual({ statusCode: 200 });
  const who = { route: "publish", connection, ...(connection === "c1" && { agent: agent.uuid }) };
  expect(info.mock.calls).toEqual([[{ event: "refused", ...who, code, uuid: "m1" }]]);
});
