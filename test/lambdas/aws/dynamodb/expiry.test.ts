import { RENEWAL_GRACE_SECONDS } from "../../../../protocol/index.js";
import { CONNECTION_SECONDS, endOf, EXPIRED } from "../../../../lambdas/connection/agent.js";
import { userChannel } from "../../../../lambdas/subscriptions/user-channel.js";
import type { ExpiredConnection } from "../../../../lambdas/ports.js";
import { agentOf, NOW } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";
import { subscribersOf } from "../../../../lambdas/delivery/recipients.js";

let testTable: TestTable;
useTables((table) => (testTable = table));

describe("an agent that was not renewed", () => {
  const over = agentOf("over", { expiresAt: NOW - RENEWAL_GRACE_SECONDS * 1000 });
  const last = agentOf("last", { expiresAt: NOW - RENEWAL_GRACE_SECONDS * 1000 + 1_000 });
  beforeEach(async () => {
    for (const agent of [over, last]) {
      await testTable.table.putAgent(agent);
      await testTable.table.putSubscriptions(agent, ["a"]);
    }
  });

  test("stays for a minute, and is then expired, whatever rows remain", async () => {
    expect(await testTable.table.connectionRecord("last")).toEqual({ agent: last });
    expect(await testTable.table.connectionRecord("over")).toEqual({ denial: EXPIRED });
    expect([...(await testTable.table.agents(["over", "last"])).keys()]).toEqual(["last"]);
  });

  test("is found by publications as an expired subscriber", async () => {
    const found = await subscribersOf(testTable.table, "a");
    expect(Object.fromEntries(found.map(({ connectionId, expired }) => [connectionId, expired]))).toEqual({
      over: true,
      last: undefined,
    });
  });
});

const listExpired = async (): Promise<ExpiredConnection[]> => {
  const found: ExpiredConnection[] = [];
  for await (const one of testTable.table.expiredConnections()) found.push(one);
  return found;
};

describe("an agent with an expiry", () => {
  const expiresAt = NOW + 10_000;
  const OVER = 10_000 + RENEWAL_GRACE_SECONDS * 1000;
  const due = agentOf("c1", { userId: "ada", expiresAt });
  const renewed = { ...due, info: "new", expiresAt: NOW + 900_000, renewals: 1 };
  const ids = async (): Promise<[string, boolean][]> =>
    (await listExpired()).map(({ connectionId, renewable }) => [connectionId, renewable]);

  // It vanishes when API Gateway must have closed its connection.
  test("expires a minute after its time, and later vanishes", async () => {
    await testTable.table.putAgent(due);
    testTable.clock.advance(OVER - 1);
    expect(await testTable.table.connectionRecord("c1")).toEqual({ agent: due });
    testTable.clock.advance(1);
    expect(await testTable.table.connectionRecord("c1")).toEqual({ denial: EXPIRED });
    expect(await testTable.table.agents(["c1"])).toEqual(new Map());
    testTable.clock.advance(CONNECTION_SECONDS * 1000);
    expect(await testTable.table.connectionRecord("c1")).toBeUndefined();
  });

  test("is a subscriber until it expires, and then an expired one", async () => {
    await testTable.table.putAgent(due);
    await testTable.table.putSubscriptions(due, ["a"]);
    const subscriber = { connectionId: "c1", connectedAt: due.connectedAt };
    testTable.clock.advance(OVER - 1);
    expect(await subscribersOf(testTable.table, "a")).toEqual([subscriber]);
    testTable.clock.advance(1);
    expect(await subscribersOf(testTable.table, "a")).toEqual([{ ...subscriber, expired: true }]);
  });

  test("is found by the sweep as renewable once it has expired", async () => {
    await testTable.table.putAgent(due);
    testTable.clock.advance(OVER + 999);
    expect(await ids()).toEqual([]);
    testTable.clock.advance(1);
    expect(await ids()).toEqual([["c1", true]]);
  });

  // The sweep finds the old registration, too, until the renewal has deleted it.
  test("gets a new registration when it is renewed", async () => {
    await testTable.table.putAgent(due);
    expect(await testTable.table.renewAgent({ ...due, info: "new", expiresAt: renewed.expiresAt }, due)).toEqual(
      renewed,
    );
    expect(await testTable.table.connectionRecord("c1")).toEqual({ agent: renewed });
    testTable.clock.advance(OVER + 1_000);
    expect(await ids()).toEqual([["c1", true]]);
    await testTable.table.deleteRegistration("c1", endOf(due));
    expect(await ids()).toEqual([]);
    testTable.clock.advance(900_000);
    expect(await ids()).toEqual([["c1", true]]);
  });

  test("lists subscriptions whose end differs from its own, and its expiry", async () => {
    await testTable.table.putAgent(due);
    await testTable.table.putSubscriptions(due, ["a", "b"]);
    expect(await testTable.table.connectionSubscriptions("c1")).toEqual({
      present: true,
      channels: ["a", "b"],
      outdated: [],
      expiresAt,
    });
    await testTable.table.renewAgent(renewed, due);
    await testTable.table.putSubscriptions(renewed, ["b"]);
    expect(await testTable.table.connectionSubscriptions("c1")).toMatchObject({
      outdated: ["a"],
      expiresAt: renewed.expiresAt,
    });
    await testTable.table.renewSubscriptions(renewed, ["a"]);
    expect(await testTable.table.connectionSubscriptions("c1")).toMatchObject({ outdated: [] });
    testTable.clock.advance(OVER);
    expect((await subscribersOf(testTable.table, "a"))[0]).not.toHaveProperty("expired");
  });

  test("still only observes a channel after its renewal", async () => {
    await testTable.table.putAgent(due);
    await testTable.table.putSubscriptions(due, ["a", "b"], new Set(["a"]));
    expect(await testTable.table.connectionSubscriptions("c1")).toMatchObject({ observed: ["a"] });
    await testTable.table.renewAgent(renewed, due);
    await testTable.table.renewSubscriptions(renewed, ["a", "b"], new Set(["a"]));
    expect(await testTable.table.connectionSubscriptions("c1")).toMatchObject({ outdated: [], observed: ["a"] });
  });

  test("keeps its session in its user's channel when it is renewed", async () => {
    const session = "0123456789abcdefghij-_";
    const user = userChannel("ada");
    await testTable.table.putSubscriptions({ ...due, session }, ["a", user]);
    const marked = [{ connectionId: "c1", connectedAt: due.connectedAt, session: session.slice(0, 8) }];
    expect(await subscribersOf(testTable.table, user)).toEqual(marked);
    expect((await subscribersOf(testTable.table, "a"))[0]).not.toHaveProperty("session");
    await testTable.table.renewSubscriptions({ ...renewed, session }, ["a", user]);
    expect(await subscribersOf(testTable.table, user)).toEqual(marked);
  });

  test("may lose its expiry when renewed, and get one again", async () => {
    const { expiresAt: _end, ...endless } = due;
    await testTable.table.putAgent(due);
    const once = await testTable.table.renewAgent(endless, due);
    expect(once).toEqual({ ...endless, renewals: 1 });
    expect(await testTable.table.connectionRecord("c1")).toEqual({ agent: once });
    expect(await testTable.table.renewAgent(due, once!)).toEqual({ ...due, renewals: 2 });
    expect(await testTable.table.connectionRecord("c1")).toEqual({ agent: { ...due, renewals: 2 } });
  });

  test("is not renewed after it left, and no row comes back", async () => {
    await testTable.table.putAgent(due);
    await testTable.table.putSubscriptions(due, ["a"]);
    await testTable.table.takeConnection("c1");
    expect(await testTable.table.renewAgent(renewed, due)).toBeUndefined();
    expect(await testTable.table.connectionRecord("c1")).toBeUndefined();
    await testTable.table.deleteSubscriptions("c1", ["a"]);
    await testTable.table.renewSubscriptions(renewed, ["a"]);
    expect(await testTable.table.connectionSubscriptions("c1")).toEqual({ present: false, channels: [], outdated: [] });
    expect(await subscribersOf(testTable.table, "a")).toEqual([]);
  });

  test.each([
    ["different expiries", (at: number) => NOW + 100_000 + at * 1_000],
    ["the same expiry", () => expiresAt],
    ["no expiry", () => undefined],
  ])("is renewed by one of twenty concurrent renewals with %s", async (_, endAt) => {
    const { expiresAt: _end, ...endless } = due;
    const before = endAt(0) === undefined ? endless : due;
    await testTable.table.putAgent(before);
    const others = Array.from({ length: 20 }, (_, at) => {
      const end = endAt(at);
      return { ...endless, info: at, ...(end === undefined ? {} : { expiresAt: end }) };
    });
    const won = (await Promise.all(others.map((other) => testTable.table.renewAgent(other, before)))).flatMap(
      (done) => done ?? [],
    );
    expect(won).toHaveLength(1);
    expect(await testTable.table.connectionRecord("c1")).toEqual({ agent: won[0] });
    const registered = (await testTable.rows()).flatMap(({ pk, sk }) => (pk?.S?.startsWith("r#") ? [sk?.S] : []));
    expect(registered.sort()).toEqual([...new Set([endOf(before), endOf(won[0]!)].map((end) => `${end}#c1`))].sort());
  });

  test("is not renewed if its connection id belongs to another agent", async () => {
    await testTable.table.putAgent({ ...due, uuid: "another" });
    expect(await testTable.table.renewAgent(renewed, due)).toBeUndefined();
  });

  // The sweep finds the agent by it.
  test("keeps its last registration if the next one cannot be written", async () => {
    await testTable.table.putAgent(due);
    testTable.intercept = async (name, input, next) =>
      name === "BatchWriteItem" ? Promise.reject(new Error("killed")) : next(input);
    await expect(testTable.table.renewAgent(renewed, due)).rejects.toThrow("killed");
    testTable.intercept = undefined;
    testTable.clock.advance(OVER + 1_000);
    expect(await ids()).toEqual([["c1", true]]);
    expect(await testTable.table.connectionRecord("c1")).toEqual({ agent: renewed });
  });

  test("is unchanged if its new expiry cannot be written", async () => {
    await testTable.table.putAgent(due);
    testTable.intercept = async (name, input, next) =>
      name === "PutItem" ? Promise.reject(new Error("throttled")) : next(input);
    await expect(testTable.table.renewAgent(renewed, due)).rejects.toThrow("throttled");
    expect(await testTable.table.connectionRecord("c1")).toEqual({ agent: due });
  });
});
