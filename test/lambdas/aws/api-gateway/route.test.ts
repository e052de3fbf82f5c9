import { MAX_FRAME_BYTES, Meta, type Reply } from "../../../../protocol/index.js";
import { AgentCache } from "../../../../lambdas/connection/agent-cache.js";
import { forChannel, failure, success } from "../../../../lambdas/requests/replies.js";
import { type Agent, EXPIRED } from "../../../../lambdas/connection/agent.js";
import { routeResult, route } from "../../../../lambdas/aws/api-gateway/route.js";
import { agentOf, NOW, TestClock, TestConnections, TestLog } from "../../support/fakes.js";
import { MemoryStore } from "../../support/memory-store.js";
import { answersOf, frameEvent } from "../../support/events.js";

const setUp = () => {
  const store = new MemoryStore();
  const log = new TestLog();
  const asked: Agent[] = [];
  const clock = new TestClock();
  const connections = new TestConnections(clock);
  const guards = { unloaded: () => false };
  const system = { directory: new AgentCache(store, clock), clock, connections, log, guards };
  const handler = route(system, (event, agent) => {
    asked.push(agent);
    if (event.body?.includes("explode")) throw new Error("secret detail");
    return Promise.resolve([success(Meta.successful, "u1", "done")]);
  });
  return { store, log, asked, clock, connections, guards, system, handler };
};

const frame = { action: "publish", channel: "a", uuid: "u1", data: 1 };

describe("a route", () => {
  // The frame cannot choose another agent.
  test("passes the connection's agent to its work and returns the replies", async () => {
    const { store, asked, handler } = setUp();
    await store.with(agentOf("c1", { credentials: { user: "Ada" } }));
    await store.with(agentOf("c2"));
    const result = await handler(frameEvent({ ...frame, agentId: "uuid-of-c2", connectionId: "c2" }));
    expect(answersOf(result)).toEqual([success(Meta.successful, "u1", "done")]);
    expect(asked).toMatchObject([{ uuid: "uuid-of-c1", connectionId: "c1", credentials: { user: "Ada" } }]);
  });

  test("shows guards the address of the present event", async () => {
    const { store, asked, handler } = setUp();
    await store.with(agentOf("c1", { sourceIp: "old", userAgent: "old" }));
    await handler(frameEvent(frame));
    expect(asked).toMatchObject([{ sourceIp: "198.51.100.1", userAgent: "Browser/1.0" }]);
  });
});

describe("an unknown connection", () => {
  test("gets unknown_agent, and nothing is done", async () => {
    const { asked, handler } = setUp();
    expect(answersOf(await handler(frameEvent(frame)))).toMatchObject([
      { channel: "/meta/error", uuid: "u1", successful: false, code: "unknown_agent" },
    ]);
    expect(asked).toEqual([]);
  });

  test("gets a reply for each message of its frame", async () => {
    const { handler } = setUp();
    const messages = [{ uuid: "m1" }, { uuid: "m2" }, "no message", { uuid: 7 }];
    const answers = answersOf(await handler(frameEvent({ action: "publish", messages })));
    expect(answers.map(({ uuid, code }) => [uuid, code])).toEqual([
      ["m1", "unknown_agent"],
      ["m2", "unknown_agent"],
      [undefined, "unknown_agent"],
      [undefined, "unknown_agent"],
    ]);
  });

  test.each([
    ["a body that is not a frame", "hello"],
    ["an empty list of messages", { messages: [] }],
    ["ten thousand messages", { messages: Array.from({ length: 10_000 }, () => 1) }],
  ])("gets one frame of at most 32 KB for %s", async (_, body) => {
    const { handler } = setUp();
    const result = await handler(frameEvent(body));
    expect(answersOf(result).length).toBeGreaterThan(0);
    expect(Buffer.byteLength(String((result as { body: string }).body))).toBeLessThanOrEqual(MAX_FRAME_BYTES);
  });
});

describe("a denied connection", () => {
  test("gets its denial on /meta/connect for every request, and nothing is done", async () => {
    const { store, asked, handler } = setUp();
    await store.putDenial("c1", NOW, { code: "denied", reason: "Members only." });
    for (const body of [frame, "hello", { action: "subscribe", uuid: "u1" }]) {
      expect(answersOf(await handler(frameEvent(body)))).toMatchObject([
        { channel: "/meta/connect", successful: false, code: "denied", error: "Members only." },
      ]);
    }
    expect(answersOf(await handler(frameEvent({ messages: [{ uuid: "m1" }, { uuid: "m2" }] })))).toMatchObject([
      { channel: "/meta/connect", uuid: "m1" },
      { channel: "/meta/connect", uuid: "m2" },
    ]);
    expect(asked).toEqual([]);
  });
});

describe("a failure", () => {
  test("of the work is answered unavailable for every uuid, without details", async () => {
    const { store, log, handler } = setUp();
    await store.with(agentOf("c1"));
    const messages = [{ uuid: "m1", data: "explode" }, { uuid: "m2" }];
    const result = await handler(frameEvent({ messages }));
    expect(answersOf(result)).toMatchObject([
      { channel: "/meta/error", uuid: "m1", successful: false, code: "unavailable" },
      { channel: "/meta/error", uuid: "m2", successful: false, code: "unavailable" },
    ]);
    expect(JSON.stringify(result)).not.toContain("secret detail");
    expect(log.of("route_failed")).toEqual([
      { route: "publish", connection: "c1", uuid: "m1", error: "Error: secret detail" },
    ]);
  });

  test("to read the agent is answered unavailable", async () => {
    const { store, asked, handler } = setUp();
    store.before.connectionRecord = () => {
      throw new Error("throttled");
    };
    expect(answersOf(await handler(frameEvent(frame)))).toMatchObject([{ uuid: "u1", code: "unavailable" }]);
    expect(asked).toEqual([]);
  });
});

test("routeResult puts replies into the body of a route response", () => {
  const answer = success(Meta.ping, "u1");
  expect(routeResult([answer])).toEqual({ statusCode: 200, body: JSON.stringify(answer) });
  expect(routeResult([answer, answer])).toEqual({ statusCode: 200, body: JSON.stringify([answer, answer]) });
});

describe("an expiring agent", () => {
  const expiring = agentOf("c1", { expiresAt: NOW + 10_000 });

  test("is not asked to renew before it expires", async () => {
    const { store, clock, handler } = setUp();
    await store.with(expiring);
    clock.advance(9_999);
    expect(answersOf(await handler(frameEvent(frame)))).toEqual([success(Meta.successful, "u1", "done")]);
  });

  test("is asked to renew with every reply, and still served", async () => {
    const { store, clock, handler } = setUp();
    await store.with(expiring);
    clock.advance(10_000);
    const ask = { channel: "/meta/refresh", successful: true };
    expect(answersOf(await handler(frameEvent(frame)))).toEqual([
      success(Meta.successful, "u1", "done"),
      { ...ask, data: { expiresInMs: 0 } },
    ]);
    clock.advance(1_500);
    expect(answersOf(await handler(frameEvent(frame)))).toContainEqual({ ...ask, data: { expiresInMs: -1_500 } });
  });

  test("is not asked any more once renewed, even if cached", async () => {
    const { store, clock, handler } = setUp();
    await store.with(expiring);
    await handler(frameEvent(frame));
    await store.renewAgent({ ...expiring, expiresAt: NOW + 500_000 }, expiring);
    clock.advance(10_000);
    expect(answersOf(await handler(frameEvent(frame)))).toEqual([success(Meta.successful, "u1", "done")]);
  });

  // Nothing is done for it.
  test('that was not renewed gets "expired" for each request, then closes', async () => {
    const { store, asked, connections, handler } = setUp();
    store.records.set("c1", { denial: EXPIRED });
    const messages = [{ uuid: "m1" }, { uuid: "m2" }];
    expect(await handler(frameEvent({ action: "publish", messages }))).toEqual({ statusCode: 200 });
    const told = { channel: "/meta/refresh", successful: false, code: "expired", error: EXPIRED.reason };
    expect(connections.received("c1")).toEqual([
      { ...told, uuid: "m1" },
      { ...told, uuid: "m2" },
    ]);
    expect(connections.closed).toEqual(["c1"]);
    expect(asked).toEqual([]);
  });

  test("that was not renewed closes even after an invalid frame", async () => {
    const { store, connections, handler } = setUp();
    store.records.set("c1", { denial: EXPIRED });
    await handler(frameEvent("garbage"));
    expect(connections.received("c1")).toMatchObject([{ channel: "/meta/refresh", code: "expired" }]);
    expect(connections.closed).toEqual(["c1"]);
  });
});

describe("a refusal", () => {
  const refusing = (...answers: Reply[]) => {
    const { store, log, connections, guards, system } = setUp();
    return { store, log, connections, guards, handler: route(system, () => Promise.resolve(answers)) };
  };

  test("is logged once per code, with uuids and channels, never the reason", async () => {
    const { store, log, handler } = refusing(
      success(Meta.successful, "m0"),
      failure(Meta.error, "m1", "rate_limited", "planted reason"),
      failure(Meta.error, "m2", "rate_limited"),
      forChannel("rooms/5", failure(Meta.subscribe, "m3", "denied", "planted reason")),
    );
    await store.with(agentOf("c1"));
    await handler(frameEvent(frame));
    const who = { route: "publish", connection: "c1", agent: "uuid-of-c1" };
    expect(log.entries).toEqual([
      { level: "info", event: "refused", fields: { ...who, code: "rate_limited", uuids: ["m1", "m2"] } },
      { level: "info", event: "refused", fields: { ...who, code: "denied", uuid: "m3", channel: "rooms/5" } },
    ]);
  });

  test("to a connection without an agent is logged once per frame", async () => {
    const { log, handler } = setUp();
    await handler(frameEvent({ action: "publish", messages: [{ uuid: "m1" }, { uuid: "m2" }] }));
    expect(log.entries).toEqual([
      {
        level: "info",
        event: "refused",
        fields: { route: "publish", connection: "c1", code: "unknown_agent", uuid: "m1" },
      },
    ]);
  });

  test("because guards are not loaded is posted, then the invocation fails", async () => {
    const answer = failure(Meta.error, "u1", "guard_failed");
    const { store, connections, guards, handler } = refusing(answer);
    await store.with(agentOf("c1"));
    guards.unloaded = () => true;
    await expect(handler(frameEvent(frame))).rejects.toThrow("guards_not_loaded");
    expect(connections.received("c1")).toEqual([answer]);
    // If the post fails, the connection gets its reply as usual.
    connections.post = () => Promise.resolve("busy");
    expect(answersOf(await handler(frameEvent(frame)))).toEqual([answer]);
  });
});
