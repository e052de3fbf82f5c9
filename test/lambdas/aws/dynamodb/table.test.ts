import { CONNECTION_SECONDS, denialDeadlineOf, expiryOf } from "../../../../lambdas/connection/agent.js";
import { subscriberKey, subscriptionKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import type { ExpiredConnection } from "../../../../lambdas/ports.js";
import { agentOf, NOW } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";
import { subscribersOf } from "../../../../lambdas/delivery/recipients.js";

let testTable: TestTable;
useTables((table) => (testTable = table));

const agent = agentOf("c1", { credentials: { user: "größe", roles: [] }, info: null });
const expired = agentOf("old", { connectedAt: NOW - (CONNECTION_SECONDS + 600) * 1000 });

const listExpired = async (): Promise<ExpiredConnection[]> => {
  const found: ExpiredConnection[] = [];
  for await (const one of testTable.table.expiredConnections()) found.push(one);
  return found;
};

describe("the record of a connection", () => {
  test("is its agent, as it was stored", async () => {
    await testTable.table.putAgent(agent);
    expect(await testTable.table.connectionRecord("c1")).toEqual({ agent });
  });

  test("is an agent without credentials and info if there are none", async () => {
    await testTable.table.putAgent(agentOf("c2"));
    await testTable.table.putAgent(agentOf("c3", { credentials: null }));
    expect(await testTable.table.connectionRecord("c2")).toEqual({ agent: agentOf("c2") });
    expect(await testTable.table.connectionRecord("c3")).toEqual({ agent: agentOf("c3", { credentials: null }) });
  });

  test("is an agent without an empty address or user agent", async () => {
    const bare = agentOf("c2", { sourceIp: "", userAgent: "" });
    await testTable.table.putAgent(bare);
    expect(await testTable.table.connectionRecord("c2")).toEqual({ agent: bare });
  });

  test("is the denial of a denied connection", async () => {
    const denial = { code: "denied", reason: "Members only." } as const;
    await testTable.table.putDenial("c1", NOW, denial);
    expect(await testTable.table.connectionRecord("c1")).toEqual({ denial });
  });

  test("is undefined for an unknown connection", async () => {
    expect(await testTable.table.connectionRecord("stranger")).toBeUndefined();
  });

  // The row is still there.
  test("is undefined once API Gateway must have closed the connection", async () => {
    await testTable.table.putAgent(expired);
    expect(await testTable.table.connectionRecord("old")).toBeUndefined();
    expect(await testTable.table.agents(["old"])).toEqual(new Map());
    expect(await testTable.rows()).toHaveLength(2);
  });
});

describe("agents", () => {
  test("are read in batches of a hundred, by connection id", async () => {
    const agents = Array.from({ length: 130 }, (_, at) => agentOf(`c${at}`, { credentials: at }));
    for (const one of agents) await testTable.table.putAgent(one);
    await testTable.table.putDenial("denied", NOW, { code: "denied", reason: "No." });
    const ids = [...agents.map(({ connectionId }) => connectionId), "denied", "stranger"];
    const { commands } = await testTable.cost(async () => {
      expect(await testTable.table.agents(ids)).toEqual(new Map(agents.map((one) => [one.connectionId, one])));
    });
    expect(commands).toEqual(["BatchGetItem", "BatchGetItem"]);
  });

  test("of a large channel are read in at most 16 parallel batches", async () => {
    let running = 0;
    let most = 0;
    testTable.intercept = async (_name, input, next) => {
      most = Math.max(most, (running += 1));
      const output = await next(input);
      running -= 1;
      return output;
    };
    await testTable.table.agents(Array.from({ length: 2_500 }, (_, at) => `c${at}`));
    expect(testTable.sent).toHaveLength(25);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(16);
  });

  test("are not read if no id is given", async () => {
    expect((await testTable.cost(() => testTable.table.agents([]))).commands).toEqual([]);
  });
});

describe("subscriptions", () => {
  test("are found from the channel and from the agent", async () => {
    await testTable.table.putSubscriptions(agent, ["a", "b/*"]);
    expect(await subscribersOf(testTable.table, "a")).toEqual([{ connectionId: "c1", connectedAt: agent.connectedAt }]);
    expect((await testTable.table.connectionSubscriptions("c1")).channels.sort()).toEqual(["a", "b/*"]);
  });

  test("made twice are one subscription", async () => {
    await testTable.table.putSubscriptions(agent, ["a", "a"]);
    await testTable.table.putSubscriptions(agent, ["a"]);
    expect(await testTable.rows()).toHaveLength(2);
  });

  test("of two agents are removed separately", async () => {
    await testTable.table.putSubscriptions(agent, ["a"]);
    await testTable.table.putSubscriptions(agentOf("c2"), ["a"]);
    await testTable.table.deleteSubscriptions("c1", ["a", "never subscribed"]);
    expect((await subscribersOf(testTable.table, "a")).map(({ connectionId }) => connectionId)).toEqual(["c2"]);
    expect((await testTable.table.connectionSubscriptions("c1")).channels).toEqual([]);
    expect(await testTable.rows()).toHaveLength(2);
  });

  test("of an agent list its channels without the agent's own row", async () => {
    await testTable.table.putAgent(agent);
    await testTable.table.putSubscriptions(agent, ["agent"]);
    expect(await testTable.table.connectionSubscriptions("c1")).toEqual({
      present: true,
      channels: ["agent"],
      outdated: [],
      info: null,
    });
  });

  test("of a connection that ended are hidden, but found for their removal", async () => {
    await testTable.table.putSubscriptions(expired, ["a"]);
    await testTable.table.putSubscriptions(agent, ["a"]);
    expect((await subscribersOf(testTable.table, "a")).map(({ connectionId }) => connectionId)).toEqual(["c1"]);
    expect(await testTable.table.connectionSubscriptions("old")).toEqual({
      present: false,
      channels: ["a"],
      outdated: [],
    });
  });

  test("are hidden from the second in which they expire", async () => {
    await testTable.table.putSubscriptions(agent, ["a"]);
    testTable.clock.advance(expiryOf(agent.connectedAt) * 1000 - NOW - 1);
    expect(await subscribersOf(testTable.table, "a")).toHaveLength(1);
    testTable.clock.advance(1);
    expect(await subscribersOf(testTable.table, "a")).toEqual([]);
  });

  test("are listed in the order of connection ids, after a given id", async () => {
    for (const id of ["c3", "C9", "c10", "c2", "-", "_"]) await testTable.table.putSubscriptions(agentOf(id), ["a"]);
    const ids = async (after?: string) => {
      const found: string[] = [];
      for await (const page of testTable.table.subscribers("a", after))
        found.push(...page.map(({ connectionId }) => connectionId));
      return found;
    };
    expect(await ids()).toEqual(["-", "C9", "_", "c10", "c2", "c3"]);
    expect(await ids("_")).toEqual(["c10", "c2", "c3"]);
  });

  test("carry a time to live at their connection's end", async () => {
    await testTable.table.putSubscriptions(agent, ["a"]);
    const ttl = { N: String(expiryOf(agent.connectedAt)) };
    for (const { pk, sk } of [subscriberKey("a", "c1"), subscriptionKey("c1", "a")]) {
      expect(await testTable.row(pk, sk)).toMatchObject({ ttl });
    }
  });
});

describe("takeConnection", () => {
  test("returns the record to exactly one of twenty concurrent callers", async () => {
    await testTable.table.putAgent(agent);
    const claims = await Promise.all(Array.from({ length: 20 }, () => testTable.table.takeConnection("c1")));
    expect(claims.filter((claim) => claim !== undefined)).toEqual([{ agent }]);
    expect(await testTable.table.connectionRecord("c1")).toBeUndefined();
    const deletes = testTable.sent.filter(({ name }) => name === "DeleteItem");
    expect(deletes).toHaveLength(20);
    for (const { input } of deletes) expect(input).toMatchObject({ ConditionExpression: "attribute_exists(pk)" });
  });

  test("returns an expired agent, too, whose disconnect guard has to run", async () => {
    await testTable.table.putAgent(expired);
    expect(await testTable.table.takeConnection("old")).toEqual({ agent: expired });
  });

  test("returns a denial", async () => {
    await testTable.table.putDenial("c1", NOW, { code: "guard_timeout", reason: "Late." });
    expect(await testTable.table.takeConnection("c1")).toEqual({ denial: { code: "guard_timeout", reason: "Late." } });
  });

  test("returns undefined for an unknown connection", async () => {
    expect(await testTable.table.takeConnection("stranger")).toBeUndefined();
  });

  test("rejects if the deletion fails for another reason", async () => {
    testTable.intercept = () => Promise.reject(new Error("throttled"));
    await expect(testTable.table.takeConnection("c1")).rejects.toThrow("throttled");
  });
});

describe("the expired connections", () => {
  test("contain each connection once, however often it is added", async () => {
    await testTable.table.putExpired(["c1", "c2", "c1"], Math.floor(NOW / 1000) - 1);
    expect((await listExpired()).map(({ connectionId }) => connectionId).sort()).toEqual(["c1", "c2"]);
  });

  test("are agents and denials past their deadline, in all shards", async () => {
    const gone = Array.from({ length: 40 }, (_, at) => ({ ...expired, connectionId: `gone${at}` }));
    for (const one of gone) await testTable.table.putAgent(one);
    await testTable.table.putAgent(agent);
    await testTable.table.putDenial("silent", NOW - 120_000, { code: "denied", reason: "No." });
    await testTable.table.putDenial("fresh", NOW - 1_000, { code: "denied", reason: "No." });
    const found = await listExpired();
    const ids = found.map(({ connectionId }) => connectionId).sort();
    expect(ids).toEqual([...gone.map(({ connectionId }) => connectionId), "silent"].sort());
    expect(new Set(found.map(({ shard }) => shard)).size).toBeGreaterThan(8);
  });

  // It is deleted by a caller that knows the deadline, or that found it here.
  test("do not contain connections whose registration was deleted", async () => {
    await testTable.table.putAgent(expired);
    await testTable.table.deleteRegistration("old", expiryOf(expired.connectedAt));
    expect(await listExpired()).toEqual([]);
    await testTable.table.putDenial("silent", NOW - 120_000, { code: "denied", reason: "No." });
    for (const one of await listExpired()) await testTable.table.deleteExpired(one);
    expect(await listExpired()).toEqual([]);
  });

  test("are found by the sweep before DynamoDB may delete them", async () => {
    await testTable.table.putAgent(agent);
    await testTable.table.putDenial("denied", NOW, { code: "denied", reason: "No." });
    const deadlines = [expiryOf(agent.connectedAt), denialDeadlineOf(NOW)];
    for (const { ttl } of await testTable.rows()) expect(Number(ttl?.N)).toBeGreaterThan(Math.max(...deadlines));
  });
});
