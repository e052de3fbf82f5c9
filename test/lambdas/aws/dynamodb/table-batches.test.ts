import { expiryOf } from "../../../../lambdas/connection/agent.js";
import { channelKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import { removeAgent } from "../../../../lambdas/connection/remove-agent.js";
import { addSubscriptions } from "../../../../lambdas/subscriptions/subscriptions.js";
import { DEFAULT_SETTINGS } from "../../../../lambdas/settings.js";
import { openGuards } from "../../../../lambdas/guards/developer-guards.js";
import { agentOf } from "../../support/fakes.js";
import { type Intercept, type TestTable, useTables } from "../../support/test-table.js";
import { subscribersOf } from "../../../../lambdas/delivery/recipients.js";

let testTable: TestTable;
useTables((table) => (testTable = table));

const agent = agentOf("c1");
const subscribing = () => ({ store: testTable.table, settings: DEFAULT_SETTINGS });
const channels = Array.from({ length: 25 }, (_, at) => `c/${at}`);

type Batch<Part> = Record<string, Part>;

/** Leaves a part of each batch unprocessed, as DynamoDB does when it throttles, the first `times`. */
const leaveUnprocessed = (times: number): Intercept => {
  let left = times;
  return async (name, input, next) => {
    if (left <= 0 || !name.startsWith("Batch")) return next(input);
    left -= 1;
    if (name === "BatchWriteItem") {
      const requests = (input["RequestItems"] as Batch<unknown[]>)[testTable.name] ?? [];
      const half = Math.floor(requests.length / 2);
      if (half > 0) await next({ RequestItems: { [testTable.name]: requests.slice(0, half) } });
      return { UnprocessedItems: { [testTable.name]: requests.slice(half) } };
    }
    const { Keys, ...rest } = (input["RequestItems"] as Batch<{ Keys: unknown[] }>)[testTable.name] ?? { Keys: [] };
    const half = Math.floor(Keys.length / 2);
    const output =
      half > 0 ? await next({ RequestItems: { [testTable.name]: { ...rest, Keys: Keys.slice(0, half) } } }) : {};
    return { ...output, UnprocessedKeys: { [testTable.name]: { ...rest, Keys: Keys.slice(half) } } };
  };
};

describe("a batch that DynamoDB processed only in part", () => {
  test("is written again after growing pauses, until it is complete", async () => {
    testTable.intercept = leaveUnprocessed(4);
    await testTable.table.putSubscriptions(agent, channels);
    expect(await testTable.rows()).toHaveLength(50);
    expect(testTable.sent).toHaveLength(6);
    expect(testTable.clock.sleeps).toEqual([25, 50, 100, 200]);
  });

  test("sends only its unprocessed part again", async () => {
    testTable.intercept = leaveUnprocessed(1);
    await testTable.table.putSubscriptions(agent, ["a", "b", "c", "d"]);
    const sizes = testTable.sent.map(
      ({ input }) => (input["RequestItems"] as Batch<unknown[]>)[testTable.name]?.length,
    );
    expect(sizes).toEqual([4, 2, 4]);
  });

  // So a subscription that is not stored is not acknowledged.
  test("fails if DynamoDB keeps a part unprocessed", async () => {
    testTable.intercept = leaveUnprocessed(Number.POSITIVE_INFINITY);
    await expect(testTable.table.putSubscriptions(agent, ["a"])).rejects.toThrow("still returned unprocessed items");
    expect(testTable.sent).toHaveLength(6);
  });

  test("is read again until all agents are there", async () => {
    const agents = Array.from({ length: 10 }, (_, at) => agentOf(`c${at}`));
    for (const one of agents) await testTable.table.putAgent(one);
    testTable.intercept = leaveUnprocessed(3);
    const found = await testTable.table.agents(agents.map(({ connectionId }) => connectionId));
    expect([...found.values()].map(({ connectionId }) => connectionId).sort()).toEqual(
      agents.map((one) => one.connectionId).sort(),
    );
    const last = testTable.sent.at(-1)?.input["RequestItems"] as Batch<{ ConsistentRead?: boolean }>;
    expect(last[testTable.name]?.ConsistentRead).toBe(true);
  });

  test("fails if agents cannot be read", async () => {
    await testTable.table.putAgent(agent);
    testTable.intercept = leaveUnprocessed(Number.POSITIVE_INFINITY);
    await expect(testTable.table.agents(["c1"])).rejects.toThrow("still returned unprocessed items");
  });
});

describe("more subscribers than one page of 1 MB holds", () => {
  test("are all found, page by page, strongly consistently", async () => {
    // Padded rows reach 1 MB sooner, because the size of the whole row counts.
    const pad = { S: "x".repeat(20_000) };
    const ids = Array.from({ length: 120 }, (_, at) => `c${at}`);
    const ttl = { N: String(expiryOf(agent.connectedAt)) };
    await Promise.all(ids.map((id) => testTable.put({ pk: { S: channelKey("a") }, sk: { S: id }, ttl, pad })));
    testTable.sent.length = 0;
    const found = await subscribersOf(testTable.table, "a");
    expect(new Set(found.map(({ connectionId }) => connectionId))).toEqual(new Set(ids));
    expect(testTable.sent.map(({ name }) => name)).toEqual(["Query", "Query", "Query"]);
    expect(testTable.sent.map(({ input }) => input["ConsistentRead"])).toEqual([true, true, true]);
  });
});

describe("a subscription that races with $disconnect leaves no rows", () => {
  /** Removes the agent right before the first command called `name`. */
  const removedBefore = (name: string): void => {
    testTable.intercept = async (command, input, next) => {
      if (command !== name) return next(input);
      testTable.intercept = undefined;
      await removeAgent({ store: testTable.table, guards: openGuards }, agent);
      return next(input);
    };
  };

  test.each(["Query", "BatchWriteItem"])("if the agent leaves right before its %s", async (name) => {
    await testTable.table.putAgent(agent);
    removedBefore(name);
    expect(await addSubscriptions(subscribing(), agent, [channels])).toEqual(["unknown_agent"]);
    expect(await testTable.rows()).toEqual([]);
  });

  test.each(["DeleteItem", "Query", "BatchWriteItem"])(
    "if it subscribes right before the removal's %s",
    async (name) => {
      await testTable.table.putAgent(agent);
      await testTable.table.putSubscriptions(agent, ["old"]);
      testTable.intercept = async (command, input, next) => {
        if (command !== name) return next(input);
        testTable.intercept = undefined;
        await addSubscriptions(subscribing(), agent, [channels]);
        return next(input);
      };
      await removeAgent({ store: testTable.table, guards: openGuards }, agent);
      expect(await testTable.rows()).toEqual([]);
    },
  );

  test("if both run at once, a hundred times", async () => {
    for (let round = 0; round < 100; round += 1) {
      const one = agentOf(`c${round}`);
      await testTable.table.putAgent(one);
      await Promise.all([
        addSubscriptions(subscribing(), one, [["a", "b"]]),
        new Promise((resolve) => setTimeout(resolve, round % 5)).then(() =>
          removeAgent({ store: testTable.table, guards: openGuards }, one),
        ),
      ]);
    }
    expect(await testTable.rows()).toEqual([]);
  });
});
