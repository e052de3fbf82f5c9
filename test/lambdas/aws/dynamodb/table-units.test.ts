import { MAX_CHANNEL_LENGTH, MAX_CHANNELS_PER_FRAME } from "../../../../protocol/index.js";
import { channelsOf, tooManyAgents } from "../../../../lambdas/connection/admission.js";
import { addSubscriptions } from "../../../../lambdas/subscriptions/subscriptions.js";
import { AgentCache } from "../../../../lambdas/connection/agent-cache.js";
import { publish } from "../../../../lambdas/publish/publish.js";
import { flush } from "../../../../lambdas/linger/linger-flusher.js";
import type { FlushTask } from "../../../../lambdas/linger/linger.js";
import { renew } from "../../../../lambdas/connection/renewal.js";
import { removeAgent } from "../../../../lambdas/connection/remove-agent.js";
import { sweep } from "../../../../lambdas/connection/sweep.js";
import { HistoryTable } from "../../../../lambdas/aws/dynamodb/history-table.js";
import { LatestTable } from "../../../../lambdas/aws/dynamodb/latest-table.js";
import { LingerTable } from "../../../../lambdas/aws/dynamodb/linger-table.js";
import { DEFAULT_SETTINGS } from "../../../../lambdas/settings.js";
import { RateLimiter } from "../../../../lambdas/requests/rate-limiter.js";
import { LINGERING_MS } from "../../../../lambdas/requests/request-rates.js";
import { openGuards } from "../../../../lambdas/guards/developer-guards.js";
import { agentOf, NOW, TestConnections, TestLog, TestSegments } from "../../support/fakes.js";
import { itemSize, type TestTable, useTables } from "../../support/test-table.js";
import { userChannel } from "../../../../lambdas/subscriptions/user-channel.js";
import { subscribersOf } from "../../../../lambdas/delivery/recipients.js";

/* The cost of each operation, as the engine bills it (ConsumedCapacity), for items of up to 1 KB. */

let testTable: TestTable;
useTables((table) => (testTable = table));

/** An id as long as API Gateway's connection ids. */
const CONNECTION = "L0SM9cOFvHcCIhw=";
const agent = agentOf(CONNECTION, { credentials: { user: "Ada", roles: ["editor"] }, info: { name: "Ada" } });

/** Channel names of the maximum length. */
const longest = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${String(at).padStart(2, "0")}/${"x".repeat(MAX_CHANNEL_LENGTH - 3)}`);

const subscribing = () => ({ store: testTable.table, settings: DEFAULT_SETTINGS });

/** Flushers that were started. */
const flushers: FlushTask[] = [];
const invokeFlush = async (task: FlushTask): Promise<void> => void flushers.push(task);

const publishing = () => {
  const log = new TestLog();
  const { table: store, clock } = testTable;
  const settings = { ...DEFAULT_SETTINGS, wildcards: ["w/*"] };
  const rate = { take: (_agent: unknown, wanted: number) => wanted };
  const lingeringRate = new RateLimiter(LINGERING_MS, testTable.clock, 1);
  const histories = new HistoryTable(testTable, clock, settings.dedupeSeconds);
  const gathering = {
    histories,
    latest: new LatestTable(testTable, clock),
    lingering: new LingerTable(testTable, clock),
    invokeFlush,
  };
  return {
    store,
    clock,
    log,
    guards: openGuards,
    connections: new TestConnections(clock),
    segments: new TestSegments(),
    settings,
    rate,
    lingeringRate,
    ...gathering,
  };
};

const message = (channel: string) => ({ channel, uuid: "m1", data: "hello" });

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

describe("publish", () => {
  test("costs one Query and no write, if the agent is cached", async () => {
    await testTable.table.putAgent(agent);
    await testTable.table.putSubscriptions(agent, ["a"]);
    const directory = new AgentCache(testTable.table, testTable.clock);
    const cold = await testTable.cost(() => directory.connectionRecord(CONNECTION));
    expect(cold).toEqual({ commands: ["GetItem"], read: 1, written: 0 });
    const warm = await testTable.cost(async () => {
      await directory.connectionRecord(CONNECTION);
      await publish(publishing(), agent, [message("a")], { answered: true });
    });
    expect(warm).toEqual({ commands: ["Query"], read: 1, written: 0 });
  });

  // The channel has a name of the maximum length.
  test("to 500 subscribers costs one Query of about 20 reads", async () => {
    const [channel = ""] = longest(1);
    await Promise.all(
      Array.from({ length: 500 }, (_, at) =>
        testTable.table.putSubscriptions(agentOf(`${at}`.padStart(CONNECTION.length, "0")), [channel]),
      ),
    );
    const cost = await testTable.cost(() => publish(publishing(), agent, [message(channel)], { answered: true }));
    expect(cost).toMatchObject({ commands: ["Query"], written: 0 });
    expect(cost.read).toBeLessThanOrEqual(25);
  });

  test("of several messages on one channel reads its subscribers once", async () => {
    const cost = await testTable.cost(() =>
      publish(publishing(), agent, [message("a"), message("a"), message("a")], { answered: true }),
    );
    expect(cost.commands).toEqual(["Query"]);
  });

  test("costs one more Query for each matching wildcard that is enabled", async () => {
    expect(
      (await testTable.cost(() => publish(publishing(), agent, [message("v/x/y")], { answered: true }))).commands,
    ).toHaveLength(1);
    expect(
      (await testTable.cost(() => publish(publishing(), agent, [message("w/x/y")], { answered: true }))).commands,
    ).toHaveLength(3);
  });
});

describe("a channel that keeps its last message", () => {
  const CHANNELS = { "prices/*": { latest: true as const } };
  const keeping = () => ({ ...publishing(), settings: { ...DEFAULT_SETTINGS, channels: CHANNELS } });
  const hundred = (channel: string) => ({ channel, uuid: "x".repeat(22), data: "x".repeat(70) });

  test("costs one write more per publication, and the same reads", async () => {
    await testTable.table.putSubscriptions(agent, ["prices/5"]);
    for (let times = 0; times < 3; times += 1) {
      const cost = await testTable.cost(() => publish(keeping(), agent, [hundred("prices/5")], { answered: true }));
      expect(cost).toEqual({ commands: ["UpdateItem", "Query"], read: 1, written: 1 });
    }
  });

  // This holds for the longest name and 800 bytes, too.
  test("costs one write for all messages of a frame", async () => {
    const [name = ""] = longest(1);
    const channel = `prices/${name}`.slice(0, MAX_CHANNEL_LENGTH);
    const messages = [hundred(channel), hundred(channel), { ...hundred(channel), data: "x".repeat(760) }];
    expect(await testTable.cost(() => publish(keeping(), agent, messages, { answered: true }))).toMatchObject({
      commands: ["UpdateItem", "Query"],
      written: 1,
    });
  });

  test("costs a subscriber one read more for all its channels", async () => {
    await testTable.table.putAgent(agent);
    const { latest } = keeping();
    await latest.keep(hundred("prices/1"), 1);
    await latest.keep(hundred("prices/2"), 1);
    const cost = await testTable.cost(() => latest.read(["prices/1", "prices/2"]));
    expect(cost).toEqual({ commands: ["BatchGetItem"], read: 2, written: 0 });
  });

  test("costs other channels nothing", async () => {
    await testTable.table.putSubscriptions(agent, ["other"]);
    expect(await testTable.cost(() => publish(keeping(), agent, [hundred("other")], { answered: true }))).toEqual({
      commands: ["Query"],
      read: 1,
      written: 0,
    });
  });
});

describe("a channel that lingers", () => {
  const lingering = () => ({
    ...publishing(),
    settings: { ...DEFAULT_SETTINGS, channels: { "busy/*": { lingerMs: 250 } } },
  });
  const hundred = (uuid: string) => ({ channel: "busy/5", uuid, data: "x".repeat(70) });

  // The write stores the message. The read is of the lease, while a flusher runs.
  test("costs one write and one read per publication", async () => {
    await publish(lingering(), agent, [hundred("m1")], { answered: true });
    const cost = await testTable.cost(() => publish(lingering(), agent, [hundred("m2")], { answered: true }));
    expect(cost).toEqual({ commands: ["BatchWriteItem", "GetItem"], read: 1, written: 1 });
  });

  // The first write is for the lease. Each message is deleted after its delivery.
  test("costs a window one write, one per message, two Queries", async () => {
    flushers.length = 0;
    await testTable.table.putSubscriptions(agent, ["busy/5"]);
    for (const uuid of ["m1", "m2", "m3"]) {
      testTable.clock.chance /= 1.1;
      await publish(lingering(), agent, [hundred(uuid)], { answered: true });
    }
    expect(flushers).toHaveLength(1);
    const system = lingering();
    const cost = await testTable.cost(() => flush(system, flushers[0]!, () => 300_000));
    const window = ["PutItem", "Query", "Query", "BatchWriteItem"];
    expect(cost.commands).toEqual([...window, "PutItem", "Query", "PutItem", "Query", "DeleteItem"]);
    // The flusher renews the lease once more, finds no messages, and releases and deletes the lease.
    expect(cost.written).toBe(1 + 3 + 3);
    expect(system.connections.posts).toHaveLength(1);
    expect((await testTable.rows()).filter(({ pk }) => /^[lf]#/.test(pk?.S ?? ""))).toEqual([]);
  });

  test("costs other channels nothing", async () => {
    await testTable.table.putSubscriptions(agent, ["other"]);
    const cost = await testTable.cost(() => publish(lingering(), agent, [message("other")], { answered: true }));
    expect(cost).toEqual({ commands: ["Query"], read: 1, written: 0 });
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
