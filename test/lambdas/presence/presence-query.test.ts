import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { answerPresenceQuery } from "../../../lambdas/presence/presence-query.js";
import { RateLimiter } from "../../../lambdas/requests/rate-limiter.js";
import { memberPlace } from "../../../lambdas/presence/members.js";
import { handleServerRequest } from "../../../lambdas/server-api/server-api.js";
import type { Verdict } from "../../../lambdas/ports.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { type PresencePage, MAX_FRAME_BYTES, type Json } from "../../../protocol/index.js";
import { agentOf, NOW, TestClock } from "../support/fakes.js";
import { fanOutSystem } from "../delivery/fan-out-system.js";
import { MemoryMembers, MemoryOccupancy } from "./presence-fakes.js";

const me = agentOf("me");

const setUp = (verdict: Verdict = { permitted: true, subscribe: ["rooms/1"], publish: [] }) => {
  const members = new MemoryMembers();
  const clock = new TestClock();
  const settings = {
    ...DEFAULT_SETTINGS,
    wildcards: ["rooms/*"],
    channels: { "rooms/*": { presence: true }, "rooms/1": { presence: true, presenceState: true } } as const,
  };
  const asked: string[] = [];
  const guards = {
    ...openGuards,
    subscription: async (_agent: unknown, channel: string) => (asked.push(channel), verdict),
  };
  const rate = new RateLimiter({ perSecond: 1, burst: 20 }, clock, 10);
  const occupancy = new MemoryOccupancy();
  const system = { members, occupancy, clock, settings, guards, rate };
  const ask = async (channel = "rooms/1", after?: string) =>
    answerPresenceQuery(system, me, { uuid: "u1", channel, ...(after === undefined ? {} : { after }) });
  const join = (id: string, more: { userId?: string; info?: Json } = {}) =>
    members.join(agentOf(id, { uuid: id, ...more }), "rooms/1", clock.now());
  const leave = (id: string, more: { userId?: string } = {}) =>
    members.leave(id, memberPlace({ uuid: id, ...more }), "rooms/1", NOW);
  return { members, occupancy, clock, guards, ask, asked, join, leave };
};

/** Agents in the order of their places in a page, which does not depend on their ids. */
const inOrder = (...ids: string[]) =>
  ids
    .sort((a, b) => (memberPlace({ uuid: a }) < memberPlace({ uuid: b }) ? -1 : 1))
    .map((agent) => ({ agent, connections: [agent] }));

// A member without a connection is returned until the grace is over, as for subscribers that receive events.
test("a query returns the present members and their number", async () => {
  const { clock, ask, join, leave } = setUp();
  for (const id of ["c", "a", "b"]) await join(id);
  await join("gone");
  await leave("gone");
  expect((await ask()).data).toMatchObject({ count: 4 });
  clock.advance(DEFAULT_SETTINGS.presenceGraceMs);
  expect(await ask()).toEqual({
    channel: "/meta/presence",
    uuid: "u1",
    successful: true,
    data: { channel: "rooms/1", count: 3, members: inOrder("a", "b", "c") },
  });
});

test("a query counts a user with several connections once", async () => {
  const { clock, ask, join, leave } = setUp();
  for (const id of ["a", "b", "c"]) {
    await join(id, { userId: "ada", info: id });
    clock.advance(1);
  }
  await join("d", { userId: "dan" });
  await leave("b", { userId: "ada" });
  const { count, members } = (await ask()).data as unknown as PresencePage;
  expect(count).toBe(2);
  expect(members.find(({ userId }) => userId === "ada")).toMatchObject({ agent: "a", connections: ["a", "c"] });
});

test("entries of version 0.2.0 are members until their leases end", async () => {
  const { members, clock, ask } = setUp();
  members.putOld("rooms/1", agentOf("old", { uuid: "old" }), { until: NOW + 1 });
  expect((await ask()).data).toMatchObject({ count: 1, members: [{ agent: "old" }] });
  clock.advance(1);
  expect((await ask()).data).toEqual({ channel: "rooms/1", count: 0, members: [] });
});

test("a query returns the user id and info of an agent only", async () => {
  const { ask, join } = setUp();
  await join("a", { userId: "ada", info: null });
  expect((await ask()).data).toMatchObject({ members: [{ agent: "a", userId: "ada", info: null }] });
});

// A page continues after a member even if that member has left.
test("pages of one frame each return all members, even during leaves", async () => {
  const { ask, join, leave } = setUp();
  const ids = Array.from({ length: 300 }, (_, at) => `agent-${String(at).padStart(4, "0")}`);
  for (const id of ids) await join(id, { info: "\u20ac".repeat(80) });
  const agents: string[] = [];
  for (let after: string | undefined = ""; after !== undefined;) {
    const answer = await ask("rooms/1", after);
    expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(MAX_FRAME_BYTES);
    const { members: page, more } = answer.data as unknown as PresencePage;
    agents.push(...page.map(({ agent }) => agent));
    if (more !== undefined) await leave(agents.at(-1)!);
    after = more;
  }
  expect([...agents].sort()).toEqual(ids);
});

/** The cost of a channel's members: the most rows that one reply reads, and all rows of all replies. */
const reading = async (count: number, { gone = false, users = count } = {}) => {
  const { members, clock, ask, join, leave } = setUp();
  for (let at = 0; at < count; at += 1) {
    const [id, userId] = [`agent-${String(at).padStart(16, "0")}`, `user-${at % users}`];
    await join(id, { userId, info: { name: "x".repeat(20) } });
    if (gone) await leave(id, { userId });
  }
  if (gone) clock.advance(DEFAULT_SETTINGS.presenceGraceMs);
  const answers: number[] = [];
  const page = members.page.bind(members);
  members.page = async (...asked) => {
    const read = await page(...asked);
    answers[answers.length - 1]! += read.entries.length;
    return read;
  };
  const agents = new Set<string>();
  for (let after: string | undefined = ""; after !== undefined;) {
    answers.push(0);
    const data: PresencePage = (await ask("rooms/1", after)).data as unknown as PresencePage;
    for (const { agent } of data.members) {
      expect(agents.has(agent)).toBe(false);
      agents.add(agent);
    }
    after = data.more;
  }
  return { agents: agents.size, answers, most: Math.max(...answers), sum: answers.reduce((a, b) => a + b, 0) };
};

// All replies together read each row at most twice.
test("a reply reads few rows beyond its members, however many there are", async () => {
  const { agents, most, sum } = await reading(4_000);
  expect(agents).toBe(4_000);
  expect(most).toBeLessThan(600);
  expect(sum).toBeLessThan(2 * 4_000);
});

// The reply then has no members, but has a position to continue from.
test("a reply reads at most 1,000 rows, even without present members", async () => {
  const { agents, answers } = await reading(2_500, { gone: true });
  expect([agents, answers]).toEqual([0, [1_000, 1_000, 500]]);
});

test("a member whose connections are on two pages is returned once", async () => {
  expect((await reading(1_500, { users: 500 })).agents).toBe(500);
});

test("the count is exact on one page, else from the last run", async () => {
  const { members, occupancy, ask, join } = setUp();
  const count = async (after?: string) => (await ask("rooms/1", after)).data as unknown as PresencePage;
  await occupancy.setCount("rooms/1", 1_234);
  for (let at = 0; at < 20; at += 1) await join(`c${at}`);
  expect(await count()).toMatchObject({ count: 20 });
  expect(occupancy.rows.size).toBe(1);
  for (let at = 20; at < 1_200; at += 1) await join(`c${at}`);
  const first = await count();
  expect(first).toMatchObject({ count: 1_234, more: expect.any(String) });
  expect(await count(first.more)).toMatchObject({ count: 1_234 });
  occupancy.rows.clear();
  expect((await count()).count).toBe(first.members.length);
  expect(members.rows.size).toBe(1_200);
});

test.each<[string, Verdict, string]>([
  ["denies", { permitted: false, code: "denied", reason: "No." }, "denied"],
  ["does not decide", { permitted: false, code: "guard_timeout", reason: "Late." }, "guard_timeout"],
  ["permits another channel", { permitted: true, subscribe: ["rooms/2"], publish: [] }, "denied"],
])("a guard that %s denies the query", async (_, verdict, code) => {
  const { ask, join } = setUp(verdict);
  await join("a");
  expect(await ask()).toMatchObject({ successful: false, code, data: { channel: "rooms/1" } });
});

test("queries above the rate are refused before a guard runs", async () => {
  const { clock, ask, asked } = setUp();
  for (let times = 0; times < 20; times += 1) expect(await ask()).toMatchObject({ successful: true });
  expect(await ask()).toMatchObject({
    channel: "/meta/presence",
    successful: false,
    code: "rate_limited",
    data: { channel: "rooms/1" },
  });
  expect(asked).toHaveLength(20);
  clock.advance(1_000);
  expect(await ask()).toMatchObject({ successful: true });
});

test.each([
  ["plain", "no_presence"],
  ["rooms/*", "no_presence"],
  ["a b", "bad_channel"],
  ["/meta/user/ada", "reserved_channel"],
])("a query of %s is refused before a guard runs: %s", async (channel, code) => {
  const { ask, asked } = setUp();
  expect(await ask(channel)).toMatchObject({ successful: false, code, data: { channel } });
  expect(asked).toEqual([]);
});

test("the server API reads presence without a guard, in larger pages", async () => {
  const system = { ...fanOutSystem({ channels: { "rooms/*": { presence: true } } }), newUuid: () => "made" };
  for (const id of ["a", "b"]) await system.members.join(agentOf(id, { uuid: id }), "rooms/1", NOW);
  const ask = (presence: unknown) => handleServerRequest(system, { version: 1, presence });
  expect(await ask({ channel: "rooms/1" })).toEqual({
    version: 1,
    presence: { channel: "rooms/1", count: 2, members: inOrder("a", "b") },
  });
  const [first, second] = inOrder("a", "b");
  expect(await ask({ channel: "rooms/1", after: memberPlace({ uuid: first!.agent }) })).toMatchObject({
    presence: { members: [second] },
  });
  expect(await ask({ channel: "plain" })).toMatchObject({ code: "no_presence" });
  expect(await ask({})).toMatchObject({ code: "bad_request" });
});
