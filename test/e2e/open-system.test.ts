import { Meta, SUBPROTOCOL } from "../../protocol/index.js";
import { TestSystem } from "./support/system.js";

/** The seed's behaviour where no guard is configured: everything is open. */
describe("a system without guards", () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start();
  });
  afterAll(() => system.close());

  it("connects everyone: open means connected", async () => {
    const agent = await system.connect();
    expect(agent.protocol).toBe(SUBPROTOCOL);
    const { successful, data } = await agent.request({ action: "connect", channel: Meta.connect });
    expect(successful).toBe(true);
    expect(data).toMatchObject({
      agent: expect.stringMatching(/^[\w-]{22}$/),
      timeouts: { onConnectionRequest: 10_000 },
    });
  });

  it("gives each agent an id of 22 characters that no other has", async () => {
    const [a, b] = await Promise.all([system.connect(), system.connect()]);
    const ids = await Promise.all([a, b].map(async (wire) => ((await wire.ping()).data as { agent: string }).agent));
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9A-Za-z_-]{22}$/);
  });

  it("echoes every message to all subscribers, the publisher among them", async () => {
    const [a, b, stranger] = await Promise.all([system.connect(), system.connect(), system.connect()]);
    await Promise.all([a.subscribe("stories/5"), b.subscribe("stories/5"), stranger.subscribe("stories/6")]);
    const answer = await a.publish("stories/5", { title: "Hello" }, { uuid: "m-1" });
    expect(answer).toEqual({ channel: "/meta/successful", uuid: "m-1", successful: true });
    const expected = { channel: "stories/5", uuid: "m-1", data: { title: "Hello" }, at: expect.any(Number) };
    expect(await a.message({ title: "Hello" })).toEqual(expected);
    expect(await b.message({ title: "Hello" })).toEqual(expected);
    await stranger.ping();
    expect(stranger.messages()).toEqual([]);
  });

  it("spares the publisher its own copy with echo: false", async () => {
    const [a, b] = await Promise.all([system.connect(), system.connect()]);
    await Promise.all([a.subscribe("echo/1"), b.subscribe("echo/1")]);
    await a.publish("echo/1", "once", { echo: false });
    await b.message("once");
    await a.ping();
    expect(a.messages()).toEqual([]);
  });

  it("treats subscribing twice as one subscription", async () => {
    const agent = await system.connect();
    await agent.subscribe("twice");
    expect((await agent.subscribe("twice")).successful).toBe(true);
    await agent.publish("twice", 1);
    await agent.ping();
    expect(agent.messages("twice")).toHaveLength(1);
  });

  it("leaves the other agent subscribed when one of two unsubscribes", async () => {
    const [a, b] = await Promise.all([system.connect(), system.connect()]);
    await Promise.all([a.subscribe("calendar"), b.subscribe("calendar")]);
    expect(await a.unsubscribe("calendar")).toMatchObject({
      channel: "/meta/unsubscribe",
      successful: true,
      data: { channel: "calendar" },
    });
    await b.publish("calendar", "still here");
    await b.message("still here");
    await a.ping();
    expect(a.messages()).toEqual([]);
  });

  it("answers several channels of one frame one by one, in one frame", async () => {
    const agent = await system.connect();
    agent.send({
      action: "subscribe",
      channel: Meta.subscribe,
      uuid: "many",
      data: { channels: ["a", "not a name", "b"] },
    });
    const answers = await agent.answers("many", 3);
    expect(agent.frames).toHaveLength(1);
    expect(answers.map(({ successful, code, data }) => [data, successful, code])).toEqual([
      [{ channel: "a" }, true, undefined],
      [{ channel: "b" }, true, undefined],
      [{ channel: "not a name" }, false, "bad_channel"],
    ]);
  });

  it("delivers several messages of one frame in its order, in one frame", async () => {
    const [publisher, subscriber] = await Promise.all([system.connect(), system.connect()]);
    await subscriber.subscribe("batch");
    const before = subscriber.frames.length;
    const messages = Array.from({ length: 25 }, (_, data) => ({ channel: "batch", uuid: `b-${data}`, data }));
    publisher.send({ action: "publish", messages });
    await subscriber.message(24);
    expect(subscriber.messages("batch").map(({ data }) => data)).toEqual(messages.map(({ data }) => data));
    expect(subscriber.frames.length - before).toBe(1);
    const answers = await Promise.all(messages.map(({ uuid }) => publisher.answers(uuid)));
    expect(answers.flat().every(({ successful }) => successful)).toBe(true);
  });

  it("publishes with send, and never answers it", async () => {
    const agent = await system.connect();
    await agent.subscribe("quiet");
    agent.send({ action: "send", channel: "quiet", uuid: "s-1", data: "shh" });
    agent.send({ action: "send", channel: "/meta/none", uuid: "s-2", data: "shh" });
    await agent.message("shh");
    await agent.ping();
    expect(
      agent.received.filter(({ uuid, channel }) => uuid?.startsWith("s-") && channel?.startsWith("/meta/")),
    ).toEqual([]);
    expect(agent.frames).not.toContain("");
  });

  it.each([
    ["is not JSON", "not json", "bad_frame"],
    ["is no object", "[1]", "bad_frame"],
    ["has no action", { uuid: "q" }, "bad_frame"],
    ["has an unknown action", { action: "fly", uuid: "q" }, "unknown_action"],
    ["has an action named like a method of objects", { action: "constructor", uuid: "q" }, "unknown_action"],
    ["is a connect frame without its channel", { action: "connect", uuid: "q" }, "bad_frame"],
    ["has no uuid", { action: "ping", channel: Meta.ping }, "bad_frame"],
    ["is a publication without data", { action: "publish", channel: "x", uuid: "q" }, "bad_frame"],
    ["is a publication without channel", { action: "publish", uuid: "q", data: 1 }, "bad_frame"],
    [
      "publishes on an unknown meta channel",
      { action: "publish", channel: "/meta/unknown", uuid: "q", data: 1 },
      "reserved_channel",
    ],
    ["publishes on a wildcard", { action: "publish", channel: "a/*", uuid: "q", data: 1 }, "wildcard"],
  ])("answers /meta/error, and goes on, when a frame %s", async (_name, frame, code) => {
    const agent = await system.connect();
    agent.send(frame);
    const answer = await agent.until(() => agent.received.find(({ channel }) => channel === Meta.error), "an error");
    expect(answer).toMatchObject({ channel: "/meta/error", successful: false, code, error: expect.any(String) });
    expect((await agent.ping()).successful).toBe(true);
  });

  it("says that a subscribe frame must have a data.channel", async () => {
    const agent = await system.connect();
    const answer = await agent.request({ action: "subscribe", channel: Meta.subscribe });
    expect(answer).toMatchObject({ channel: "/meta/subscribe", successful: false, code: "bad_frame" });
    expect(answer.error).toContain("data.channel");
  });

  it("refuses an oversized frame with too_many, and carries out nothing", async () => {
    const agent = await system.connect();
    await agent.subscribe("flood");
    const messages = Array.from({ length: 26 }, (_, at) => ({ channel: "flood", uuid: `f-${at}`, data: at }));
    agent.send({ action: "publish", messages });
    expect((await agent.answers("f-0"))[0]).toMatchObject({ code: "too_many" });
    await agent.ping();
    expect(agent.messages("flood")).toEqual([]);
    const channels = Array.from({ length: 26 }, (_, at) => `c/${at}`);
    expect(await agent.request({ action: "subscribe", channel: Meta.subscribe, data: { channels } })).toMatchObject({
      code: "too_many",
    });
  });

  it("takes the agent from the connection, whatever a frame says", async () => {
    const [a, b] = await Promise.all([system.connect(), system.connect()]);
    const { agent } = (await b.ping()).data as { agent: string };
    await a.request({ action: "subscribe", channel: Meta.subscribe, agentId: agent, agent, data: { channel: "mine" } });
    await b.publish("mine", "for a");
    await a.message("for a");
    await b.ping();
    expect(b.messages()).toEqual([]);
  });

  it.each([
    ["offers no version that the server knows", ["push-it.v9"]],
    ["offers no subprotocol", []],
    ["brings credentials that are no JSON", [SUBPROTOCOL, "push-it.credentials.bm90IGpzb24"]],
    [
      "brings credentials that are too large",
      [SUBPROTOCOL, `push-it.credentials.${Buffer.from(JSON.stringify("x".repeat(4095))).toString("base64url")}`],
    ],
  ])("refuses a handshake that %s with 400", async (_name, protocols) => {
    await expect(system.connect({ protocols })).rejects.toThrow("refused: 400");
  });

  it("knows wildcards only where they are enabled", async () => {
    const agent = await system.connect();
    expect(await agent.subscribe("stories/*")).toMatchObject({ successful: false, code: "wildcard" });
  });

  it("answers a publication of an agent that was removed with an error", async () => {
    const agent = await system.connect();
    await agent.subscribe("gone");
    await system.invokeRoute("$disconnect", {
      requestContext: { ...(await system.connectionOf(agent)), routeKey: "$disconnect", eventType: "DISCONNECT" },
    });
    expect(await agent.subscribe("elsewhere")).toMatchObject({ successful: false, code: "unknown_agent" });
    expect(await agent.ping()).toMatchObject({ channel: "/meta/ping", successful: false, code: "unknown_agent" });
    expect((await agent.ended()).code).toBe(1000);
  });
});
