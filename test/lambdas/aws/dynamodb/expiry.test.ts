import { RENEWAL_GRACE_SECONDS } from "../../../../protocol/index.js";
import { CONNECTION_SECONDS, endOf, EXPIRED } from "../../../../lambdas/connection/agent.js";
import { userChannel } from "../../../../lambdas/aws/dynamodb/keys.js";
import type { ExpiredConnection } from "../../../../lambdas/ports.js";
import { agentOf, NOW } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";
import { subscribersOf } from "../../../../lambdas/delivery/recipients.js";

let it: TestTable;
useTables((table) => (it = table));

describe("an agent that was not renewed", () => {
  const over = agentOf("over", { expiresAt: NOW - RENEWAL_GRACE_SECONDS * 1000 });
  const last = agentOf("last", { expiresAt: NOW - RENEWAL_GRACE_SECONDS * 1000 + 1_000 });
  beforeEach(async () => {
    for (const agent of [over, last]) {
      await it.table.putAgent(agent);
      await it.table.putSubscriptions(agent, ["a"]);
    }
  });

  test("is one for a minute more, and none from then on, whatever rows there still are", async () => {
    expect(await it.table.connectionRecord("last")).toEqual({ agent: last });
    expect(await it.table.connectionRecord("over")).toEqual({ denial: EXPIRED });
    expect([...(await it.table.agents(["over", "last"])).keys()]).toEqual(["last"]);
  });

  test("is found by publications as one that gets nothing and has to be told", async () => {
    const found = await subscribersOf(it.table, "a");
    expect(Object.fromEntries(found.map(({ connectionId, expired }) => [connectionId, expired]))).toEqual({
      over: true,
      last: undefined,
    });
  });
});

const overdue = async (): Promise<ExpiredConnection[]> => {
  const found: ExpiredConnection[] = [];
  for await (const one of it.table.expiredConnections()) found.push(one);
  return found;
};

describe("an agent that has to be renewed", () => {
  const expiresAt = NOW + 10_000;
  const OVER = 10_000 + RENEWAL_GRACE_SECONDS * 1000;
  const due = agentOf("c1", { userId: "ada", expiresAt });
  const renewed = { ...due, info: "new", expiresAt: NOW + 900_000, renewals: 1 };
  const ids = async (): Promise<[string, boolean][]> =>
    (await overdue()).map(({ connectionId, renewable }) => [connectionId, renewable]);

  test("is there until a minute after its time, then it has expired; once its connection must be gone, it is nothing", async () => {
    await it.table.putAgent(due);
    it.clock.advance(OVER - 1);
    expect(await it.table.connectionRecord("c1")).toEqual({ agent: due });
    it.clock.advance(1);
    expect(await it.table.connectionRecord("c1")).toEqual({ denial: EXPIRED });
    expect(await it.table.agents(["c1"])).toEqual(new Map());
    it.clock.advance(CONNECTION_SECONDS * 1000);
    expect(await it.table.connectionRecord("c1")).toBeUndefined();
  });

  test("is a subscriber until then, and after it one to be told and closed", async () => {
    await it.table.putAgent(due);
    await it.table.putSubscriptions(due, ["a"]);
    const subscriber = { connectionId: "c1", connectedAt: due.connectedAt };
    it.clock.advance(OVER - 1);
    expect(await subscribersOf(it.table, "a")).toEqual([subscriber]);
    it.clock.advance(1);
    expect(await subscribersOf(it.table, "a")).toEqual([{ ...subscriber, expired: true }]);
  });

  test("is overdue from then on, as one that may have been renewed", async () => {
    await it.table.putAgent(due);
    it.clock.advance(OVER + 999);
    expect(await ids()).toEqual([]);
    it.clock.advance(1);
    expect(await ids()).toEqual([["c1", true]]);
  });

  test("and is renewed has a new end, of which the sweep knows; of the old one until whoever renewed it is done", async () => {
    await it.table.putAgent(due);
    expect(await it.table.renewAgent({ ...due, info: "new", expiresAt: renewed.expiresAt }, due)).toEqual(renewed);
    expect(await it.table.connectionRecord("c1")).toEqual({ agent: renewed });
    it.clock.advance(OVER + 1_000);
    expect(await ids()).toEqual([["c1", true]]);
    await it.table.deleteRegistration("c1", endOf(due));
    expect(await ids()).toEqual([]);
    it.clock.advance(900_000);
    expect(await ids()).toEqual([["c1", true]]);
  });

  test("knows whose subscriptions end at another time than it does, and until when it is vouched for", async () => {
    await it.table.putAgent(due);
    await it.table.putSubscriptions(due, ["a", "b"]);
    expect(await it.table.connectionSubscriptions("c1")).toEqual({
      present: true,
      channels: ["a", "b"],
      outdated: [],
      expiresAt,
    });
    await it.table.renewAgent(renewed, due);
    await it.table.putSubscriptions(renewed, ["b"]);
    expect(await it.table.connectionSubscriptions("c1")).toMatchObject({
      outdated: ["a"],
      expiresAt: renewed.expiresAt,
    });
    await it.table.renewSubscriptions(renewed, ["a"]);
    expect(await it.table.connectionSubscriptions("c1")).toMatchObject({ outdated: [] });
    it.clock.advance(OVER);
    expect((await subscribersOf(it.table, "a"))[0]).not.toHaveProperty("expired");
  });

  test("keeps its session among its user's connections when it is renewed", async () => {
    const session = "0123456789abcdefghij-_";
    const user = userChannel("ada");
    await it.table.putSubscriptions({ ...due, session }, ["a", user]);
    const marked = [{ connectionId: "c1", connectedAt: due.connectedAt, session: session.slice(0, 8) }];
    expect(await subscribersOf(it.table, user)).toEqual(marked);
    expect((await subscribersOf(it.table, "a"))[0]).not.toHaveProperty("session");
    await it.table.renewSubscriptions({ ...renewed, session }, ["a", user]);
    expect(await subscribersOf(it.table, user)).toEqual(marked);
  });

  test("may lose its end when it is renewed, and get one", async () => {
    const { expiresAt: _end, ...endless } = due;
    await it.table.putAgent(due);
    const once = await it.table.renewAgent(endless, due);
    expect(once).toEqual({ ...endless, renewals: 1 });
    expect(await it.table.connectionRecord("c1")).toEqual({ agent: once });
    expect(await it.table.renewAgent(due, once!)).toEqual({ ...due, renewals: 2 });
    expect(await it.table.connectionRecord("c1")).toEqual({ agent: { ...due, renewals: 2 } });
  });

  test("is not renewed when it has left: nothing comes back", async () => {
    await it.table.putAgent(due);
    await it.table.putSubscriptions(due, ["a"]);
    await it.table.takeConnection("c1");
    expect(await it.table.renewAgent(renewed, due)).toBeUndefined();
    expect(await it.table.connectionRecord("c1")).toBeUndefined();
    await it.table.deleteSubscriptions("c1", ["a"]);
    await it.table.renewSubscriptions(renewed, ["a"]);
    expect(await it.table.connectionSubscriptions("c1")).toEqual({ present: false, channels: [], outdated: [] });
    expect(await subscribersOf(it.table, "a")).toEqual([]);
  });

  test.each([
    ["other ends", (at: number) => NOW + 100_000 + at * 1_000],
    ["the same end", () => expiresAt],
    ["no end", () => undefined],
  ])("is renewed by exactly one of twenty at once that give it %s", async (_, endAt) => {
    const { expiresAt: _end, ...endless } = due;
    const before = endAt(0) === undefined ? endless : due;
    await it.table.putAgent(before);
    const others = Array.from({ length: 20 }, (_, at) => {
      const end = endAt(at);
      return { ...endless, info: at, ...(end === undefined ? {} : { expiresAt: end }) };
    });
    const won = (await Promise.all(others.map((other) => it.table.renewAgent(other, before)))).flatMap(
      (done) => done ?? [],
    );
    expect(won).toHaveLength(1);
    expect(await it.table.connectionRecord("c1")).toEqual({ agent: won[0] });
    const registered = (await it.rows()).flatMap(({ pk, sk }) => (pk?.S?.startsWith("r#") ? [sk?.S] : []));
    expect(registered.sort()).toEqual([...new Set([endOf(before), endOf(won[0]!)].map((end) => `${end}#c1`))].sort());
  });

  test("is not renewed over another's connection id", async () => {
    await it.table.putAgent({ ...due, uuid: "another" });
    expect(await it.table.renewAgent(renewed, due)).toBeUndefined();
  });

  test("and whose next registration cannot be written keeps the last, for the sweep to find", async () => {
    await it.table.putAgent(due);
    it.intercept = async (name, input, next) =>
      name === "BatchWriteItem" ? Promise.reject(new Error("killed")) : next(input);
    await expect(it.table.renewAgent(renewed, due)).rejects.toThrow("killed");
    it.intercept = undefined;
    it.clock.advance(OVER + 1_000);
    expect(await ids()).toEqual([["c1", true]]);
    expect(await it.table.connectionRecord("c1")).toEqual({ agent: renewed });
  });

  test("and whose new end cannot be written rejects, and has changed nothing", async () => {
    await it.table.putAgent(due);
    it.intercept = async (name, input, next) =>
      name === "PutItem" ? Promise.reject(new Error("throttled")) : next(input);
    await expect(it.table.renewAgent(renewed, due)).rejects.toThrow("throttled");
    expect(await it.table.connectionRecord("c1")).toEqual({ agent: due });
  });
});
