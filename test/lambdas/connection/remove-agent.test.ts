import { removeAgent } from "../../../lambdas/connection/remove-agent.js";
import type { Agent } from "../../../lambdas/connection/agent.js";
import { agentOf, MemoryStore, NOW } from "../support/fakes.js";
import { subscribersOf } from "../../../lambdas/delivery/recipients.js";

const agent = agentOf("c1", { credentials: { user: "Ada" } });

const setUp = async (...channels: string[]) => {
  const store = await new MemoryStore().with(agent, ...channels);
  const told: Agent[] = [];
  const guards = { disconnected: async (one: Agent) => void told.push(one) };
  return { store, guards, told };
};

describe("removing an agent", () => {
  test("claims it, tells onDisconnect with its credentials, and leaves nothing; the registration goes last", async () => {
    const { store, guards, told } = await setUp("a", "b/*");
    await removeAgent({ store, guards }, agent);
    expect(told).toEqual([agent]);
    expect(store.traces("c1")).toEqual([]);
    expect(store.calls).toEqual([
      "takeConnection c1",
      "connectionSubscriptions c1",
      "deleteSubscriptions c1 a b/*",
      "deleteRegistration c1",
    ]);
  });

  test("tells onDisconnect exactly once, however many remove it at once or again", async () => {
    const { store, guards, told } = await setUp("a");
    await Promise.all(Array.from({ length: 20 }, () => removeAgent({ store, guards }, agent)));
    await removeAgent({ store, guards }, agent);
    expect(told).toHaveLength(1);
    expect(store.traces("c1")).toEqual([]);
  });

  test("finishes what a Lambda that died right after its claim has left, without telling again", async () => {
    const { store, guards, told } = await setUp("a");
    await store.takeConnection("c1");
    await removeAgent({ store, guards }, agent);
    expect(told).toEqual([]);
    expect(store.traces("c1")).toEqual([]);
  });

  test("waits for onDisconnect: a Lambda's unfinished work is frozen", async () => {
    const { store } = await setUp();
    let ended = false;
    const guards = {
      disconnected: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        ended = true;
      },
    };
    await removeAgent({ store, guards }, agent);
    expect(ended).toBe(true);
  });

  test("waits for onDisconnect also when the rows cannot be deleted, and keeps the registration for the sweep", async () => {
    const { store } = await setUp("a");
    let ended = false;
    const guards = {
      disconnected: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        ended = true;
      },
    };
    store.before.deleteSubscriptions = () => {
      throw new Error("throttled");
    };
    await expect(removeAgent({ store, guards }, agent)).rejects.toThrow("throttled");
    expect(ended).toBe(true);
    expect(store.registrations.size).toBe(1);
  });

  test("that was found by a publisher, which knows its age only to the second, finds its registration", async () => {
    const { store, guards } = await setUp("a");
    const [subscriber] = await subscribersOf(store, "a");
    await removeAgent({ store, guards }, subscriber ?? agent);
    expect(store.registrations.size).toBe(0);
  });

  test("without its age leaves the registration to whoever found it there, if the agent is gone already", async () => {
    const { store, guards } = await setUp("a");
    await store.takeConnection("c1");
    await removeAgent({ store, guards }, { connectionId: "c1" });
    expect(store.traces("c1")).toHaveLength(1);
    expect(store.calls).not.toContain("deleteRegistration c1");
  });
});

test("a denied connection is removed without telling onDisconnect: it never was an agent", async () => {
  const { store, guards, told } = await setUp();
  await store.putDenial("c2", NOW, { code: "denied", reason: "No." });
  await removeAgent({ store, guards }, { connectionId: "c2", connectedAt: NOW });
  expect(told).toEqual([]);
  expect(store.traces("c2")).toEqual([]);
});

test("a connection that nobody knows is no error", async () => {
  const { store, guards, told } = await setUp();
  await removeAgent({ store, guards }, { connectionId: "stranger", connectedAt: NOW });
  expect(told).toEqual([]);
});
