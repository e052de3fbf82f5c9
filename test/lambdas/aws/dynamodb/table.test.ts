import { CONNECTION_SECONDS, denialDeadlineOf, expiryOf } from "../../../../lambdas/connection/agent.js";
import { subscriberKey, subscriptionKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import type { ExpiredConnection } from "../../../../lambdas/ports.js";
import { agentOf, NOW } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";
import { subscribersOf } from "../../../../lambdas/delivery/recipients.js";

let it: TestTable;
useTables((table) => (it = table));

const agent = agentOf("c1", { credentials: { user: "größe", roles: [] }, info: null });
const expired = agentOf("old", { connectedAt: NOW - (CONNECTION_SECONDS + 600) * 1000 });

const overdue = async (): Promise<ExpiredConnection[]> => {
  const found: ExpiredConnection[] = [];
  for await (const one of it.table.expiredConnections()) found.push(one);
  return found;
};

describe("what is known of a connection", () => {
  test("is its agent, as it was stored", async () => {
    await it.table.putAgent(agent);
    expect(await it.table.connectionRecord("c1")).toEqual({ agent });
  });

  test("is an agent without credentials and info, where there are none; null is some", async () => {
    await it.table.putAgent(agentOf("c2"));
    await it.table.putAgent(agentOf("c3", { credentials: null }));
    expect(await it.table.connectionRecord("c2")).toEqual({ agent: agentOf("c2") });
    expect(await it.table.connectionRecord("c3")).toEqual({ agent: agentOf("c3", { credentials: null }) });
  });

  test("is an agent without an address or user agent that is empty", async () => {
    const bare = agentOf("c2", { sourceIp: "", userAgent: "" });
    await it.table.putAgent(bare);
    expect(await it.table.connectionRecord("c2")).toEqual({ agent: bare });
  });

  test("is why it was denied", async () => {
    const denial = { code: "denied", reason: "Members only." } as const;
    await it.table.putDenial("c1", NOW, denial);
    expect(await it.table.connectionRecord("c1")).toEqual({ denial });
  });

  test("is nothing, for a stranger", async () => {
    expect(await it.table.connectionRecord("stranger")).toBeUndefined();
  });

  test("is nothing once its connection cannot be alive any more, though the row is still there", async () => {
    await it.table.putAgent(expired);
    expect(await it.table.connectionRecord("old")).toBeUndefined();
    expect(await it.table.agents(["old"])).toEqual(new Map());
    expect(await it.rows()).toHaveLength(2);
  });
});

describe("agents", () => {
  test("are read in batches of a hundred, by connection", async () => {
    const agents = Array.from({ length: 130 }, (_, at) => agentOf(`c${at}`, { credentials: at }));
    for (const one of agents) await it.table.putAgent(one);
    await it.table.putDenial("denied", NOW, { code: "denied", reason: "No." });
    const ids = [...agents.map(({ connectionId }) => connectionId), "denied", "stranger"];
    const { commands } = await it.cost(async () => {
      expect(await it.table.agents(ids)).toEqual(new Map(agents.map((one) => [one.connectionId, one])));
    });
    expect(commands).toEqual(["BatchGetItem", "BatchGetItem"]);
  });

  test("of a large channel are read in at most 16 batches at a time", async () => {
    let running = 0;
    let most = 0;
    it.intercept = async (_name, input, next) => {
      most = Math.max(most, (running += 1));
      const output = await next(input);
      running -= 1;
      return output;
    };
    await it.table.agents(Array.from({ length: 2_500 }, (_, at) => `c${at}`));
    expect(it.sent).toHaveLength(25);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(16);
  });

  test("none are read without a request", async () => {
    expect((await it.cost(() => it.table.agents([]))).commands).toEqual([]);
  });
});

describe("subscriptions", () => {
  test("are found from the channel and from the agent", async () => {
    await it.table.putSubscriptions(agent, ["a", "b/*"]);
    expect(await subscribersOf(it.table, "a")).toEqual([{ connectionId: "c1", connectedAt: agent.connectedAt }]);
    expect((await it.table.connectionSubscriptions("c1")).channels.sort()).toEqual(["a", "b/*"]);
  });

  test("subscribing twice is one subscription", async () => {
    await it.table.putSubscriptions(agent, ["a", "a"]);
    await it.table.putSubscriptions(agent, ["a"]);
    expect(await it.rows()).toHaveLength(2);
  });

  test("unsubscribing one of two agents leaves the other", async () => {
    await it.table.putSubscriptions(agent, ["a"]);
    await it.table.putSubscriptions(agentOf("c2"), ["a"]);
    await it.table.deleteSubscriptions("c1", ["a", "never subscribed"]);
    expect((await subscribersOf(it.table, "a")).map(({ connectionId }) => connectionId)).toEqual(["c2"]);
    expect((await it.table.connectionSubscriptions("c1")).channels).toEqual([]);
    expect(await it.rows()).toHaveLength(2);
  });

  test("of an agent name its channels, and not the agent's own row", async () => {
    await it.table.putAgent(agent);
    await it.table.putSubscriptions(agent, ["agent"]);
    expect(await it.table.connectionSubscriptions("c1")).toEqual({
      present: true,
      channels: ["agent"],
      outdated: [],
      info: null,
    });
  });

  test("past their connection's end are nobody's, though the rows are still there; cleaning up still finds them", async () => {
    await it.table.putSubscriptions(expired, ["a"]);
    await it.table.putSubscriptions(agent, ["a"]);
    expect((await subscribersOf(it.table, "a")).map(({ connectionId }) => connectionId)).toEqual(["c1"]);
    expect(await it.table.connectionSubscriptions("old")).toEqual({ present: false, channels: ["a"], outdated: [] });
  });

  test("are nobody's from the second on in which they expire", async () => {
    await it.table.putSubscriptions(agent, ["a"]);
    it.clock.advance(expiryOf(agent.connectedAt) * 1000 - NOW - 1);
    expect(await subscribersOf(it.table, "a")).toHaveLength(1);
    it.clock.advance(1);
    expect(await subscribersOf(it.table, "a")).toEqual([]);
  });

  test("come in the order of connection ids, from behind one that was named", async () => {
    for (const id of ["c3", "C9", "c10", "c2", "-", "_"]) await it.table.putSubscriptions(agentOf(id), ["a"]);
    const ids = async (after?: string) => {
      const found: string[] = [];
      for await (const page of it.table.subscribers("a", after))
        found.push(...page.map(({ connectionId }) => connectionId));
      return found;
    };
    expect(await ids()).toEqual(["-", "C9", "_", "c10", "c2", "c3"]);
    expect(await ids("_")).toEqual(["c10", "c2", "c3"]);
  });

  test("carry when DynamoDB may delete them: at their connection's end", async () => {
    await it.table.putSubscriptions(agent, ["a"]);
    const ttl = { N: String(expiryOf(agent.connectedAt)) };
    for (const { pk, sk } of [subscriberKey("a", "c1"), subscriptionKey("c1", "a")]) {
      expect(await it.row(pk, sk)).toMatchObject({ ttl });
    }
  });
});

describe("a claim", () => {
  test("gives a connection's standing to exactly one of twenty who claim it at once", async () => {
    await it.table.putAgent(agent);
    const claims = await Promise.all(Array.from({ length: 20 }, () => it.table.takeConnection("c1")));
    expect(claims.filter((claim) => claim !== undefined)).toEqual([{ agent }]);
    expect(await it.table.connectionRecord("c1")).toBeUndefined();
    const deletes = it.sent.filter(({ name }) => name === "DeleteItem");
    expect(deletes).toHaveLength(20);
    for (const { input } of deletes) expect(input).toMatchObject({ ConditionExpression: "attribute_exists(pk)" });
  });

  test("gives an expired agent, too: it has to be told about", async () => {
    await it.table.putAgent(expired);
    expect(await it.table.takeConnection("old")).toEqual({ agent: expired });
  });

  test("gives a denial", async () => {
    await it.table.putDenial("c1", NOW, { code: "guard_timeout", reason: "Late." });
    expect(await it.table.takeConnection("c1")).toEqual({ denial: { code: "guard_timeout", reason: "Late." } });
  });

  test("of a stranger gives nothing", async () => {
    expect(await it.table.takeConnection("stranger")).toBeUndefined();
  });

  test("that fails for another reason rejects", async () => {
    it.intercept = () => Promise.reject(new Error("throttled"));
    await expect(it.table.takeConnection("c1")).rejects.toThrow("throttled");
  });
});

describe("what is overdue", () => {
  test("is noted once, however often it is named", async () => {
    await it.table.putExpired(["c1", "c2", "c1"], Math.floor(NOW / 1000) - 1);
    expect((await overdue()).map(({ connectionId }) => connectionId).sort()).toEqual(["c1", "c2"]);
  });

  test("is every connection past its deadline, agents and denials, in whichever shard, and no other", async () => {
    const gone = Array.from({ length: 40 }, (_, at) => ({ ...expired, connectionId: `gone${at}` }));
    for (const one of gone) await it.table.putAgent(one);
    await it.table.putAgent(agent);
    await it.table.putDenial("silent", NOW - 120_000, { code: "denied", reason: "No." });
    await it.table.putDenial("fresh", NOW - 1_000, { code: "denied", reason: "No." });
    const found = await overdue();
    const ids = found.map(({ connectionId }) => connectionId).sort();
    expect(ids).toEqual([...gone.map(({ connectionId }) => connectionId), "silent"].sort());
    expect(new Set(found.map(({ shard }) => shard)).size).toBeGreaterThan(8);
  });

  test("is none whose registration was deleted, by whoever knows the deadline or has found it", async () => {
    await it.table.putAgent(expired);
    await it.table.deleteRegistration("old", expiryOf(expired.connectedAt));
    expect(await overdue()).toEqual([]);
    await it.table.putDenial("silent", NOW - 120_000, { code: "denied", reason: "No." });
    for (const one of await overdue()) await it.table.deleteExpired(one);
    expect(await overdue()).toEqual([]);
  });

  test("is found by the sweep before DynamoDB may delete it", async () => {
    await it.table.putAgent(agent);
    await it.table.putDenial("denied", NOW, { code: "denied", reason: "No." });
    const deadlines = [expiryOf(agent.connectedAt), denialDeadlineOf(NOW)];
    for (const { ttl } of await it.rows()) expect(Number(ttl?.N)).toBeGreaterThan(Math.max(...deadlines));
  });
});
