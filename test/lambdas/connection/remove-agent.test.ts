import { removeAgent } from "../../../lambdas/connection/remove-agent.js";
import type { Agent } from "../../../lambdas/connection/agent.js";
import { agentOf, NOW } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";
import { subscribersOf } from "../../../lambdas/delivery/recipients.js";

const agent = agentOf("c1", { credentials: { user: "Ada" } });

const setUp = async (...channels: string[]) => {
  const store = await new MemoryStore().with(agent, ...channels);
  const disconnected: Agent[] = [];
  const guards = { disconnected: async (one: Agent) => void disconnected.push(one) };
  return { store, guards, disconnected };
};

describe("removing an agent", () => {
  // The registration is deleted last, so that the sweep can finish an interrupted removal.
  test("calls onDisconnect with its credentials and deletes all rows", async () => {
    const { store, guards, disconnected } = await setUp("a", "b/*");
    await removeAgent({ store, guards }, agent);
    expect(disconnected).toEqual([agent]);
    expect(store.traces("c1")).toEqual([]);
    expect(store.calls).toEqual([
      "takeConnection c1",
      "connectionSubscriptions c1",
      "deleteSubscriptions c1 a b/*",
      "deleteRegistration c1",
    ]);
  });

  test("calls onDisconnect exactly once, even if removed concurrently", async () => {
    const { store, guards, disconnected } = await setUp("a");
    await Promise.all(Array.from({ length: 20 }, () => removeAgent({ store, guards }, agent)));
    await removeAgent({ store, guards }, agent);
    expect(disconnected).toHaveLength(1);
    expect(store.traces("c1")).toEqual([]);
  });

  // The first function died right after it took the connection.
  test("finishes an interrupted removal without calling onDisconnect again", async () => {
    const { store, guards, disconnected } = await setUp("a");
    await store.takeConnection("c1");
    await removeAgent({ store, guards }, agent);
    expect(disconnected).toEqual([]);
    expect(store.traces("c1")).toEqual([]);
  });

  // Lambda freezes unfinished work.
  test("waits for onDisconnect", async () => {
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

  // The registration stays for the sweep.
  test("waits for onDisconnect even if the rows cannot be deleted", async () => {
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

  // A publisher knows the age only to the second.
  test("deletes the registration, with the age that a publisher knows", async () => {
    const { store, guards } = await setUp("a");
    const [subscriber] = await subscribersOf(store, "a");
    await removeAgent({ store, guards }, subscriber ?? agent);
    expect(store.registrations.size).toBe(0);
  });

  test("without its age leaves the registration to its finder", async () => {
    const { store, guards } = await setUp("a");
    await store.takeConnection("c1");
    await removeAgent({ store, guards }, { connectionId: "c1" });
    expect(store.traces("c1")).toHaveLength(1);
    expect(store.calls).not.toContain("deleteRegistration c1");
  });
});

test("a denied connection is removed without calling onDisconnect", async () => {
  const { store, guards, disconnected } = await setUp();
  await store.putDenial("c2", NOW, { code: "denied", reason: "No." });
  await removeAgent({ store, guards }, { connectionId: "c2", connectedAt: NOW });
  expect(disconnected).toEqual([]);
  expect(store.traces("c2")).toEqual([]);
});

test("an unknown connection is removed without an error", async () => {
  const { store, guards, disconnected } = await setUp();
  await removeAgent({ store, guards }, { connectionId: "stranger", connectedAt: NOW });
  expect(disconnected).toEqual([]);
});
