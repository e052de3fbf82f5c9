import { MAX_FRAME_BYTES, type Message, type Position } from "../../../protocol/index.js";
import { flush } from "../../../lambdas/linger/linger-flusher.js";
import { REPLAY_BYTES } from "../../../lambdas/publish/message-size.js";
import { publish } from "../../../lambdas/publish/publish.js";
import { handleServerRequest } from "../../../lambdas/server-api/server-api.js";
import { agentOf, deliveredOf, messageOf, NOW } from "../support/fakes.js";
import { fanOutSystem, publishUnanswered } from "../delivery/fan-out-system.js";
import { busyAt } from "../history/history-fakes.js";

const CHANNEL = "kept/1";
const KEEP = { size: 100, seconds: 3_600 };
const agent = agentOf("c1");

const systemOf = async (more: Parameters<typeof fanOutSystem>[0] & { lingerMs?: number; latest?: true } = {}) => {
  const { lingerMs, latest } = more;
  const system = fanOutSystem({
    channels: { "kept/*": { history: KEEP, ...(lingerMs && { lingerMs }), ...(latest && { latest }) } },
    ...more,
  });
  await system.store.with(agent, CHANNEL);
  await system.store.with(agentOf("c2"), CHANNEL);
  return system;
};

const position = (system: Awaited<ReturnType<typeof systemOf>>, offset: number): Position => ({
  epoch: system.histories.heads_.get(CHANNEL)!.epoch,
  offset,
});

describe("a publication on a channel with history", () => {
  // Both the subscribers and the publisher get the position.
  test("is stored before subscribers are read, and its position is sent", async () => {
    const system = await systemOf({ latest: true });
    const [answer] = await publishUnanswered(system, agent, [messageOf(CHANNEL)]);
    const at = position(system, 1);
    expect(answer).toEqual({ channel: "/meta/successful", uuid: "m1", successful: true, position: at });
    expect(system.store.calls).toEqual(["reserveOffsets", "claim", "put", `subscribers ${CHANNEL}`]);
    expect(system.connections.received("c2")).toEqual([{ ...deliveredOf(CHANNEL), ...at }]);
  });

  test("has the time of its offset in deliveries, repetitions and replays", async () => {
    const system = await systemOf();
    await publishUnanswered(system, agent, [messageOf(CHANNEL)]);
    system.clock.advance(5_000);
    await publishUnanswered(system, agent, [messageOf(CHANNEL), messageOf(CHANNEL, 2, "m2")]);
    expect(system.connections.received("c2")).toMatchObject([
      { uuid: "m1", at: NOW },
      { uuid: "m1", at: NOW },
      { uuid: "m2", at: NOW + 5_000 },
    ]);
    const response = await handleServerRequest(system as never, { version: 1, history: { channel: CHANNEL } });
    expect(response).toMatchObject({ history: { messages: [{ at: NOW }, { at: NOW + 5_000 }] } });
  });

  test("is not stored and has no offset if it is ephemeral", async () => {
    const system = await systemOf({ latest: true });
    const [answer] = await publishUnanswered(system, agent, [{ ...messageOf(CHANNEL), ephemeral: true }]);
    expect(answer).toEqual({ channel: "/meta/successful", uuid: "m1", successful: true });
    expect(system.store.calls).toEqual([`subscribers ${CHANNEL}`]);
    expect(system.connections.received("c2")).toEqual([deliveredOf(CHANNEL)]);
  });

  test("is not stored if it is ephemeral in the server API", async () => {
    const system = { ...(await systemOf()), newUuid: () => "m1" };
    const publish = [{ channel: CHANNEL, data: "hello", ephemeral: true }];
    const response = await handleServerRequest(system, { version: 1, publish });
    expect(response).toEqual({ version: 1, results: [{ uuid: "m1", accepted: true }] });
    expect(system.connections.received("c2")).toEqual([deliveredOf(CHANNEL)]);
    expect(system.store.calls).not.toContain("reserveOffsets");
  });

  test("is gathered without an offset if it is ephemeral and lingers", async () => {
    const system = await systemOf({ lingerMs: 100 });
    await publishUnanswered(system, agent, [messageOf(CHANNEL), { ...messageOf(CHANNEL, 2, "m2"), ephemeral: true }]);
    await flush(system, system.tasks[0]!, () => 1_000_000);
    expect(system.connections.received("c2")).toEqual([
      { ...deliveredOf(CHANNEL), ...position(system, 1) },
      deliveredOf(CHANNEL, 2, "m2"),
    ]);
  });

  test("may be as large as a plain one if ephemeral", async () => {
    const system = await systemOf();
    const room = MAX_FRAME_BYTES - JSON.stringify(deliveredOf(CHANNEL, "")).length;
    const outgoing = (bytes: number) => [{ ...messageOf(CHANNEL, "x".repeat(bytes)), ephemeral: true }];
    expect(await publishUnanswered(system, agent, outgoing(room))).toMatchObject([{ successful: true }]);
    expect(await publishUnanswered(system, agent, outgoing(room + 1))).toMatchObject([{ code: "too_large" }]);
    expect(system.connections.received("c2")).toHaveLength(1);
  });

  test("on other channels is stored, although the requested message is ephemeral", async () => {
    const audit = { channel: "kept/audit", uuid: "m1", data: "copy" };
    const publication = async () => ({ permitted: true as const, subscribe: [], publish: [audit] });
    const system = await systemOf({ guards: { publication } });
    await publishUnanswered(system, agent, [{ ...messageOf(CHANNEL), ephemeral: true }]);
    expect(system.store.calls).toContain("reserveOffsets");
  });

  // The offset comes with the reply, or from a worker.
  test("without echo sends its publisher only the offset", async () => {
    const system = await systemOf();
    const { messages } = await publish(system, agent, [{ ...messageOf(CHANNEL), echo: false }], { answered: true });
    expect(messages.map(({ json }) => JSON.parse(json) as unknown)).toEqual([
      { channel: CHANNEL, ...position(system, 1) },
    ]);
    system.connections.scripts.set("c1", ["busy"]);
    await publishUnanswered(system, agent, [{ ...messageOf(CHANNEL, 2, "m2"), echo: false }]);
    expect(system.segments.sent.flatMap(({ segment }) => segment.publications)).toMatchObject([
      { withheld: true, ...position(system, 2) },
    ]);
  });

  // This also happens to a message that has become too large. The guard does not run for a publisher without echo.
  test("that a guard drops sends its recipient the offset", async () => {
    const asked: string[] = [];
    const system = await systemOf({
      guards: {
        guardsDelivery: async () => true,
        delivery: async ({ connectionId }, message): Promise<Message | undefined> => {
          asked.push(connectionId);
          return message.uuid === "no" ? undefined : { ...message, data: "x".repeat(MAX_FRAME_BYTES) };
        },
      },
    });
    await publishUnanswered(system, agent, [
      { ...messageOf(CHANNEL, 1, "no"), echo: false },
      { ...messageOf(CHANNEL, 1, "large"), echo: false },
    ]);
    for (const id of ["c1", "c2"]) {
      expect(system.connections.received(id)).toEqual(
        [1, 2].map((offset) => ({ channel: CHANNEL, ...position(system, offset) })),
      );
    }
    expect(new Set(asked)).toEqual(new Set(["c2"]));
  });

  test("is refused if it does not fit a replay", async () => {
    const system = await systemOf();
    const room = MAX_FRAME_BYTES - REPLAY_BYTES;
    const [large, fits] = await publishUnanswered(system, agent, [
      messageOf(CHANNEL, "x".repeat(room), "a"),
      messageOf(CHANNEL, "x".repeat(room - 200), "b"),
    ]);
    expect([large?.code, fits?.successful]).toEqual(["too_large", true]);
  });

  test("is refused if the channel is busy, unlike its neighbours", async () => {
    const system = await systemOf();
    system.histories.before = busyAt("reserveOffsets");
    const answers = await publishUnanswered(system, agent, [messageOf(CHANNEL), messageOf("plain", 2, "m2")]);
    expect(answers).toMatchObject([
      { channel: "/meta/error", uuid: "m1", code: "channel_busy" },
      { successful: true, uuid: "m2" },
    ]);
    expect(system.store.calls).toContain("subscribers plain");
    expect(system.store.calls).not.toContain(`subscribers ${CHANNEL}`);
  });

  test("lingers with its position in the history", async () => {
    const system = await systemOf({ lingerMs: 250, latest: true });
    await publishUnanswered(system, agent, [messageOf(CHANNEL), messageOf(CHANNEL, 2, "m2")]);
    expect(system.store.calls.slice(0, 6)).toEqual(["reserveOffsets", "claim", "claim", "put", "put", "append"]);
    await flush(system, system.tasks[0]!, () => 300_000);
    expect(system.connections.received("c2")).toMatchObject([1, 2].map((offset) => position(system, offset)));
    expect(system.latest.kept.size).toBe(0);
  });
});

describe("the server API", () => {
  const serving = async () => {
    const system = await systemOf();
    let last = 0;
    return { ...system, newUuid: () => `made${(last += 1)}` };
  };
  const of = (channel: string, uuid?: string, data = 1) => ({ channel, data, ...(uuid && { uuid }) });

  // Each entry has its own result.
  test("is one publisher, whose repetitions are stored once", async () => {
    const system = await serving();
    const request = { version: 1, publish: [of("bad channel"), of(CHANNEL, "m1"), of("plain"), of(CHANNEL)] };
    const first = await handleServerRequest(system, request);
    expect(first).toMatchObject({
      results: [
        { code: "bad_channel" },
        { accepted: true, position: { offset: 1 } },
        { uuid: "made2" },
        { position: { offset: 2 } },
      ],
    });
    expect(await handleServerRequest(system, { version: 1, publish: [of(CHANNEL, "m1")] })).toMatchObject({
      results: [{ accepted: true, position: { offset: 1 } }],
    });
    expect(await handleServerRequest(system, { version: 1, publish: [of(CHANNEL, "m1", 2)] })).toMatchObject({
      results: [{ accepted: false, code: "uuid_reused", uuid: "m1" }],
    });
    expect(system.histories.listOffsets(CHANNEL).filter((each) => !each.endsWith("-"))).toEqual(["1:m1", "2:made3"]);
  });

  test("reads histories without a guard", async () => {
    const system = await serving();
    await handleServerRequest(system, { version: 1, publish: [of(CHANNEL, "m1"), of(CHANNEL, "m2")] });
    const read = (history: unknown) => handleServerRequest(system, { version: 1, history });
    const { epoch } = position(system, 0);
    expect(await read({ channel: CHANNEL })).toEqual({
      version: 1,
      history: {
        channel: CHANNEL,
        position: { epoch, offset: 2 },
        messages: [
          { uuid: "m1", data: 1, at: NOW, offset: 1 },
          { uuid: "m2", data: 1, at: NOW, offset: 2 },
        ],
      },
    });
    expect(await read({ channel: CHANNEL, since: { epoch, offset: 1 } })).toMatchObject({
      history: { recovered: true, messages: [{ uuid: "m2" }] },
    });
    expect(await read({ channel: CHANNEL, reverse: true, limit: 1 })).toMatchObject({
      history: { more: true, messages: [{ uuid: "m2" }] },
    });
    expect(await read({ channel: CHANNEL, since: { epoch: "other", offset: 1 } })).toMatchObject({
      history: { recovered: false, code: "epoch_changed" },
    });
    expect(await read({ channel: "plain" })).toMatchObject({ code: "no_history" });
    for (const wrong of [
      {},
      1,
      { channel: CHANNEL, limit: 0 },
      { channel: CHANNEL, since: 1 },
      { channel: CHANNEL, reverse: 1 },
    ]) {
      expect(await read(wrong)).toMatchObject({ code: "bad_request" });
    }
  });
});
