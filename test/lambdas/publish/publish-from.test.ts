import { MAX_FRAME_BYTES } from "../../../protocol/index.js";
import { flush } from "../../../lambdas/linger/linger-flusher.js";
import { handleServerRequest } from "../../../lambdas/server-api/server-api.js";
import { agentOf, deliveredOf, messageOf, NOW } from "../support/fakes.js";
import { fanOutSystem, publishUnanswered } from "../delivery/fan-out-system.js";

const KEEP = { size: 100, seconds: 3_600 };
const CHANNELS = {
  "rooms/*": { from: true as const },
  "rooms/kept/*": { from: true as const, history: KEEP },
  "rooms/busy/*": { from: true as const, history: KEEP, lingerMs: 100 },
  "rooms/latest/*": { from: true as const, latest: true as const },
};
const ANN = agentOf("c1", { userId: "ann", info: { name: "Ann" } });
const FROM = { connection: ANN.uuid, userId: "ann", info: { name: "Ann" } };

const systemOf = async (more: Parameters<typeof fanOutSystem>[0] = {}) => {
  const system = { ...fanOutSystem({ channels: CHANNELS, ...more }), newUuid: () => "made" };
  const channels = ["rooms/5", "rooms/kept/5", "rooms/busy/5", "rooms/latest/5", "other"];
  await system.store.with(agentOf("c2"), ...channels);
  return system;
};

describe("a message says whose it is", () => {
  test("if its channel's options say so, and on no other channel", async () => {
    const system = await systemOf();
    await publishUnanswered(system, ANN, [messageOf("rooms/5"), messageOf("other")]);
    await publishUnanswered(system, agentOf("c3"), [messageOf("rooms/5", "hi", "m2")]);
    expect(system.connections.received("c2")).toEqual([
      { ...deliveredOf("rooms/5"), from: FROM },
      deliveredOf("other"),
      { ...deliveredOf("rooms/5", "hi", "m2"), from: { connection: agentOf("c3").uuid } },
    ]);
  });

  test("by the connection's agent, whatever a frame or guard names", async () => {
    const forged = { ...messageOf("rooms/5"), from: { connection: "another", userId: "bob" } };
    const publication = async () => ({ permitted: true as const, subscribe: [], publish: [forged] });
    for (const guards of [{}, { publication }]) {
      const system = await systemOf({ guards });
      await publishUnanswered(system, ANN, [forged]);
      expect(system.connections.received("c2")).toEqual([{ ...deliveredOf("rooms/5"), from: FROM }]);
    }
  });

  test("in histories, and in repetitions as in the first publication", async () => {
    const system = await systemOf();
    await publishUnanswered(system, { ...ANN, session: "s" }, [messageOf("rooms/kept/5")]);
    await publishUnanswered(system, { ...ANN, session: "s", uuid: "next" }, [messageOf("rooms/kept/5")]);
    expect(system.connections.received("c2")).toMatchObject([{ from: FROM }, { from: FROM }]);
    const response = await handleServerRequest(system, { version: 1, history: { channel: "rooms/kept/5" } });
    expect(response).toMatchObject({ history: { messages: [{ uuid: "m1", at: NOW, from: FROM }] } });
  });

  test("as the latest value, and after it has waited for its window", async () => {
    const system = await systemOf();
    await publishUnanswered(system, ANN, [messageOf("rooms/latest/5"), messageOf("rooms/busy/5")]);
    expect(system.latest.kept.get("rooms/latest/5")).toMatchObject({ from: FROM });
    await flush(system, system.tasks[0]!, () => 1_000_000);
    expect(system.connections.received("c2")).toMatchObject([{ from: FROM }, { from: FROM, offset: 1 }]);
  });

  test("not if the server API has published it", async () => {
    const system = await systemOf();
    await handleServerRequest(system, { version: 1, publish: [{ channel: "rooms/5", data: 1, from: FROM }] });
    expect(system.connections.received("c2")).toEqual([deliveredOf("rooms/5", 1, "made")]);
  });

  test("within the limit of its size", async () => {
    const system = await systemOf();
    const room = MAX_FRAME_BYTES - JSON.stringify({ ...deliveredOf("rooms/5", ""), from: FROM }).length;
    const of = (bytes: number) => [messageOf("rooms/5", "x".repeat(bytes))];
    expect(await publishUnanswered(system, ANN, of(room))).toMatchObject([{ successful: true }]);
    expect(await publishUnanswered(system, ANN, of(room + 1))).toMatchObject([{ code: "too_large" }]);
  });
});
