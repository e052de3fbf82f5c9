import { MAX_CHANNEL_LENGTH, MAX_CHANNELS_PER_FRAME } from "../../../../protocol/index.js";
import { channelsOf, tooManyAgents } from "../../../../lambdas/connection/admission.js";
import { addSubscriptions } from "../../../../lambdas/subscriptions/subscriptions.js";
import { renew } from "../../../../lambdas/connection/renewal.js";
import { removeAgent } from "../../../../lambdas/connection/remove-agent.js";
import { sweep } from "../../../../lambdas/connection/sweep.js";
import { DEFAULT_SETTINGS } from "../../../../lambdas/settings.js";
import { openGuards } from "../../../../lambdas/guards/developer-guards.js";
import { agentOf, NOW, TestConnections, TestLog } from "../../support/fakes.js";
import { itemSize, type TestTable, useTables } from "../../support/test-table.js";
import { userChannel } from "../../../../lambdas/subscriptions/user-channel.js";
import { subscribersOf } from "../../../../lambdas/delivery/recipients.js";
import { agent, CONNECTION, longest } from "./table-units-system.js";

/* The cost of each operation, as the engine bills it (ConsumedCapacity), for items of up to 1 KB. */

let testTable: TestTable;
useTables((table) => (testTable = table));

const subscribing = () => ({ store: testTable.table, settings: DEFAULT_SETTINGS });

describe("connect", () => {
  test("costs two write units, in one request, and no read", async () => {
    expect(await testTable.cost(() => testTable.table.putAgent(agent))).toEqual({
      commands: ["BatchWriteItem"],
      read: 0,
      written: 2,
    });
  });

  // The Queries read the agent's subscriptions, before and after, and the user's connections.
  test("with a userId costs two more writes and three Queries", async () => {
    const ada = { ...agent, userId: "ada" };
    await testTable.table.putAgent(ada);
    const cost = await testTable.cost(async () => {
      await addSubscriptions(subscribing(), ada, [channelsOf(ada, { permitted: true, subscribe: [], publish: [] })]);
      await tooManyAgents(testTable.table, DEFAULT_SETTINGS.limits, ada);
    });
    expect(cost).toEqual({
      commands: ["Query", "BatchWriteItem", "BatchWriteItem", "Query", "Query"],
      read: 3,
      written: 2,
    });
  });

  // The row of the user's connection names the session.
  test("with a userId and a session costs the same", async () => {
    const ada = { ...agent, userId: "ada", session: "s".repeat(22) };
    await testTable.table.putAgent(ada);
    const cost = await testTable.cost(async () => {
      await addSubscriptions(subscribing(), ada, [channelsOf(ada, { permitted: true, subscribe: [], publish: [] })]);
      await tooManyAgents(testTable.table, DEFAULT_SETTINGS.limits, ada);
    });
    expect(cost).toEqual({
      commands: ["Query", "BatchWriteItem", "BatchWriteItem", "Query", "Query"],
      read: 3,
      written: 2,
    });
  });

  // That read counts the connections, whatever their sessions are.
  test("of a user with 30 connections costs one read", async () => {
    const agents = Array.from({ length: 30 }, (_, at) =>
      agentOf(`${at}`.padStart(CONNECTION.length, "0"), { userId: "ada", session: `${at}`.padStart(22, "s") }),
    );
    for (const each of agents) await testTable.table.putSubscriptions(each, [userChannel("ada")]);
    expect(
      await testTable.cost(() => tooManyAgents(testTable.table, DEFAULT_SETTINGS.limits, agents[0]!)),
    ).toMatchObject({
      read: 1,
    });
  });

  test("costs the same if it is denied", async () => {
    const denial = { code: "denied", reason: "x".repeat(512) } as const;
    expect(await testTable.cost(() => testTable.table.putDenial(CONNECTION, NOW, denial))).toMatchObject({
      written: 2,
    });
  });
});

describe("subscribe", () => {
  test("costs two writes per channel, and two reads of the agent", async () => {
    await testTable.table.putAgent(agent);
    const cost = await testTable.cost(() => addSubscriptions(subscribing(), agent, [["a"]]));
    expect(cost).toEqual({ commands: ["Query", "BatchWriteItem", "BatchWriteItem", "Query"], read: 2, written: 2 });
  });

  test("of 25 channels shares two batches", async () => {
    await testTable.table.putAgent(agent);
    const cost = await testTable.cost(() => addSubscriptions(subscribing(), agent, [longest(MAX_CHANNELS_PER_FRAME)]));
    expect(cost).toMatchObject({ commands: ["Query", "BatchWriteItem", "BatchWriteItem", "Query"], written: 50 });
    expect(cost.read).toBeLessThanOrEqual(3);
  });

  test("costs the same the second time", async () => {
    await testTable.table.putAgent(agent);
    await addSubscriptions(subscribing(), agent, [["a"]]);
    expect(await testTable.cost(() => addSubscriptions(subscribing(), agent, [["a"]]))).toMatchObject({ written: 2 });
  });
});

describe("refresh", () => {
  const due = { ...agent, expiresAt: NOW + 60_000 };
  const renewed = { ...due, expiresAt: NOW + 960_000 };
  const guards = (expiresAt: number) => ({
    connection: async () => ({ permitted: true as const, subscribe: [], publish: [], expiresAt }),
  });
  const renewing = (expiresAt: number) => ({ ...subscribing(), guards: guards(expiresAt), clock: testTable.clock });

  // The reads are of the agent's subscriptions. Three of the writes are for the agent.
  test("costs two reads, three writes, and two writes per subscription", async () => {
    await testTable.table.putAgent(due);
    await testTable.table.putSubscriptions(due, ["a", "b"]);
    const cost = await testTable.cost(() => renew(renewing(renewed.expiresAt), due, undefined));
    expect(cost.commands).toEqual([
      "PutItem",
      "BatchWriteItem",
      "Query",
      "PutItem",
      "PutItem",
      "PutItem",
      "PutItem",
      "Query",
      "BatchWriteItem",
    ]);
    expect(cost).toMatchObject({ read: 2, written: 3 + 2 * 2 });
  });

  test("without a new expiry costs one write and one read", async () => {
    await testTable.table.putAgent(due);
    await testTable.table.putSubscriptions(due, ["a", "b"]);
    expect(await testTable.cost(() => renew(renewing(due.expiresAt), due, undefined))).toEqual({
      commands: ["PutItem", "Query"],
      read: 1,
      written: 1,
    });
  });
});

describe("disconnect", () => {
  test("costs one deletion, one Query and the deletion of the rows", async () => {
    await testTable.table.putAgent(agent);
    await testTable.table.putSubscriptions(agent, ["a", "b", "c"]);
    const cost = await testTable.cost(() => removeAgent({ store: testTable.table, guards: openGuards }, agent));
    expect(cost.commands).toEqual(["DeleteItem", "Query", "BatchWriteItem", "BatchWriteItem", "BatchWriteItem"]);
    expect(cost.written).toBe(1 + 3 * 2 + 1);
    expect(cost.read).toBe(1);
    expect(await testTable.rows()).toEqual([]);
  });
});

describe("the sweep", () => {
  // It never uses a Scan.
  test("costs one Query per shard if no agent has expired", async () => {
    await testTable.table.putAgent(agent);
    const system = {
      store: testTable.table,
      guards: openGuards,
      log: new TestLog(),
      connections: new TestConnections(testTable.clock),
      clock: testTable.clock,
      onDisconnectMs: 1_000,
    };
    const cost = await testTable.cost(() => sweep(system, () => 28_000));
    expect(new Set(cost.commands)).toEqual(new Set(["Query"]));
    expect(cost.commands).toHaveLength(16);
    expect(cost.written).toBe(0);
  });
});

describe("rows", () => {
  // The channel's name has the maximum length.
  test("of a subscriber have less than 200 bytes", async () => {
    const [channel = ""] = longest(1);
    await testTable.table.putSubscriptions(agent, [channel, `${channel}/*`]);
    const rows = await testTable.rows();
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(itemSize(row)).toBeLessThan(200);
    expect(Math.max(...rows.map(itemSize))).toBeGreaterThan(MAX_CHANNEL_LENGTH);
  });

  test("of an agent with small credentials have less than 1 KB", async () => {
    await testTable.table.putAgent({ ...agent, userAgent: "u".repeat(200), info: "i".repeat(250) });
    for (const row of await testTable.rows()) expect(itemSize(row)).toBeLessThan(1_024);
  });
});

test("every read is strongly consistent", async () => {
  await testTable.table.putAgent(agent);
  await testTable.table.connectionRecord(CONNECTION);
  await testTable.table.agents([CONNECTION]);
  await subscribersOf(testTable.table, "a");
  await testTable.table.connectionSubscriptions(CONNECTION);
  for await (const _ of testTable.table.expiredConnections());
  const reads = testTable.sent.filter(({ name }) => ["GetItem", "Query", "BatchGetItem"].includes(name));
  expect(new Set(reads.map(({ name }) => name))).toEqual(new Set(["GetItem", "Query", "BatchGetItem"]));
  for (const { name, input } of reads) {
    const asked = name === "BatchGetItem" ? (input["RequestItems"] as Record<string, unknown>)[testTable.name] : input;
    expect(asked).toMatchObject({ ConsistentRead: true });
  }
});
