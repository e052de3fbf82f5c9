import { MAX_FRAME_BYTES } from "../../../protocol/index.js";
import { worstCaseMessage, numberPublications } from "../../../lambdas/publish/latest.js";
import { serverPublish } from "../../../lambdas/server-api/server-publish.js";
import { agentOf, messageOf, NOW } from "../support/fakes.js";
import { fanOutSystem, publishUnanswered as publish } from "../delivery/fan-out-system.js";

const channels = { "prices/*": { latest: true as const } };
const agent = agentOf("c1");
const systemOf = async (more: Parameters<typeof fanOutSystem>[0] = {}) => {
  const system = fanOutSystem({ channels, ...more });
  await system.store.with(agent, "prices/1", "prices/2", "other");
  return system;
};

const outgoing = (channel: string, data: unknown = "hello", uuid = "m1") => messageOf(channel, data as string, uuid);

describe("publications on channels that keep their last message", () => {
  test("have increasing offsets on the wire, unlike those of other channels", async () => {
    const system = await systemOf();
    await publish(system, agent, [
      outgoing("prices/1", "a"),
      outgoing("other", "b"),
      outgoing("prices/1", "c"),
      outgoing("prices/2", "d"),
    ]);
    expect(system.connections.received("c1")).toEqual([
      { ...outgoing("prices/1", "a"), at: NOW, offset: NOW + 1 },
      { ...outgoing("other", "b"), at: NOW },
      { ...outgoing("prices/1", "c"), at: NOW, offset: NOW + 2 },
      { ...outgoing("prices/2", "d"), at: NOW, offset: NOW + 1 },
    ]);
    expect(system.latest.kept.get("prices/1")?.data).toBe("c");
  });

  test("that are ephemeral have no offset and are not kept", async () => {
    const system = await systemOf();
    await publish(system, agent, [outgoing("prices/1", "a"), { ...outgoing("prices/1", "b", "m2"), ephemeral: true }]);
    expect(system.connections.received("c1")).toEqual([
      { ...outgoing("prices/1", "a"), at: NOW, offset: NOW + 1 },
      { ...outgoing("prices/1", "b", "m2"), at: NOW },
    ]);
    expect(system.latest.kept.get("prices/1")?.data).toBe("a");
  });

  // So a subscriber that is not read finds the message.
  test("are kept before subscribers are read", async () => {
    const system = await systemOf();
    await publish(system, agent, [outgoing("prices/1"), outgoing("prices/1"), outgoing("prices/2")]);
    expect(system.store.calls).toEqual([
      "keep prices/1",
      "keep prices/2",
      "subscribers prices/1",
      "subscribers prices/2",
    ]);
  });

  test("of the server API are kept, but not its messages to users", async () => {
    const system = {
      ...(await systemOf({ channels: { ...channels, "/meta/*": { latest: true } } })),
      newUuid: () => "u",
    };
    await serverPublish(system, [
      { channel: "prices/1", data: 1 },
      { userId: "ada", data: 2 },
    ]);
    expect([...system.latest.kept.keys()]).toEqual(["prices/1"]);
  });

  test("that are refused are not kept", async () => {
    const guards = { publication: async () => ({ permitted: false as const, code: "denied" as const, reason: "no" }) };
    const system = await systemOf({ guards });
    await publish(system, agent, [outgoing("prices/1")]);
    expect(system.latest.kept.size).toBe(0);
  });

  test("are too large if a frame does not fit their offset", async () => {
    const system = await systemOf();
    const room = MAX_FRAME_BYTES - JSON.stringify(worstCaseMessage(messageOf("prices/1", ""), { latest: true })).length;
    const [fits, exceeds] = [outgoing("prices/1", "x".repeat(room)), outgoing("prices/1", "x".repeat(room + 1))];
    expect(await publish(system, agent, [fits])).toMatchObject([{ successful: true }]);
    expect(Buffer.byteLength(system.connections.to("c1")[0] ?? "")).toBe(MAX_FRAME_BYTES);
    expect(await publish(system, agent, [exceeds])).toMatchObject([{ code: "too_large" }]);
    expect(await publish(system, agent, [{ ...exceeds, channel: "other" }])).toMatchObject([{ successful: true }]);
  });

  test("have no offset for delivery guards, but keep theirs when changed", async () => {
    const seen: unknown[] = [];
    const guards = {
      guardsDelivery: async () => true,
      delivery: async (_agent: unknown, message: ReturnType<typeof messageOf>) => {
        seen.push(message);
        return { ...message, data: "changed" };
      },
    };
    const system = await systemOf({ guards });
    await publish(system, agent, [outgoing("prices/1")]);
    expect(seen).toEqual([{ ...outgoing("prices/1"), at: NOW }]);
    expect(system.connections.received("c1")).toEqual([
      { ...outgoing("prices/1", "changed"), at: NOW, offset: NOW + 1 },
    ]);
  });
});

test("publications on other channels stay the same list, without any reads", async () => {
  const system = await systemOf();
  const publications = [{ message: outgoing("other") }];
  expect(await numberPublications(system, publications)).toBe(publications);
  expect(system.store.calls).toEqual([]);
});
