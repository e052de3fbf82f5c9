import { serverPublish } from "../../../lambdas/server-api/server-publish.js";
import { agentOf, NOW } from "../support/fakes.js";
import { fanOutSystem } from "../delivery/fan-out-system.js";

const setUp = async (options: Parameters<typeof fanOutSystem>[0] = {}, messageBytes = 32_768) => {
  const system = fanOutSystem({ ...options, limits: { messageBytes } });
  await system.store.with(agentOf("c1"), "stories/5", "/meta/user/ann");
  await system.store.with(agentOf("c2"), "stories/*");
  let made = 0;
  return { ...system, newUuid: () => `made${(made += 1)}` };
};

test("messages reach subscribers and users, in order, without publication guards", async () => {
  const system = await setUp({
    wildcards: ["stories/*"],
    guards: { publication: () => Promise.reject(new Error("There is no agent to decide about.")) },
  });
  const results = await serverPublish(system, [
    { channel: "stories/5", data: 1, uuid: "m1" },
    { userId: "ann", data: 2 },
    { userId: "nobody", data: 3, uuid: "m3" },
    { channel: "stories/5", data: 4, uuid: "m4" },
  ]);
  expect(results).toEqual(["m1", "made1", "m3", "m4"].map((uuid) => ({ uuid, accepted: true })));
  const [first, last] = [1, 4].map((data) => ({ channel: "stories/5", uuid: `m${data}`, data, at: NOW }));
  const toUser = { channel: "/meta/user", uuid: "made1", data: 2, at: NOW };
  expect(system.connections.received("c1")).toEqual([first, toUser, last]);
  expect(system.connections.received("c2")).toEqual([first, last]);
});

test("a connection can be excluded", async () => {
  const system = await setUp({ wildcards: ["stories/*"] });
  await serverPublish(system, [
    { channel: "stories/5", data: 1, excludeConnectionId: "c1" },
    { userId: "ann", data: 2, excludeConnectionId: "c1" },
  ]);
  expect(system.connections.to("c1")).toEqual([]);
  expect(system.connections.received("c2")).toMatchObject([{ data: 1 }]);
});

test("each entry is refused separately, and the others are delivered", async () => {
  const system = await setUp({}, 100);
  const results = await serverPublish(system, [
    { channel: "/meta/user/ann", data: 1 },
    { channel: "stories/*", data: 1, uuid: "m2" },
    { channel: "a b", data: 1 },
    { channel: "stories/5", data: "x".repeat(100), uuid: "m4" },
    { fault: "An entry must have data.", uuid: "m5" },
    { fault: "An entry must be an object." },
    { channel: "stories/5", data: "good", uuid: "m7" },
  ]);
  const refused = (code: string, uuid?: string) => ({
    ...(uuid && { uuid }),
    accepted: false,
    code,
    error: expect.any(String),
  });
  expect(results).toEqual([
    refused("reserved_channel"),
    refused("wildcard", "m2"),
    refused("bad_channel"),
    refused("too_large", "m4"),
    { uuid: "m5", accepted: false, code: "bad_frame", error: "An entry must have data." },
    { accepted: false, code: "bad_frame", error: "An entry must be an object." },
    { uuid: "m7", accepted: true },
  ]);
  expect(system.connections.received("c1")).toMatchObject([{ uuid: "m7" }]);
});

test("delivery guards decide, also for messages to a user", async () => {
  const asked: string[] = [];
  const system = await setUp({
    guards: {
      guardsDelivery: async () => true,
      delivery: async (agent, message) => {
        asked.push(`${agent.connectionId} ${message.channel}`);
        return message.channel === "/meta/user" ? { ...message, data: "for you" } : undefined;
      },
    },
  });
  await serverPublish(system, [
    { channel: "stories/5", data: 1 },
    { userId: "ann", data: 2 },
  ]);
  expect(asked).toEqual(["c1 stories/5", "c1 /meta/user"]);
  expect(system.connections.received("c1")).toMatchObject([{ channel: "/meta/user", data: "for you" }]);
});

test("a table that fails fails the request before any post", async () => {
  const system = await setUp();
  system.store.before.subscribers = () => Promise.reject(new Error("throttled"));
  await expect(serverPublish(system, [{ channel: "stories/5", data: 1 }])).rejects.toThrow("throttled");
  expect(system.connections.posts).toEqual([]);
});
