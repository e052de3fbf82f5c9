import { endOf } from "../../../lambdas/connection/agent.js";
import { userChannel } from "../../../lambdas/subscriptions/user-channel.js";
import { removeAgent } from "../../../lambdas/connection/remove-agent.js";
import { addSubscriptions, extend, type SubscribeOutcome } from "../../../lambdas/subscriptions/subscriptions.js";
import { DEFAULT_LIMITS } from "../../../protocol/index.js";
import { agentOf, NOW } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";

const agent = agentOf("c1");
const guards = { disconnected: () => Promise.resolve() };
const subscribing = (store: MemoryStore, subscriptionsPerAgent = 4) => ({
  store,
  settings: { limits: { ...DEFAULT_LIMITS, subscriptionsPerAgent } },
});

test("subscriptions are written between two reads of the agent's subscriptions", async () => {
  const store = await new MemoryStore().with(agent);
  expect(await addSubscriptions(subscribing(store), agent, [["a", "b"], ["c"]])).toEqual(["done", "done"]);
  expect(store.calls).toEqual([
    "connectionSubscriptions c1",
    "putSubscriptions c1 a b c",
    "connectionSubscriptions c1",
  ]);
});

test("no subscriptions cost no requests", async () => {
  const store = new MemoryStore();
  expect(await addSubscriptions(subscribing(store), agent, [[], []])).toEqual(["done", "done"]);
  expect(store.calls).toEqual([]);
});

describe("an agent at its subscription limit", () => {
  test("gets the groups that fit as a whole, in order", async () => {
    const store = await new MemoryStore().with(agent, "old");
    const outcomes = await addSubscriptions(subscribing(store), agent, [["a", "b"], ["c", "d"], ["e"]]);
    expect(outcomes).toEqual(["done", "too_many_subscriptions", "done"]);
    expect((await store.connectionSubscriptions("c1")).channels).toEqual(["old", "a", "b", "e"]);
  });

  test("keeps its subscriptions and may request them again", async () => {
    const store = await new MemoryStore().with(agent, "a", "b", "c", "d");
    expect(await addSubscriptions(subscribing(store), agent, [["d"], ["e"]])).toEqual([
      "done",
      "too_many_subscriptions",
    ]);
    expect((await store.connectionSubscriptions("c1")).channels).toEqual(["a", "b", "c", "d"]);
  });

  test("causes no write if no group fits", async () => {
    const store = await new MemoryStore().with(agent, "a", "b", "c", "d");
    await addSubscriptions(subscribing(store), agent, [["e"]]);
    expect(store.calls).toEqual(["connectionSubscriptions c1"]);
  });

  test("does not get too many from concurrent frames", async () => {
    const store = await new MemoryStore().with(agent, "a", "b");
    store.before.putSubscriptions = async () => {
      delete store.before.putSubscriptions;
      await store.putSubscriptions(agent, ["x", "y"]);
    };
    expect(await addSubscriptions(subscribing(store), agent, [["a"], ["c"]])).toEqual([
      "done",
      "too_many_subscriptions",
    ]);
    expect((await store.connectionSubscriptions("c1")).channels).toEqual(["a", "b", "x", "y"]);
  });

  test("keeps its subscriptions with two concurrent frames in any order", async () => {
    // Each frame writes between two reads: all orders of twice three steps.
    const orders = (mine: number, others: number): boolean[][] =>
      mine + others === 0
        ? [[]]
        : [
            ...(mine > 0 ? orders(mine - 1, others).map((rest) => [true, ...rest]) : []),
            ...(others > 0 ? orders(mine, others - 1).map((rest) => [false, ...rest]) : []),
          ];
    for (const order of orders(3, 3)) {
      const store = await new MemoryStore().with(agent, "a", "b", "c");
      const waiting: Record<string, () => void> = {};
      const frame = (name: string, groups: string[][]): Promise<SubscribeOutcome[]> => {
        const stepwise = {
          connectionSubscriptions: async (id: string) => (
            await new Promise<void>((go) => (waiting[name] = go)),
            store.connectionSubscriptions(id)
          ),
          putSubscriptions: async (...args: Parameters<MemoryStore["putSubscriptions"]>) => (
            await new Promise<void>((go) => (waiting[name] = go)),
            store.putSubscriptions(...args)
          ),
          deleteSubscriptions: store.deleteSubscriptions.bind(store),
        };
        return addSubscriptions({ ...subscribing(store), store: stepwise }, agent, groups);
      };
      const both = Promise.all([frame("mine", [["a"], ["x"]]), frame("others", [["b"], ["x", "y"]])]);
      for (const mine of order) {
        waiting[mine ? "mine" : "others"]?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (let rest = 0; rest < 3; rest += 1) {
        for (const go of Object.values(waiting)) go();
        await new Promise((resolve) => setImmediate(resolve));
      }
      const [mine, others] = await both;
      expect([mine[0], others[0]]).toEqual(["done", "done"]);
      const { channels } = await store.connectionSubscriptions("c1");
      expect(channels).toEqual(expect.arrayContaining(["a", "b", "c"]));
      expect(channels.length).toBeLessThanOrEqual(4);
    }
  });

  test("does not have its user's channel counted", async () => {
    const store = await new MemoryStore().with(agent, "a", "b", "c", userChannel("u"));
    expect(await addSubscriptions(subscribing(store), agent, [["d"]])).toEqual(["done"]);
  });
});

describe("a subscription that ends in the same moment", () => {
  const racing = async (confirm: boolean) => {
    const store = await new MemoryStore().with(agent);
    let looks = 0;
    store.before.connectionSubscriptions = async () => {
      looks += 1;
      if (looks === 2) await store.deleteSubscriptions("c1", ["b"]);
    };
    return addSubscriptions(subscribing(store), agent, [["a"], ["b"]], confirm);
  };

  test("is unavailable, so that the client retries", async () => {
    expect(await racing(true)).toEqual(["done", "unavailable"]);
  });

  test("does not affect the guard's other subscriptions", async () => {
    expect(await racing(false)).toEqual(["done", "done"]);
  });
});

describe("a subscription that races with $disconnect leaves no rows", () => {
  test("if the agent had left before the write", async () => {
    const store = await new MemoryStore().with(agent);
    await removeAgent({ store, guards }, agent);
    expect(await addSubscriptions(subscribing(store), agent, [["a"]])).toEqual(["unknown_agent"]);
    expect(store.traces("c1")).toEqual([]);
  });

  test.each([
    ["the first read", "connectionSubscriptions", 1],
    ["the write", "putSubscriptions", 1],
    ["the second read", "connectionSubscriptions", 2],
  ] as const)("if the agent leaves right before %s", async (_name, step, time) => {
    const store = await new MemoryStore().with(agent);
    let times = 0;
    store.before[step] = () => {
      times += 1;
      if (times < time) return undefined;
      delete store.before[step];
      return removeAgent({ store, guards }, agent);
    };
    expect(await addSubscriptions(subscribing(store), agent, [["a"]])).toEqual(["unknown_agent"]);
    expect(store.traces("c1")).toEqual([]);
  });

  test.each(["takeConnection", "connectionSubscriptions", "deleteSubscriptions", "deleteRegistration"] as const)(
    "if it happens right before the removal's %s",
    async (step) => {
      const store = await new MemoryStore().with(agent, "old");
      const outcomes: SubscribeOutcome[] = [];
      store.before[step] = async () => {
        delete store.before[step];
        outcomes.push(...(await addSubscriptions(subscribing(store), agent, [["a"]])));
      };
      await removeAgent({ store, guards }, agent);
      expect(store.traces("c1")).toEqual([]);
      // Before takeConnection the agent was there, and its subscription is removed with the others.
      expect(outcomes).toEqual([step === "takeConnection" ? "done" : "unknown_agent"]);
    },
  );
});

describe("an agent that is renewed", () => {
  const expiresAt = NOW + 10_000;
  const cached = agentOf("c1", { expiresAt });
  const renewed = { ...cached, expiresAt: NOW + 900_000 };
  const endsWithIt = async (store: MemoryStore): Promise<void> => {
    expect((await store.connectionSubscriptions("c1")).outdated).toEqual([]);
    expect(store.endOf("c1", "a")).toBe(endOf(renewed));
  };

  test("is subscribed until its new expiry, even with a cached agent", async () => {
    const store = await new MemoryStore().with(renewed);
    expect(await addSubscriptions(subscribing(store), cached, [["a"]])).toEqual(["done"]);
    await endsWithIt(store);
  });

  test("during its subscription is subscribed until its new expiry", async () => {
    const store = await new MemoryStore().with(cached);
    store.before.putSubscriptions = async () => {
      delete store.before.putSubscriptions;
      await store.renewAgent(renewed, cached);
    };
    expect(await addSubscriptions(subscribing(store), cached, [["a"]])).toEqual(["done"]);
    await endsWithIt(store);
  });
});

describe("an observer of a channel", () => {
  const observed = async (store: MemoryStore) => (await store.connectionSubscriptions("c1")).observed;

  test("stays one if a guard subscribes it", async () => {
    const store = await new MemoryStore().with(agent);
    await addSubscriptions(subscribing(store), agent, [["a"], ["b"]], true, new Map([["a", false]]));
    await addSubscriptions(subscribing(store), agent, [["a", "c"]]);
    expect(await observed(store)).toEqual(["a"]);
  });

  test("becomes a member when it says so", async () => {
    const store = await new MemoryStore().with(agent);
    await addSubscriptions(subscribing(store), agent, [["a"]], true, new Map([["a", false]]));
    await addSubscriptions(subscribing(store), agent, [["a"]], true, new Map([["a", true]]));
    expect(await observed(store)).toBeUndefined();
  });

  test("stays one when it is renewed", async () => {
    const expiring = { ...agent, expiresAt: NOW + 60_000 };
    const store = await new MemoryStore().with(expiring);
    await addSubscriptions(subscribing(store), expiring, [["a"]], true, new Map([["a", false]]));
    const renewed = (await store.renewAgent({ ...expiring, expiresAt: NOW + 120_000 }, expiring))!;
    expect(await extend(store, renewed)).toBe(true);
    expect(await store.connectionSubscriptions("c1")).toMatchObject({ outdated: [], observed: ["a"] });
  });
});

test("an agent that has left before gets no subscription", async () => {
  const store = new MemoryStore();
  expect(await addSubscriptions(subscribing(store), agent, [["a"]])).toEqual(["unknown_agent"]);
  expect(store.traces("c1")).toEqual([]);
});
