import type { APIGatewayProxyResultV2 } from "aws-lambda";
import type { FrameEvent } from "../../lambdas/aws/route.js";
import { frameEvent } from "./aws/events.js";
import { agentOf } from "./core/fakes.js";
import { Deployed } from "./deployed.js";

const deployed = new Deployed();
let handler: (event: FrameEvent) => Promise<APIGatewayProxyResultV2>;
const agent = agentOf("c1", { connectedAt: Date.now() - 60_000 });

beforeAll(async () => {
  await deployed.start();
  ({ handler } = await import("../../lambdas/send.js"));
  await deployed.table.table.putAgent(agent);
  await deployed.table.table.putSubscriptions(agent, ["a"]);
});
afterAll(() => deployed.stop());
afterEach(() => jest.restoreAllMocks());

const message = { channel: "a", uuid: "m1", data: "hello" };

test("send publishes and has no answer", async () => {
  const warned = jest.spyOn(console, "warn").mockImplementation(() => undefined);
  expect(await handler(frameEvent({ action: "send", ...message }))).toEqual({ statusCode: 200 });
  expect(deployed.posted()).toEqual([["c1", message]]);
  expect(warned).not.toHaveBeenCalled();
});

test.each([
  ["a malformed message", { action: "send", channel: "a", uuid: "m1" }, "c1", "bad_frame"],
  ["what cannot be published on", { action: "send", ...message, channel: "/meta/x" }, "c1", "reserved_channel"],
  ["a stranger", { action: "send", ...message }, "stranger", "unknown_agent"],
])("send has no answer for %s either: the log has it", async (_, frame, connection, code) => {
  const warned = jest.spyOn(console, "warn").mockImplementation(() => undefined);
  expect(await handler(frameEvent(frame, connection))).toEqual({ statusCode: 200 });
  expect(warned.mock.calls).toEqual([[{ event: "send_failed", connection, failed: [{ uuid: "m1", code }] }]]);
});
