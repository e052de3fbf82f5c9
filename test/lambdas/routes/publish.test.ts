import type { FrameEvent, RouteResult } from "../../../lambdas/aws/api-gateway/route.js";
import { answersOf, frameEvent } from "../support/events.js";
import { agentOf } from "../support/fakes.js";
import { Deployed } from "../support/deployed.js";

/*
 * The function as it is deployed, with a real table and an `@connections` API on loopback.
 */

const deployed = new Deployed();
let handler: (event: FrameEvent) => Promise<RouteResult>;
/** Agents with the present time, because the function's clock is the real one. */
const agent = (connectionId: string) => agentOf(connectionId, { connectedAt: Date.now() - 60_000 });

beforeAll(async () => {
  await deployed.start({ wildcards: ["stories/*"] });
  ({ handler } = await import("../../../lambdas/routes/publish.js"));
  for (const [id, channel] of [
    ["c1", "stories/5"],
    ["c2", "stories/*"],
    ["c3", "other"],
  ] as const) {
    await deployed.table.table.putAgent(agent(id));
    await deployed.table.table.putSubscriptions(agent(id), [channel]);
  }
});
afterAll(() => deployed.stop());
beforeEach(() => {
  deployed.connections.received.length = 0;
  deployed.connections.answer = (_request, response) => response.end();
});

const message = (uuid: string, channel = "stories/5") => ({ channel, uuid, data: { text: "größe" } });
/** The same as its subscribers receive it. */
const delivered = (uuid: string) => ({ ...message(uuid), at: expect.any(Number) });

// The publisher's own copy comes with the reply.
test("publish reaches exact and wildcard subscribers, and replies on /meta/successful", async () => {
  const result = await handler(frameEvent({ action: "publish", ...message("m1") }));
  expect(answersOf(result)).toEqual([delivered("m1"), { channel: "/meta/successful", uuid: "m1", successful: true }]);
  expect(deployed.posted()).toEqual([["c2", delivered("m1")]]);
});

test("a frame of several messages arrives as one frame, in order", async () => {
  await handler(frameEvent({ action: "publish", messages: ["m1", "m2", "m3"].map((uuid) => message(uuid)) }));
  expect(deployed.posted().find(([id]) => id === "c2")?.[1]).toMatchObject([
    { uuid: "m1" },
    { uuid: "m2" },
    { uuid: "m3" },
  ]);
});

test("a malformed frame gets a /meta/error, and nothing is posted", async () => {
  const result = await handler(frameEvent({ action: "publish", channel: "stories/5", uuid: "m1" }));
  expect(answersOf(result)).toMatchObject([{ channel: "/meta/error", uuid: "m1", code: "bad_frame" }]);
  expect(deployed.posted()).toEqual([]);
});

test("a connection without an agent gets unknown_agent", async () => {
  const result = await handler(frameEvent({ action: "publish", ...message("m1") }, "stranger"));
  expect(answersOf(result)).toMatchObject([{ channel: "/meta/error", uuid: "m1", code: "unknown_agent" }]);
});

test("a gone subscriber is removed, and the publication succeeds", async () => {
  await deployed.table.table.putAgent(agent("gone"));
  await deployed.table.table.putSubscriptions(agent("gone"), ["stories/5", "other"]);
  deployed.connections.answer = ({ path }, response) => response.writeHead(path.includes("gone") ? 410 : 200).end("{}");
  const info = jest.spyOn(console, "info").mockImplementation(() => undefined);
  const result = await handler(frameEvent({ action: "publish", ...message("m1") }));
  expect(answersOf(result)).toMatchObject([message("m1"), { successful: true }]);
  expect(info).toHaveBeenCalledWith({ event: "fan_out", sent: 1, gone: 1, failed: 0, enqueued: 0, uuids: ["m1"] });
  info.mockRestore();
  expect(deployed.closed()).toEqual(["gone"]);
  expect(JSON.stringify(await deployed.table.rows())).not.toContain("gone");
});
