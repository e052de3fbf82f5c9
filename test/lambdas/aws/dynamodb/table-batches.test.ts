import { expiryOf } from "../../../../lambdas/connection/agent.js";
import { channelKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import { removeAgent } from "../../../../lambdas/connection/remove-agent.js";
import { addSubscriptions } from "../../../../lambdas/subscriptions/subscriptions.js";
import { DEFAULT_SETTINGS } from "../../../../lambdas/settings.js";
import { openGuards } from "../../../../lambdas/guards/developer-guards.js";
import { agentOf } from "../../support/fakes.js";
import { type Intercept, type TestTable, useTables } from "../../support/test-table.js";
import { subscribersOf } from "../../../../lambdas/delivery/recipients.js";

let it: TestTable;
useTables((table) => (it = table));

const agent = agentOf("c1");
const subscribing = () => ({ store: it.table, settings: DEFAULT_SETTINGS });
const channels = Array.from({ length: 25 }, (_, at) => `c/${at}`);

type Batch<Part> = Record<string, Part>;

/** Leaves a part of each batch undone, as DynamoDB does when it is throttled, for the first `times`. */
const undone = (times: number): Intercept => {
  let left = times;
  return async (name, input, next) => {
    if (left <= 0 || !name.startsWith("Batch")) return next(input);
    left -= 1;
    if (name === "BatchWriteItem") {
      const requests = (input["RequestItems"] as Batch<unknown[]>)[it.name] ?? [];
      const half = Math.floor(requests.length / 2);
      if (half > 0) await next({ RequestItems: { [it.name]: requests.slice(0, half) } });
      return { UnprocessedItems: { [it.name]: requests.slice(half) } };
    }
    const { Keys, ...rest } = (input["RequestItems"] as Batch<{ Keys: unknown[] }>)[it.name] ?? { Keys: [] };
    const half = Math.floor(Keys.length / 2);
    const output = half > 0 ? await next({ RequestItems: { [it.name]: { ...rest, Keys: Keys.slice(0, half) } } }) : {};
    return { ...output, UnprocessedKeys: { [it.name]: { ...rest, Keys: Keys.slice(half) } } };
  };
};

describe("a batch that DynamoDB did only in part", () => {
  test("is written on, with growing waits, until it is done", async () => {
    it.intercept = undone(4);
    await it.table.putSubscriptions(agent, channels);
    expect(await it.rows()).toHaveLength(50);
    expect(it.sent).toHaveLength(6);
    expect(it.clock.sleeps).toEqual([25, 50, 100, 200]);
  });

  test("sends only what was left again", async () => {
    it.intercept = undone(1);
    await it.table.putSubscriptions(agent, ["a", "b", "c", "d"]);
    const sizes = it.sent.map(({ input }) => (input["RequestItems"] as Batch<unknown[]>)[it.name]?.length);
    expect(sizes).toEqual([4, 2, 4]);
  });

  test("fails when DynamoDB keeps leaving a part undone: nothing is acknowledged that is not stored", async () => {
    it.intercept = undone(Number.POSITIVE_INFINITY);
    await expect(it.table.putSubscriptions(agent, ["a"])).rejects.toThrow("keeps leaving a part of a batch undone");
    expect(it.sent).toHaveLength(6);
  });

  test("is read on, until all agents are there", async () => {
    const agents = Array.from({ length: 10 }, (_, at) => agentOf(`c${at}`));
    for (const one of agents) await it.table.putAgent(one);
    it.intercept = undone(3);
    const found = await it.table.agents(agents.map(({ connectionId }) => connectionId));
    expect([...found.values()].map(({ connectionId }) => connectionId).sort()).toEqual(
      agents.map((one) => one.connectionId).sort(),
    );
    const last = it.sent.at(-1)?.input["RequestItems"] as Batch<{ ConsistentRead?: boolean }>;
    expect(last[it.name]?.ConsistentRead).toBe(true);
  });

  test("fails when agents cannot be read", async () => {
    await it.table.putAgent(agent);
    it.intercept = undone(Number.POSITIVE_INFINITY);
    await expect(it.table.agents(["c1"])).rejects.toThrow("keeps leaving a part of a batch undone");
  });
});

describe("more subscribers than one page of 1 MB holds", () => {
  test("are all found, page by page, each page strongly consistent", async () => {
    // Padded rows reach 1 MB sooner: what counts is their size, whatever part of them is asked for.
    const pad = { S: "x".repeat(20_000) };
    const ids = Array.from({ length: 120 }, (_, at) => `c${at}`);
    const ttl = { N: String(expiryOf(agent.connectedAt)) };
    await Promise.all(ids.map((id) => it.put({ pk: { S: channelKey("a") }, sk: { S: id }, ttl, pad })));
    it.sent.length = 0;
    const found = await subscribersOf(it.table, "a");
    expect(new Set(found.map(({ connectionId }) => connectionId))).toEqual(new Set(ids));
    expect(it.sent.map(({ name }) => name)).toEqual(["Query", "Query", "Query"]);
    expect(it.sent.map(({ input }) => input["ConsistentRead"])).toEqual([true, true, true]);
  });
});

describe("a subscribe that loses the race against $disconnect leaves nothing behind", () => {
  /** Lets the agent be removed right before the first command called `name`. */
  const removedBefore = (name: string): void => {
    it.intercept = async (command, input, next) => {
      if (command !== name) return next(input);
      it.intercept = undefined;
      await removeAgent({ store: it.table, guards: openGuards }, agent);
      return next(input);
    };
  };

  test.each(["Query", "BatchWriteItem"])("when the agent leaves right before its %s", async (name) => {
    await it.table.putAgent(agent);
    removedBefore(name);
    expect(await addSubscriptions(subscribing(), agent, [channels])).toEqual(["unknown_agent"]);
    expect(await it.rows()).toEqual([]);
  });

  test.each(["DeleteItem", "Query", "BatchWriteItem"])(
    "when it subscribes right before the removal's %s",
    async (name) => {
      await it.table.putAgent(agent);
      await it.table.putSubscriptions(agent, ["old"]);
      it.intercept = async (command, input, next) => {
        if (command !== name) return next(input);
        it.intercept = undefined;
        await addSubscriptions(subscribing(), agent, [channels]);
        return next(input);
      };
      await removeAgent({ store: it.table, guards: openGuards }, agent);
      expect(await it.rows()).toEqual([]);
    },
  );

  test("when both run at once, a hundred times", async () => {
    for (let round = 0; round < 100; round += 1) {
      const one = agentOf(`c${round}`);
      await it.table.putAgent(one);
      await Promise.all([
        addSubscriptions(subscribing(), one, [["a", "b"]]),
        new Promise((resolve) => setTimeout(resolve, round % 5)).then(() =>
          removeAgent({ store: it.table, guards: openGuards }, one),
        ),
      ]);
    }
    expect(await it.rows()).toEqual([]);
  });
});
