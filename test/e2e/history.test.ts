import { type Reply, type Position, SESSION_PREFIX, SUBPROTOCOL, type Replay } from "../../protocol/index.js";
import { TestSystem } from "./support/system.js";
import type { Wire } from "./support/wire.js";

const SECRET = "s".repeat(22);
const CHANNELS = { "kept/*": { history: { size: 50 } }, "kept/*/typing": {}, "both/*": { history: {}, latest: true } };

const GUARDS = `
  export default {
    onConnectionRequest(agent) { agent.connected(); },
    onSubscriptionRequest(channel, agent) {
      if (channel.name.endsWith("secret")) agent.subscriptionDenied(channel, "Not you.");
      else agent.subscribe(channel);
    },
    async onPublicationRequest(channel, agent, message) {
      if (message.data === "count") {
        const { messages } = await agent.channel("kept/count").history({ limit: 3, reverse: true });
        const wrong = await agent.channel("plain").history().catch((error) => error.message);
        channel.publish(message);
        return agent.publicationSuccess(message, [messages.map(({ data }) => data), wrong]);
      }
      channel.publish(message);
      if (channel.name === "kept/two") agent.channel("kept/other").publish(message);
      agent.publicationSuccess(message);
    },
    channels: { "kept/guarded": { onMessageReceived(channel, agent, message) { if (message.data % 2) agent.deliver(channel, { ...message, data: { odd: message.data } }); } } },
  };
`;

const subscribe = (wire: Wire, channel: string, since?: Position): Promise<Reply> =>
  wire.request({ action: "subscribe", channel: "/meta/subscribe", data: { channel, ...(since && { since }) } });
const history = (wire: Wire, data: Record<string, unknown>): Promise<Reply> =>
  wire.request({ action: "history", channel: "/meta/history", data });
const replay = ({ data }: Reply): Replay & { historyCheckIntervalMs?: number } => data as unknown as Replay;
const told = (answer: Reply): unknown[] => (replay(answer).messages ?? []).map(({ data }) => data);

describe("a channel with history", () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start({ guards: GUARDS, props: { channels: CHANNELS } });
  });
  afterAll(() => system.close());

  it("numbers messages, reports their positions, and replays missed ones", async () => {
    const [publisher, subscriber] = await Promise.all([system.connect(), system.connect()]);
    const first = await subscribe(subscriber, "kept/1");
    const { position } = replay(first);
    expect(first.data).toEqual({
      channel: "kept/1",
      position: { epoch: position.epoch, offset: 0 },
      historyCheckIntervalMs: 420_000,
    });
    for (const data of [1, 2, 3]) {
      expect(await publisher.publish("kept/1", data)).toMatchObject({
        successful: true,
        position: { epoch: position.epoch, offset: data },
      });
    }
    await subscriber.message(3);
    expect(subscriber.messages("kept/1")).toMatchObject(
      [1, 2, 3].map((data) => ({ data, offset: data, epoch: position.epoch })),
    );
    await subscriber.close();
    for (const data of [4, 5]) await publisher.publish("kept/1", data);

    const again = await system.connect();
    const answer = await subscribe(again, "kept/1", { ...position, offset: 3 });
    expect(replay(answer)).toMatchObject({ recovered: true, position: { epoch: position.epoch, offset: 5 } });
    expect(told(answer)).toEqual([4, 5]);
    const lost = await subscribe(again, "kept/1", { epoch: "other", offset: 3 });
    expect(lost).toMatchObject({
      successful: true,
      data: { recovered: false, code: "epoch_changed", position: { offset: 5 } },
    });
    await publisher.publish("kept/1", 6);
    await again.message(6);
  });

  it("ignores the time and the publisher that a frame names", async () => {
    const wire = await system.connect();
    await subscribe(wire, "kept/time");
    const begun = Date.now();
    const forged = { at: 1, from: { connection: "another", userId: "ann" }, offset: 99, epoch: "mine" };
    await wire.request({ action: "publish", channel: "kept/time", data: "now", ...forged });
    const { at, offset, epoch, ...message } = await wire.message("now");
    expect(message).toEqual({ channel: "kept/time", uuid: expect.any(String), data: "now" });
    expect(at).toBeGreaterThanOrEqual(begun);
    expect(at).toBeLessThanOrEqual(Date.now());
    expect(offset).toBe(1);
    expect(epoch).not.toBe("mine");
    const { messages } = replay(await history(wire, { channel: "kept/time" }));
    expect(messages).toEqual([{ uuid: message.uuid, data: "now", at, offset }]);
  });

  it("delivers an ephemeral message without an offset, and keeps nothing of it", async () => {
    const wire = await system.connect();
    await subscribe(wire, "kept/room");
    const rows = (await system.rows()).length;
    const reply = await wire.request({ action: "publish", channel: "kept/room", data: "typing", ephemeral: true });
    expect(reply).toEqual({ channel: "/meta/successful", uuid: reply.uuid, successful: true });
    expect(await wire.message("typing")).toMatchObject({ channel: "kept/room", data: "typing" });
    expect(wire.messages("kept/room")[0]).not.toHaveProperty("offset");
    expect(await system.rows()).toHaveLength(rows);
    expect(told(await history(wire, { channel: "kept/room" }))).toEqual([]);
    const bad = await wire.request({ action: "publish", channel: "kept/room", data: 1, ephemeral: "yes" });
    expect(bad).toMatchObject({ successful: false, code: "bad_frame" });
  });

  it("has no history if a pattern with a middle segment decides so", async () => {
    const wire = await system.connect();
    expect((await subscribe(wire, "kept/5/typing")).data).toEqual({ channel: "kept/5/typing" });
    expect((await subscribe(wire, "kept/5/6/typing")).data).toHaveProperty("position");
    expect(await history(wire, { channel: "kept/5/typing" })).toMatchObject({ code: "no_history" });
  });

  it("stores a repetition of the same session once, and refuses other data", async () => {
    const protocols = [SUBPROTOCOL, SESSION_PREFIX + SECRET];
    const [listener, one] = [await system.connect(), await system.connect({ protocols })];
    await subscribe(listener, "kept/other");
    const { position } = await one.publish("kept/two", "x", { uuid: "same" });
    await one.close();
    const two = await system.connect({ protocols });
    expect(await two.publish("kept/two", "x", { uuid: "same" })).toMatchObject({ successful: true, position });
    const three = await system.connect({ protocols });
    expect(await three.publish("kept/two", "y", { uuid: "same" })).toMatchObject({
      successful: false,
      code: "uuid_reused",
    });
    const stranger = await system.connect();
    expect((await stranger.publish("kept/two", "z", { uuid: "same" })).position).toEqual({
      ...position,
      offset: position!.offset + 3,
    });
    for (const channel of ["kept/two", "kept/other"])
      expect(told(await history(listener, { channel }))).toEqual(["x", "z"]);
    const rows = await system.rows();
    expect(JSON.stringify(rows)).not.toContain(SECRET);
  });

  it("refuses a handshake whose session is none, or that has two", async () => {
    const offer = (...secrets: string[]) =>
      system.connect({ protocols: [SUBPROTOCOL, ...secrets.map((each) => SESSION_PREFIX + each)] });
    await expect(offer("short")).rejects.toThrow("refused: 400");
    await expect(offer(SECRET, `${SECRET.slice(1)}t`)).rejects.toThrow("refused: 400");
  });

  it("is read in pages, both ways, by agents that may subscribe", async () => {
    const wire = await system.connect();
    for (let data = 1; data <= 5; data += 1) await wire.publish("kept/pages", data);
    const first = await history(wire, { channel: "kept/pages", limit: 2 });
    expect([told(first), replay(first).more]).toEqual([[1, 2], true]);
    const rest = await history(wire, { channel: "kept/pages", since: replay(first).position });
    expect([told(rest), replay(rest).more, replay(rest).recovered]).toEqual([[3, 4, 5], undefined, true]);
    const last = await history(wire, { channel: "kept/pages", limit: 3, reverse: true });
    expect([told(last), replay(last).more]).toEqual([[5, 4, 3], true]);
    const before = await history(wire, { channel: "kept/pages", since: replay(last).position, reverse: true });
    expect([told(before), replay(before).more]).toEqual([[2, 1], undefined]);
    expect(await history(wire, { channel: "kept/secret" })).toMatchObject({
      successful: false,
      code: "denied",
      data: { channel: "kept/secret" },
    });
    expect(await history(wire, { channel: "plain" })).toMatchObject({ successful: false, code: "no_history" });
    expect(await history(wire, { channel: "kept/pages", limit: 101 })).toMatchObject({ code: "bad_frame" });
  });

  it("marks a withheld message for its recipient, also in replays", async () => {
    const [publisher, subscriber] = await Promise.all([system.connect(), system.connect()]);
    const { position } = replay(await subscribe(subscriber, "kept/guarded"));
    for (const data of [1, 2]) await publisher.publish("kept/guarded", data);
    await subscriber.until(() => subscriber.received.find(({ offset }) => offset === 2), "the notice");
    expect(subscriber.messages("kept/guarded")).toEqual([
      {
        channel: "kept/guarded",
        uuid: expect.any(String),
        data: { odd: 1 },
        at: expect.any(Number),
        offset: 1,
        epoch: position.epoch,
      },
      { channel: "kept/guarded", epoch: position.epoch, offset: 2 },
    ]);
    const answer = await history(subscriber, { channel: "kept/guarded" });
    expect([told(answer), replay(answer).position.offset]).toEqual([[{ odd: 1 }], 2]);

    await subscribe(publisher, "kept/echo");
    await publisher.publish("kept/echo", 1, { echo: false });
    expect(publisher.received).toContainEqual({ channel: "kept/echo", epoch: expect.any(String), offset: 1 });
  });

  it("is read by guards, which have no table of their own", async () => {
    const wire = await system.connect();
    for (let data = 1; data <= 4; data += 1) await wire.publish("kept/count", data);
    expect((await wire.publish("kept/count", "count")).data).toEqual([
      [4, 3, 2],
      "channel.history: History is not enabled on this channel.",
    ]);
  });

  it("has its last message in the reply of a channel with `latest`", async () => {
    const wire = await system.connect();
    await wire.publish("both/1", "a");
    await wire.publish("both/1", "b");
    expect((await subscribe(wire, "both/1")).data).toMatchObject({
      position: { offset: 2 },
      messages: [{ data: "b", offset: 2 }],
    });
  });

  it("is noticed by a ping to have gone on", async () => {
    const [wire, publisher] = await Promise.all([system.connect(), system.connect()]);
    const { position } = replay(await subscribe(wire, "kept/tail"));
    const ping = (positions: unknown) => wire.request({ action: "ping", channel: "/meta/ping", data: { positions } });
    expect((await ping({ "kept/tail": position })).data).not.toHaveProperty("laggingChannels");
    await publisher.publish("kept/tail", 1);
    await publisher.publish("kept/else", 1);
    expect((await ping({ "kept/tail": position, "kept/else": position })).data).toMatchObject({
      laggingChannels: ["kept/tail"],
    });
    expect(await ping({ "kept/tail": 1 })).toMatchObject({ successful: false, code: "bad_frame" });
  });
});
