import { addSubscriptions } from "../../../lambdas/core/subscriptions.js";
import { removeAgent } from "../../../lambdas/core/remove.js";
import { agentOf, MemoryStore } from "./fakes.js";

const agent = agentOf("c1");
const guards = { disconnected: () => Promise.resolve() };

test("subscriptions are written, and then the agent is looked for", async () => {
  const store = await new MemoryStore().with(agent);
  expect(await addSubscriptions(store, agent, ["a", "b"])).toBe(true);
  expect(store.calls).toEqual(["putSubscriptions c1 a b", "standing c1"]);
});

test("nothing to subscribe to costs nothing", async () => {
  const store = new MemoryStore();
  expect(await addSubscriptions(store, agent, [])).toBe(true);
  expect(store.calls).toEqual([]);
});

describe("a subscribe that loses the race against $disconnect leaves nothing behind", () => {
  test("when the agent had left before the rows were written", async () => {
    const store = await new MemoryStore().with(agent);
    await removeAgent({ store, guards }, agent);
    expect(await addSubscriptions(store, agent, ["a"])).toBe(false);
    expect(store.traces("c1")).toEqual([]);
  });

  test.each(["putSubscriptions", "standing"] as const)("when it leaves right before %s", async (step) => {
    const store = await new MemoryStore().with(agent);
    store.before[step] = () => {
      delete store.before[step];
      return removeAgent({ store, guards }, agent);
    };
    expect(await addSubscriptions(store, agent, ["a"])).toBe(false);
    expect(store.traces("c1")).toEqual([]);
  });

  test.each(["claim", "subscriptionsOf", "deleteSubscriptions", "deleteRegistration"] as const)(
    "when the whole subscribe happens right before the removal's %s",
    async (step) => {
      const store = await new MemoryStore().with(agent, "old");
      const outcomes: boolean[] = [];
      store.before[step] = async () => {
        delete store.before[step];
        outcomes.push(await addSubscriptions(store, agent, ["a"]));
      };
      await removeAgent({ store, guards }, agent);
      expect(store.traces("c1")).toEqual([]);
      // Before the claim the agent was there, and its subscription is removed with the others.
      expect(outcomes).toEqual([step === "claim"]);
    },
  );
});
