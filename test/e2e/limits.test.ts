import WebSocket from "ws";
import { PushIt, type StateChange } from "push-it-client";
import { Meta, SESSION_PREFIX, SUBPROTOCOL } from "../../protocol/index.js";
import { codes, entry, LimitedSystem, LIMITS, publishAll, subscribeTo } from "./support/limits.js";
import type { TestSystem } from "./support/system.js";

describe("limits, each lowered", () => {
  let system: TestSystem;
  let limited: LimitedSystem;
  beforeAll(async () => {
    limited = await LimitedSystem.start();
    system = limited.system;
  });
  afterAll(() => system.close());

  it("are in the reply to a ping", async () => {
    const wire = await system.connect();
    expect((await wire.ping()).data).toMatchObject({ limits: { ...LIMITS, frameBytes: 32_768 } });
  });

  it("channelsPerFrame: more are too_many, and none of them is subscribed to", async () => {
    const wire = await system.connect();
    expect(codes(await limited.unchanged(() => subscribeTo(wire, ["a", "b", "c"], 1)))).toEqual(["too_many"]);
    expect(codes(await subscribeTo(wire, ["a", "b"]))).toEqual([undefined, undefined]);
    const uuid = wire.uuid();
    wire.send({ action: "unsubscribe", channel: Meta.unsubscribe, uuid, data: { channels: ["a", "b", "c"] } });
    expect(codes(await limited.unchanged(() => wire.answers(uuid)))).toEqual(["too_many"]);
  });

  it("messagesPerFrame: refuses each message of a larger frame with too_many", async () => {
    const wire = await system.connect();
    await wire.subscribe("many");
    const messages = Array.from({ length: 5 }, (_, data) => ({ channel: "many", data }));
    expect(codes(await limited.unchanged(() => publishAll(wire, messages)))).toEqual(
      Array.from({ length: 5 }, () => "too_many"),
    );
    expect(codes(await publishAll(wire, messages.slice(3)))).toEqual([undefined, undefined]);
    expect(wire.messages("many").map(({ data }) => data)).toEqual([3, 4]);
  });

  it("messageBytes: refuses larger messages of a client or guard with too_large", async () => {
    const wire = await system.connect();
    await subscribeTo(wire, ["sizes", "grow"]);
    const sent = await limited.unchanged(() =>
      publishAll(wire, [
        { channel: "sizes", data: "x".repeat(300) },
        { channel: "grow", data: 1 },
      ]),
    );
    expect(codes(sent)).toEqual(["too_large", "too_large"]);
    const other = await system.connect();
    await other.publish("sizes", "ok");
    await wire.message("ok");
    expect(wire.messages()).toHaveLength(1);
  });

  it("messageBytes: withholds and logs a message that a delivery guard makes larger", async () => {
    const wire = await system.connect();
    await wire.subscribe("louder");
    expect(
      codes(
        await publishAll(wire, [
          { channel: "louder", data: "big" },
          { channel: "louder", data: "small" },
        ]),
      ),
    ).toEqual([undefined, undefined]);
    await wire.message("small");
    expect(wire.messages()).toHaveLength(1);
    await limited.log("delivery_too_large");
  });

  it.each(["thirteen-char", "a_b", "a.b"])("channelLength, channelPunctuation: %s is a bad_channel", async (name) => {
    const wire = await system.connect();
    const answers = await limited.unchanged(async () => [
      await wire.subscribe(name),
      await wire.unsubscribe(name),
      await wire.publish(name, 1),
    ]);
    expect(codes(answers)).toEqual(["bad_channel", "bad_channel", "bad_channel"]);
    expect(await wire.subscribe("twelve-chars")).toMatchObject({ successful: true });
  });

  it("channelLength: fails a guard that names a longer channel", async () => {
    const wire = await system.connect();
    expect(await limited.unchanged(() => wire.subscribe("long"))).toMatchObject({
      successful: false,
      code: "guard_failed",
    });
  });

  it("publicationsPerSecond: refuses each further message without asking a guard", async () => {
    const [publisher, listener] = await Promise.all([system.connect(), system.connect()]);
    await listener.subscribe("rate");
    const answers = await limited.unchanged(() =>
      publishAll(
        publisher,
        [1, 2, 3, 4].map((data) => ({ channel: "rate", data })),
      ),
    );
    expect(codes(answers)).toEqual([undefined, undefined, "rate_limited", "rate_limited"]);
    await listener.message(2);
    expect(listener.messages().map(({ data }) => data)).toEqual([1, 2]);
    const other = await system.connect();
    await other.publish("rate", "another agent's", { uuid: "others" });
    await limited.log("asked others.");
    for (const { uuid = "", code } of answers)
      expect([uuid, limited.logged(`asked ${uuid}.`)]).toEqual([uuid, code ? 0 : 1]);
    await listener.message("another agent's");
  });

  it("publicationsPerSecond: so are messages that are sent without an answer", async () => {
    const [publisher, listener] = await Promise.all([system.connect(), system.connect()]);
    await listener.subscribe("sent");
    publisher.send({
      action: "send",
      messages: [1, 2, 3].map((data) => ({ channel: "sent", data, uuid: `s${data}` })),
    });
    await listener.message(2);
    await limited.log('"code":"rate_limited","uuid":"s3"');
    expect(listener.messages().map(({ data }) => data)).toEqual([1, 2]);
  });

  describe("subscriptionsPerAgent", () => {
    it("refuses one more until the agent unsubscribes, but not a repetition", async () => {
      const wire = await system.connect();
      await subscribeTo(wire, ["a", "b"]);
      await wire.subscribe("c");
      expect(await limited.unchanged(() => wire.subscribe("d"))).toMatchObject({
        code: "too_many_subscriptions",
        data: { channel: "d" },
      });
      expect(await limited.unchanged(() => wire.subscribe("c"))).toMatchObject({ successful: true });
      await wire.unsubscribe("a");
      expect(await wire.subscribe("d")).toMatchObject({ successful: true });
      expect(await limited.subscriptionsOf(wire)).toEqual(["b", "c", "d"]);
    });

    it("carries out all subscriptions of one guard or none", async () => {
      const wire = await system.connect();
      await subscribeTo(wire, ["a", "b"]);
      const answers = await subscribeTo(wire, ["pair", "c"]);
      expect(
        Object.fromEntries(answers.map(({ data, code }) => [(data as { channel: string }).channel, code])),
      ).toEqual({
        pair: "too_many_subscriptions",
        c: undefined,
      });
      expect(await limited.subscriptionsOf(wire)).toEqual(["a", "b", "c"]);
    });

    it("never more, also when many frames come at once", async () => {
      const wire = await system.connect();
      const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => wire.subscribe(`at-once-${at}`)));
      const granted = answers
        .filter(({ successful }) => successful)
        .map(({ data }) => (data as { channel: string }).channel);
      expect(granted.length).toBeLessThanOrEqual(3);
      expect(await limited.subscriptionsOf(wire)).toEqual(granted.sort());
      expect(new Set(codes(answers.filter(({ successful }) => !successful)))).toEqual(
        new Set(["too_many_subscriptions"]),
      );
    });

    it("prevents the connection if its guard subscribes to more, without onDisconnect", async () => {
      expect(await limited.unchanged(() => limited.refused([SUBPROTOCOL, entry({ greedy: 1 })]))).toBe("refused: 403");
      expect(await limited.denialOf({ credentials: { greedy: 1 } })).toMatchObject({ code: "too_many_subscriptions" });
      expect(limited.logged("left 1.")).toBe(0);
    });

    it("refuses the message of a publication guard that subscribes to more", async () => {
      const [wire, listener] = await Promise.all([system.connect(), system.connect()]);
      await subscribeTo(listener, ["join", "a"]);
      expect(await limited.unchanged(() => wire.publish("join", "first"))).toMatchObject({
        successful: false,
        code: "too_many_subscriptions",
      });
      await wire.publish("a", "second");
      await listener.message("second");
      expect(listener.messages()).toHaveLength(1);
    });
  });

  describe("agentsPerUser", () => {
    it("refuses one more without a trace, until one has left", async () => {
      const ann = { credentials: { user: "ann" } };
      const first = await system.connect(ann);
      await system.connect(ann);
      expect(await limited.unchanged(() => limited.refused([SUBPROTOCOL, entry({ user: "ann" })]))).toBe(
        "refused: 403",
      );
      expect(await limited.denialOf(ann)).toMatchObject({ code: "too_many_agents" });
      const { connectionId } = await system.connectionOf(first);
      await first.close();
      await system.disconnected(connectionId);
      await limited.log("left ann.");
      expect(limited.logged("left ann.")).toBe(1);
      expect((await system.connect(ann)).protocol).toBe(SUBPROTOCOL);
    });

    it("counts two connections of one session once, and refuses a third", async () => {
      const offered = (letter: string) => [SUBPROTOCOL, SESSION_PREFIX + letter.repeat(22), entry({ user: "fay" })];
      for (const letter of ["a", "b", "a", "b"])
        expect((await system.connect({ protocols: offered(letter) })).protocol).toBe(SUBPROTOCOL);
      for (const letter of ["a", "b", "c"])
        expect(await limited.unchanged(() => limited.refused(offered(letter)))).toBe("refused: 403");
    });

    it("never more than allowed, also when ten come at once", async () => {
      const offered = [SUBPROTOCOL, entry({ user: "bob" })];
      const outcomes = await Promise.allSettled(
        Array.from({ length: 10 }, () => system.connect({ protocols: offered })),
      );
      const opened = outcomes.filter(({ status }) => status === "fulfilled").length;
      expect(opened).toBeLessThanOrEqual(LIMITS.agentsPerUser);
      const mine = (await system.rows()).filter(({ pk }) => pk === `c#${Meta.user}/bob`);
      expect(mine).toHaveLength(opened);
      expect((await system.rows()).filter(({ n }) => n === "bob")).toHaveLength(opened);
    });
  });

  it("credentialsBytes: refuses more before the guard, with a reason for the SDK", async () => {
    const credentials = { user: "eve", more: "x".repeat(20) };
    expect(await limited.unchanged(() => limited.refused([SUBPROTOCOL, entry(credentials)]))).toBe("refused: 400");
    expect(await limited.unchanged(() => limited.denialOf({ credentials }))).toMatchObject({
      successful: false,
      code: "credentials_too_large",
    });
    const before = limited.disconnects();
    const pushIt = new PushIt({ url: system.running.websocketUrl, WebSocket, credentials });
    const denied = new Promise<StateChange>((resolve) =>
      pushIt.on("state", (change) => change.previous === "connecting" && resolve(change)),
    );
    const { state, code, retryIn } = await denied;
    pushIt.disconnect();
    await system.invoked(() => limited.disconnects() > before, "$disconnect of the SDK's denied socket");
    expect({ state, code, retryIn }).toEqual({ state: "denied", code: "credentials_too_large", retryIn: undefined });
    expect((await system.connect({ credentials: { user: "dan", more: "x".repeat(13) } })).protocol).toBe(SUBPROTOCOL);
    await limited.log("asked dan.");
    expect(limited.logged("asked eve.")).toBe(0);
  });

  it("allowedOrigins: refuses only pages of other origins, before the guard", async () => {
    const evil = { Origin: "https://evil.example" };
    const credentials = { user: "mallory" };
    expect(await limited.unchanged(() => limited.refused([SUBPROTOCOL, entry(credentials)], evil))).toBe(
      "refused: 403",
    );
    expect(await limited.denialOf({ credentials, headers: evil })).toMatchObject({
      successful: false,
      code: "bad_origin",
    });
    expect((await system.connect({ headers: { Origin: "https://example.com" } })).protocol).toBe(SUBPROTOCOL);
    expect((await system.connect({ credentials: { user: "carol" } })).protocol).toBe(SUBPROTOCOL);
    await limited.log("asked carol.");
    expect(limited.logged("asked mallory.")).toBe(0);
  });
});
