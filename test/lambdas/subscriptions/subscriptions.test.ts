import { endOf } from "../../../lambdas/connection/agent.js";
import { userChannel } from "../../../lambdas/subscriptions/user-channel.js";
import { removeAgent } from "../../../lambdas/connection/remove-agent.js";
import { addSubscriptions, type SubscribeOutcome } from "../../../lambdas/subscriptions/subscriptions.js";
import { DEFAULT_LIMITS } from "../../../protocol/index.js";
import { agentOf, MemoryStore, NOW } from "../support/fakes.js";

const agent = agentOf("c1");
const guards = { disconnected: () => Promise.resolve() };
const subscribing = (store: MemoryStore, subscriptionsPerAgent = 4) => ({
  store,
  settings: { limits: { ...DEFAULT_LIMITS, subscriptionsPerAgent } },
});

test("subscriptions are written between two looks at what the agent has", async () => {
  const store = await new MemoryStore().with(agent);
  expect(await addSubscriptions(subscribing(store), agent, [["a", "b"], ["c"]])).toEqual(["done", "done"]);
  expect(store.calls).toEqual([
    "connectionSubscriptions c1",
    "putSubscriptions c1 a b c",
    "connectionSubscriptions c1",
  ]);
});

test("nothing to subscribe to costs nothing", async () => {
  const store = new MemoryStore();
  expect(await addSubscriptions(subscribing(store), agent, [[], []])).toEqual(["done", "done"]);
  expect(store.calls).toEqual([]);
});

describe("an agent that would have too many subscriptions", () => {
  test("gets what fits, each group as a whole, in their order", async () => {
    const store = await new MemoryStore().with(agent, "old");
    const outcomes = await addSubscriptions(subscribing(store), agent, [["a", "b"], ["c", "d"], ["e"]]);
    expect(outcomes).toEqual(["done", "too_many_subscriptions", "done"]);
    expect((await store.connectionSubscriptions("c1")).channels).toEqual(["old", "a", "b", "e"]);
  });

  test("keeps what it has, and may ask for it again", async () => {
    const store = await new MemoryStore().with(agent, "a", "b", "c", "d");
    expect(await addSubscriptions(subscribing(store), agent, [["d"], ["e"]])).toEqual([
      "done",
      "too_many_subscriptions",
    ]);
    expect((await store.connectionSubscriptions("c1")).channels).toEqual(["a", "b", "c", "d"]);
  });

  test("is not written for at all when nothing fits", async () => {
    const store = await new MemoryStore().with(agent, "a", "b", "c", "d");
    await addSubscriptions(subscribing(store), agent, [["e"]]);
    expect(store.calls).toEqual(["connectionSubscriptions c1"]);
  });

  test("is refused what several frames at once would make too many, and keeps what it had", async () => {
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

  test("loses nothing that it had to two frames at once that fill it, in whatever order their steps are taken", async () => {
    // Each frame writes between two looks: all orders of twice three steps.
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

  test("does not pay for being found by its user's id", async () => {
    const store = await new MemoryStore().with(agent, "a", "b", "c", userChannel("u"));
    expect(await addSubscriptions(subscribing(store), agent, [["d"]])).toEqual(["done"]);
  });
});

describe("a subscription that somebody ends in the same moment", () => {
  const racing = async (confirm: boolean) => {
    const store = await new MemoryStore().with(agent);
    let looks = 0;
    store.before.connectionSubscriptions = async () => {
      looks += 1;
      if (looks === 2) await store.deleteSubscriptions("c1", ["b"]);
    };
    return addSubscriptions(subscribing(store), agent, [["a"], ["b"]], confirm);
  };

  test("is not confirmed: asking again is safe", async () => {
    expect(await racing(true)).toEqual(["done", "unavailable"]);
  });

  test("spoils nothing else that the guard permitted, where nobody is told of it", async () => {
    expect(await racing(false)).toEqual(["done", "done"]);
  });
});

describe("a subscribe that loses the race against $disconnect leaves nothing behind", () => {
  test("when the agent had left before the rows were written", async () => {
    const store = await new MemoryStore().with(agent);
    await removeAgent({ store, guards }, agent);
    expect(await addSubscriptions(subscribing(store), agent, [["a"]])).toEqual(["unknown_agent"]);
    expect(store.traces("c1")).toEqual([]);
  });

  test.each([
    ["it reads", "connectionSubscriptions", 1],
    ["it writes", "putSubscriptions", 1],
    ["it reads again", "connectionSubscriptions", 2],
  ] as const)("when it leaves right before %s", async (_name, step, time) => {
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
    "when the whole subscribe happens right before the removal's %s",
    async (step) => {
      const store = await new MemoryStore().with(agent, "old");
      const outcomes: SubscribeOutcome[] = [];
      store.before[step] = async () => {
        delete store.before[step];
        outcomes.push(...(await addSubscriptions(subscribing(store), agent, [["a"]])));
      };
      await removeAgent({ store, guards }, agent);
      expect(store.traces("c1")).toEqual([]);
      // Before the claim the agent was there, and its subscription is removed with the others.
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

  test("is subscribed until its new end, although a Lambda knows the old one only", async () => {
    const store = await new MemoryStore().with(renewed);
    expect(await addSubscriptions(subscribing(store), cached, [["a"]])).toEqual(["done"]);
    await endsWithIt(store);
  });

  test("while it is being subscribed ends up subscribed until its new end", async () => {
    const store = await new MemoryStore().with(cached);
    store.before.putSubscriptions = async () => {
      delete store.before.putSubscriptions;
      await store.renewAgent(renewed, cached);
    };
    expect(await addSubscriptions(subscribing(store), cached, [["a"]])).toEqual(["done"]);
    await endsWithIt(store);
  });
});

test("an agent that has left before anything was read gets nothing", async () => {
  const store = new MemoryStore();
  expect(await addSubscriptions(subscribing(store), agent, [["a"]])).toEqual(["unknown_agent"]);
  expect(store.traces("c1")).toEqual([]);
});
