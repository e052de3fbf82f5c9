import { MAX_CHANNEL_LENGTH } from "../../../../protocol/index.js";
import { AgentCache } from "../../../../lambdas/connection/agent-cache.js";
import { publish } from "../../../../lambdas/publish/publish.js";
import { flush } from "../../../../lambdas/linger/linger-flusher.js";
import type { FlushTask } from "../../../../lambdas/linger/linger.js";
import { HistoryTable } from "../../../../lambdas/aws/dynamodb/history-table.js";
import { LatestTable } from "../../../../lambdas/aws/dynamodb/latest-table.js";
import { LingerTable } from "../../../../lambdas/aws/dynamodb/linger-table.js";
import { DEFAULT_SETTINGS } from "../../../../lambdas/settings.js";
import { RateLimiter } from "../../../../lambdas/requests/rate-limiter.js";
import { LINGERING_MS } from "../../../../lambdas/requests/request-rates.js";
import { openGuards } from "../../../../lambdas/guards/developer-guards.js";
import { agentOf, TestConnections, TestLog, TestSegments } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";
import { agent, CONNECTION, longest } from "./table-units-system.js";

/* The cost of each operation, as the engine bills it (ConsumedCapacity), for items of up to 1 KB. */

let testTable: TestTable;
useTables((table) => (testTable = table));

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
