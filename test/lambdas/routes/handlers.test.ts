import type { APIGatewayProxyResultV2 } from "aws-lambda";
import type { FrameEvent } from "../../../lambdas/aws/api-gateway/route.js";
import { answersOf, connectEvent, disconnectEvent, frameEvent } from "../support/events.js";
import { agentOf } from "../support/fakes.js";
import { Deployed } from "../support/deployed.js";

/*
 * One connection's life through the functions as they are deployed, each with its own environment's modules, on a real
 * table.
 */

const deployed = new Deployed();
type Handler = (event: FrameEvent) => Promise<APIGatewayProxyResultV2>;
const functions: Record<string, Handler> = {};
let sweep: (event: unknown, context: { getRemainingTimeInMillis(): number }) => Promise<void>;

beforeAll(async () => {
  await deployed.start({ wildcards: ["stories/*"] });
  for (const name of [
    "connect",
    "connect-status",
    "subscribe",
    "unsubscribe",
    "publish",
    "ping",
    "default",
    "disconnect",
  ]) {
    const { handler } = (await import(`../../../lambdas/routes/${name}`)) as { handler: Handler };
    functions[name] = handler;
  }
  ({ handler: sweep } = await import("../../../lambdas/workers/sweep.js"));
});
afterAll(() => deployed.stop());
beforeEach(() => void (deployed.connections.received.length = 0));
afterEach(() => jest.restoreAllMocks());

const run = async (name: string, event: FrameEvent): Promise<APIGatewayProxyResultV2> => {
  const handler = functions[name];
  if (!handler) throw new Error(`no function ${name}`);
  return handler(event);
};

const frames = {
  connect: { action: "connect", channel: "/meta/connect", uuid: "u1" },
  ping: { action: "ping", channel: "/meta/ping", uuid: "u2" },
  subscribe: {
    action: "subscribe",
    channel: "/meta/subscribe",
    uuid: "u3",
    data: { channels: ["stories/5", "stories/*"] },
  },
  unsubscribe: {
    action: "unsubscribe",
    channel: "/meta/unsubscribe",
    uuid: "u4",
    data: { channels: ["stories/5", "stories/*"] },
  },
  publish: { action: "publish", channel: "stories/5", uuid: "u5", data: "hello" },
};

const ask = async (name: keyof typeof frames, connection = "c1") =>
  answersOf(await run(name, frameEvent(frames[name], connection)));

test("an agent connects, subscribes, publishes, unsubscribes and leaves without leftover rows", async () => {
  const connectedAt = Date.now();
  expect(await run("connect", connectEvent("push-it.v1", "c1", connectedAt))).toMatchObject({ statusCode: 200 });
  const who = answersOf(await run("connect-status", frameEvent(frames.connect)));
  expect(who).toMatchObject([
    { channel: "/meta/connect", uuid: "u1", successful: true, data: { agent: expect.any(String) } },
  ]);
  expect(await ask("ping")).toMatchObject([
    { channel: "/meta/ping", uuid: "u2", successful: true, data: who[0]?.data },
  ]);
  expect(await ask("subscribe")).toMatchObject([{ successful: true }, { successful: true }]);
  // The reply carries the agent's own copy.
  expect(await ask("publish")).toMatchObject([
    { channel: "stories/5", uuid: "u5", data: "hello" },
    { channel: "/meta/successful", uuid: "u5" },
  ]);
  expect(deployed.posted()).toEqual([]);
  expect(await ask("unsubscribe")).toMatchObject([{ successful: true }, { successful: true }]);
  deployed.connections.received.length = 0;
  expect(await ask("publish")).toMatchObject([{ successful: true }]);
  expect(deployed.posted()).toEqual([]);
  await ask("subscribe");
  expect(await run("disconnect", disconnectEvent("c1", connectedAt))).toEqual({ statusCode: 200 });
  expect(await deployed.table.rows()).toEqual([]);
});

test("every route reports an unknown connection, and ping closes it", async () => {
  for (const name of ["subscribe", "unsubscribe", "publish"] as const) {
    expect(await ask(name, "stranger")).toMatchObject([{ channel: "/meta/error", code: "unknown_agent" }]);
  }
  expect(deployed.closed()).toEqual([]);
  expect(await run("ping", frameEvent(frames.ping, "stranger"))).toEqual({ statusCode: 200 });
  expect(deployed.posted()).toMatchObject([["stranger", { channel: "/meta/ping", uuid: "u2", code: "unknown_agent" }]]);
  expect(deployed.closed()).toEqual(["stranger"]);
});

test("every route reports a denial, connect closes, and $disconnect deletes it", async () => {
  const connectedAt = Date.now();
  await deployed.table.table.putDenial("c2", connectedAt, { code: "denied", reason: "Members only." });
  for (const name of ["subscribe", "publish"] as const) {
    expect(await ask(name, "c2")).toMatchObject([{ channel: "/meta/connect", code: "denied", error: "Members only." }]);
  }
  expect(answersOf(await run("default", frameEvent("hello", "c2")))).toMatchObject([{ code: "denied" }]);
  await run("connect-status", frameEvent(frames.connect, "c2"));
  expect(deployed.posted()).toMatchObject([["c2", { channel: "/meta/connect", uuid: "u1", code: "denied" }]]);
  expect(deployed.closed()).toEqual(["c2"]);
  await run("disconnect", disconnectEvent("c2", connectedAt));
  expect(await deployed.table.rows()).toEqual([]);
});

test("a frame without a route gets an error reply", async () => {
  await deployed.table.table.putAgent(agentOf("c3", { connectedAt: Date.now() }));
  expect(answersOf(await run("default", frameEvent({ action: "fly", uuid: "u9" }, "c3")))).toMatchObject([
    { uuid: "u9", code: "unknown_action" },
  ]);
  expect(answersOf(await run("default", frameEvent("hello", "c3")))).toMatchObject([{ code: "bad_frame" }]);
  await run("disconnect", disconnectEvent("c3", Date.now()));
});

test("a frame that chooses the route of $disconnect removes no agent", async () => {
  const live = agentOf("c4", { connectedAt: Date.now() });
  await deployed.table.table.putAgent(live);
  await run("disconnect", frameEvent({ action: "$disconnect" }, "c4", "$disconnect"));
  expect(await deployed.table.rows()).toHaveLength(2);
  await run("disconnect", disconnectEvent("c4", live.connectedAt));
  expect(await deployed.table.rows()).toEqual([]);
});

test("the sweep removes lost connections and logs their number", async () => {
  const info = jest.spyOn(console, "info").mockImplementation(() => undefined);
  const lost = agentOf("lost", { connectedAt: Date.now() - 3 * 60 * 60_000 });
  await deployed.table.table.putAgent(lost);
  await deployed.table.table.putSubscriptions(lost, ["stories/5"]);
  await deployed.table.table.putDenial("silent", Date.now() - 120_000, { code: "denied", reason: "No." });
  const live = agentOf("live", { connectedAt: Date.now() });
  await deployed.table.table.putAgent(live);
  await sweep({}, { getRemainingTimeInMillis: () => 28_000 });
  expect(deployed.closed().sort()).toEqual(["lost", "silent"]);
  expect(info).toHaveBeenCalledWith({ event: "swept", removed: 2, failed: 0 });
  const left = JSON.stringify(await deployed.table.rows());
  expect(left).not.toMatch(/lost|silent/);
  expect(left).toContain("live");
});
