import { Meta } from "../../../../protocol/index.js";
import { connectionStatus } from "../../../../lambdas/aws/api-gateway/connection-status.js";
import { DEFAULT_SETTINGS } from "../../../../lambdas/settings.js";
import { agentOf, NOW, TestClock, TestConnections, TestLog } from "../../support/fakes.js";
import { MemoryStore } from "../../support/memory-store.js";
import { answersOf, frameEvent } from "../../support/events.js";

const setUp = (channel: typeof Meta.connect | typeof Meta.ping) => {
  const store = new MemoryStore();
  const log = new TestLog();
  const clock = new TestClock();
  const connections = new TestConnections(clock, store.calls);
  const handler = connectionStatus({ settings: DEFAULT_SETTINGS, store, clock, log }, connections, channel);
  return { store, log, connections, ask: (frame: unknown) => handler(frameEvent(frame, "c1", "route")) };
};

describe.each([
  [Meta.connect, "connect"],
  [Meta.ping, "ping"],
] as const)("a frame to %s", (channel, action) => {
  const frame = { action, channel, uuid: "u1" };

  test("gets the agent's id, the guard timeouts and the limits", async () => {
    const { store, connections, ask } = setUp(channel);
    await store.with(agentOf("c1"));
    const [answer, ...more] = answersOf(await ask(frame));
    expect(more).toEqual([]);
    expect(answer).toMatchObject({ channel, uuid: "u1", successful: true });
    expect(answer?.data).toMatchObject({
      agent: "uuid-of-c1",
      timeouts: { onConnectionRequest: 10_000, onSubscriptionRequest: 1_000, onPublicationRequest: 1_000 },
      limits: { frameBytes: 32_768 },
    });
    expect(connections.posts).toEqual([]);
    expect(connections.closed).toEqual([]);
  });

  test("is answered from the agent's row and writes nothing", async () => {
    const { store, ask } = setUp(channel);
    await store.with(agentOf("c1"));
    await ask(frame);
    await ask(frame);
    expect(store.calls).toEqual(["connectionRecord c1", "connectionRecord c1"]);
  });

  // So a live socket is never forgotten.
  test("of an unknown connection is answered unknown_agent, and the connection closes", async () => {
    const { connections, ask } = setUp(channel);
    expect(await ask(frame)).toEqual({ statusCode: 200 });
    expect(connections.received("c1")).toMatchObject([
      { channel, uuid: "u1", successful: false, code: "unknown_agent" },
    ]);
    expect(connections.closed).toEqual(["c1"]);
  });

  // The invocation fails, so that the deployment's alarm goes off.
  test("reports guards that could not be loaded, closes, and then fails", async () => {
    const { store, connections, ask } = setUp(channel);
    await store.putDenial("c1", NOW, { code: "guard_failed", reason: "Broken.", unloaded: true });
    await expect(ask(frame)).rejects.toThrow("guards_not_loaded");
    expect(connections.received("c1")).toMatchObject([{ uuid: "u1", code: "guard_failed", error: "Broken." }]);
    expect(connections.closed).toEqual(["c1"]);
  });

  // The reply is on /meta/connect, whatever the frame's channel is.
  test("of a denied connection gets the reason, and the connection closes", async () => {
    const { store, connections, ask } = setUp(channel);
    await store.putDenial("c1", NOW, { code: "guard_timeout", reason: "Too slow." });
    expect(await ask(frame)).toEqual({ statusCode: 200 });
    expect(connections.received("c1")).toEqual([
      { channel: "/meta/connect", uuid: "u1", successful: false, code: "guard_timeout", error: "Too slow." },
    ]);
    expect(connections.closed).toEqual(["c1"]);
  });

  // The reply has the frame's uuid if there is one.
  test("that is malformed gets an error reply, and the connection stays", async () => {
    const { store, connections, ask } = setUp(channel);
    await store.with(agentOf("c1"));
    expect(answersOf(await ask({ action, uuid: "u1" }))).toMatchObject([
      { channel: "/meta/error", uuid: "u1", code: "bad_frame" },
    ]);
    expect(answersOf(await ask({ action, channel }))).toMatchObject([{ channel: "/meta/error", code: "bad_frame" }]);
    expect(connections.closed).toEqual([]);
  });

  // The reply has the frame's uuid.
  test("that is malformed gets the denial if the connection has no agent", async () => {
    const { store, connections, ask } = setUp(channel);
    await ask({ action, uuid: "u1" });
    await store.putDenial("c1", NOW, { code: "denied", reason: "No." });
    await ask({ action, uuid: "u2" });
    await ask("hello");
    expect(connections.received("c1")).toMatchObject([
      { uuid: "u1", code: "unknown_agent" },
      { uuid: "u2", code: "denied" },
      { code: "denied" },
    ]);
  });

  // The connection stays.
  test("is answered unavailable if the row cannot be read", async () => {
    const { store, log, connections, ask } = setUp(channel);
    store.before.connectionRecord = () => {
      throw new Error("secret detail");
    };
    const result = await ask(frame);
    expect(answersOf(result)).toMatchObject([{ channel, uuid: "u1", code: "unavailable" }]);
    expect(JSON.stringify(result)).not.toContain("secret detail");
    expect(log.of("route_failed")).toHaveLength(1);
    expect(connections.closed).toEqual([]);
  });
});
