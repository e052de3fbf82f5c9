import { type Agent, EXPIRED } from "../../../lambdas/connection/agent.js";
import { userChannel } from "../../../lambdas/subscriptions/user-channel.js";
import type { GuardPort, Permitted } from "../../../lambdas/ports.js";
import { RateLimiter } from "../../../lambdas/requests/rate-limiter.js";
import { REFRESH_REQUESTS } from "../../../lambdas/requests/request-rates.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { refresh } from "../../../lambdas/routes/refresh.js";
import { DEFAULT_SETTINGS, type Settings } from "../../../lambdas/settings.js";
import { RENEWAL_GRACE_SECONDS } from "../../../protocol/index.js";
import { agentOf, NOW, TestClock, TestConnections, TestLog } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";

const SOON = NOW + 30_000;
const LATER = NOW + 900_000;
const before = agentOf("c1", { credentials: "old", info: "old", userId: "ada", expiresAt: SOON });

const permitted = (more: Partial<Permitted> = {}): Permitted => ({
  permitted: true,
  subscribe: [],
  publish: [],
  expiresAt: LATER,
  ...more,
});

const setUp = async (
  connection: GuardPort["connection"] = async () => permitted(),
  settings: Partial<Settings> = {},
) => {
  const store = await new MemoryStore().with(before, "a", userChannel("ada"));
  const clock = new TestClock();
  const connections = new TestConnections(clock, store.calls);
  const log = new TestLog();
  const asked: { agent: Agent; isConnected: boolean | undefined }[] = [];
  const left: string[] = [];
  const guards: GuardPort = {
    ...openGuards,
    connection: (agent, isConnected) => {
      asked.push({ agent, isConnected });
      return connection(agent, isConnected);
    },
    disconnected: async ({ connectionId }) => void left.push(connectionId),
  };
  const system = {
    settings: { ...DEFAULT_SETTINGS, ...settings },
    store,
    guards,
    clock,
    connections,
    log,
    rate: new RateLimiter(REFRESH_REQUESTS, clock, 10),
  };
  const ask = (data?: unknown, more: object = {}) =>
    refresh(system, before, JSON.stringify({ action: "refresh", channel: "/meta/refresh", uuid: "u1", data, ...more }));
  const stored = (): Agent | undefined => {
    const standing = store.records.get("c1");
    return standing && "agent" in standing ? standing.agent : undefined;
  };
  const ends = () => ["a", userChannel("ada")].map((channel) => store.endOf("c1", channel));
  return { store, clock, connections, log, asked, left, ask, stored, ends, system };
};

const end = (expiresAt: number): number => expiresAt / 1000 + RENEWAL_GRACE_SECONDS;

describe("the connection guard", () => {
  test("gets the new credentials and an agent that is connected", async () => {
    const { ask, asked } = await setUp();
    await ask({ credentials: { token: 2 } });
    expect(asked).toEqual([{ agent: { ...before, credentials: { token: 2 } }, isConnected: true }]);
  });

  test.each([undefined, {}, { other: 1 }])("gets no credentials if data is %j", async (data) => {
    const { ask, asked } = await setUp();
    await ask(data);
    expect(asked[0]?.agent).not.toHaveProperty("credentials");
  });

  test("that accepts replaces the agent's values and returns the remaining time", async () => {
    const { ask, stored, ends, store } = await setUp(async () =>
      permitted({ credentials: "claims", info: "new", userId: "ada" }),
    );
    expect(await ask({ credentials: "new" })).toMatchObject([
      {
        channel: "/meta/refresh",
        uuid: "u1",
        successful: true,
        data: { agent: before.uuid, userId: "ada", expiresInMs: 900_000 },
      },
    ]);
    expect(stored()).toEqual({ ...before, credentials: "claims", info: "new", expiresAt: LATER, renewals: 1 });
    expect(ends()).toEqual([end(LATER), end(LATER)]);
    expect([...store.registrations]).toEqual([`${end(LATER)}#c1`]);
  });

  test("that sets no values leaves only the user id", async () => {
    const { ask, stored } = await setUp(async () => ({ permitted: true, subscribe: [], publish: [] }));
    const [answer] = await ask({ credentials: "new" });
    expect(answer?.data).not.toHaveProperty("expiresInMs");
    const { credentials: _c, info: _i, expiresAt: _e, ...bare } = before;
    expect(stored()).toEqual({ ...bare, renewals: 1 });
  });

  test("keeps no credentials if the stack says so", async () => {
    const { ask, stored } = await setUp(async () => permitted({ credentials: "claims" }), { keepCredentials: false });
    await ask({ credentials: "new" });
    expect(stored()).not.toHaveProperty("credentials");
  });

  test("may subscribe the agent", async () => {
    const { ask, store, ends } = await setUp(async () => permitted({ subscribe: ["b"] }));
    await ask();
    expect(store.endOf("c1", "b")).toBe(end(LATER));
    expect(ends()).toEqual([end(LATER), end(LATER)]);
  });

  test("that keeps the expiry costs no writes of subscriptions", async () => {
    const { ask, store } = await setUp(async () => permitted({ expiresAt: SOON }));
    await ask();
    expect(store.calls).toEqual(["renewAgent c1", "connectionSubscriptions c1"]);
  });
});

describe("a denial", () => {
  const denied = async () => ({ permitted: false, code: "denied", reason: "Suspended." }) as const;

  test("removes the agent, notifies and closes it, and calls onDisconnect", async () => {
    const { ask, store, connections, left, log } = await setUp(denied);
    expect(await ask({ credentials: "new" })).toEqual([]);
    expect(store.traces("c1")).toEqual([]);
    expect(left).toEqual(["c1"]);
    expect(connections.received("c1")).toEqual([
      { channel: "/meta/refresh", uuid: "u1", successful: false, code: "denied", error: "Suspended." },
    ]);
    expect(store.calls.indexOf("takeConnection c1")).toBeLessThan(store.calls.indexOf("close c1"));
    expect(JSON.stringify(log.entries)).not.toContain("Suspended");
  });

  test("notifies and closes the agent even if the table fails", async () => {
    const { ask, store, connections } = await setUp(denied);
    store.before.connectionSubscriptions = () => {
      throw new Error("throttled");
    };
    await expect(ask()).rejects.toThrow("throttled");
    expect(connections.received("c1")).toMatchObject([{ code: "denied" }]);
    expect(connections.closed).toEqual(["c1"]);
  });

  test.each(["eve", "ADA"])("follows if the guard returns another user: %s", async (userId) => {
    const { ask, store, connections } = await setUp(async () => permitted({ userId }));
    expect(await ask()).toEqual([]);
    expect(connections.received("c1")).toMatchObject([
      { code: "denied", error: "An agent cannot become another user's." },
    ]);
    expect(store.traces("c1")).toEqual([]);
  });

  test("follows if the guard returns a user for an anonymous agent", async () => {
    const { system, connections, store } = await setUp(async () => permitted({ userId: "ada" }));
    const { userId: _userId, ...anonymous } = before;
    await refresh(system, anonymous, JSON.stringify({ channel: "/meta/refresh", uuid: "u1" }));
    expect(connections.received("c1")).toMatchObject([{ code: "denied" }]);
    expect(store.records.size).toBe(0);
  });
});

describe("the agent stays as it was", () => {
  const unchanged = async ({ stored, ends, connections, left }: Awaited<ReturnType<typeof setUp>>): Promise<void> => {
    expect(stored()).toEqual(before);
    expect(ends()).toEqual([end(SOON), end(SOON)]);
    expect(connections.closed).toEqual([]);
    expect(left).toEqual([]);
  };

  test.each(["guard_timeout", "guard_failed"] as const)("after %s", async (code) => {
    const fixture = await setUp(async () => ({ permitted: false, code, reason: "Later." }));
    expect(await fixture.ask()).toEqual([
      { channel: "/meta/refresh", uuid: "u1", successful: false, code, error: "Later." },
    ]);
    await unchanged(fixture);
  });

  test("after too many subscriptions", async () => {
    const limits = { ...DEFAULT_SETTINGS.limits, subscriptionsPerAgent: 2 };
    const fixture = await setUp(async () => permitted({ subscribe: ["b", "c"] }), { limits });
    expect(await fixture.ask()).toMatchObject([{ successful: false, code: "too_many_subscriptions" }]);
    await unchanged(fixture);
    expect(fixture.store.endOf("c1", "b")).toBeUndefined();
  });

  test.each([
    ["too_large", { credentials: "x".repeat(5_000) }, {}],
    ["bad_frame", "text", {}],
    ["bad_frame", [], {}],
    ["bad_frame", null, {}],
    ["bad_frame", undefined, { channel: "/meta/ping" }],
    ["bad_frame", undefined, { uuid: "no uuid" }],
  ] as const)("after a frame that is %s", async (code, data, more) => {
    const fixture = await setUp();
    expect(await fixture.ask(data, more)).toMatchObject([{ successful: false, code }]);
    expect(fixture.asked).toEqual([]);
    await unchanged(fixture);
  });

  test("after a concurrent renewal, whose values hold", async () => {
    const fixture = await setUp(async () => permitted({ subscribe: ["b"] }));
    const other = { ...before, expiresAt: LATER + 5_000 };
    fixture.store.before.renewAgent = async () => {
      delete fixture.store.before.renewAgent;
      await fixture.store.renewAgent(other, before);
    };
    expect(await fixture.ask()).toMatchObject([{ successful: false, code: "unavailable" }]);
    expect(fixture.stored()).toEqual({ ...other, renewals: 1 });
    expect(fixture.store.traces("c1")).not.toContain("b");
  });

  test("after a concurrent subscription that took the last place", async () => {
    const limits = { ...DEFAULT_SETTINGS.limits, subscriptionsPerAgent: 2 };
    const fixture = await setUp(async () => permitted({ credentials: "claims", subscribe: ["b"] }), { limits });
    fixture.store.before.putSubscriptions = async () => {
      delete fixture.store.before.putSubscriptions;
      // As a function does that has just read the subscriptions.
      await fixture.store.putSubscriptions({ ...before, expiresAt: LATER }, ["c"]);
    };
    expect(await fixture.ask()).toMatchObject([{ successful: false, code: "too_many_subscriptions" }]);
    expect(fixture.stored()).toEqual({ ...before, renewals: 2 });
    expect(fixture.ends()).toEqual([end(SOON), end(SOON)]);
    expect(fixture.store.endOf("c1", "c")).toBe(end(SOON));
    expect(fixture.store.traces("c1")).not.toContain("b");
    expect(fixture.store.registrations).toContain(`${end(SOON)}#c1`);
    expect(fixture.connections.closed).toEqual([]);
  });
});

describe("an agent that", () => {
  test("left during its guard is unknown and stays removed", async () => {
    const fixture = await setUp(async () => permitted({ subscribe: ["b"] }));
    fixture.store.before.renewAgent = async () => {
      await fixture.store.takeConnection("c1");
      await fixture.store.deleteSubscriptions("c1", ["a", "b", userChannel("ada")]);
    };
    expect(await fixture.ask()).toMatchObject([{ successful: false, code: "unknown_agent" }]);
    expect(fixture.store.traces("c1")).toEqual([`${end(SOON)}#c1`]);
  });

  test("left during its renewal leaves no rows", async () => {
    const fixture = await setUp();
    fixture.store.before.connectionSubscriptions = async () => {
      delete fixture.store.before.connectionSubscriptions;
      await fixture.store.takeConnection("c1");
      await fixture.store.deleteSubscriptions("c1", ["a", userChannel("ada")]);
    };
    expect(await fixture.ask()).toMatchObject([{ successful: false, code: "unknown_agent" }]);
    expect(fixture.store.traces("c1")).toEqual([]);
  });

  test("expired during its guard is not renewed", async () => {
    const fixture = await setUp(async () => {
      fixture.clock.advance(30_000 + RENEWAL_GRACE_SECONDS * 1000);
      return permitted({ expiresAt: LATER });
    });
    expect(await fixture.ask()).toEqual([]);
    expect(fixture.connections.received("c1")).toMatchObject([{ code: EXPIRED.code, uuid: "u1" }]);
    expect(fixture.connections.closed).toEqual(["c1"]);
    expect(fixture.store.traces("c1")).toEqual([]);
  });
});

describe("a Lambda function that dies", () => {
  const dies = (): never => {
    throw new Error("killed");
  };

  // No subscription outlives its agent, and the last expiry is registered.
  test.each(["renewAgent", "putSubscriptions", "renewSubscriptions", "deleteRegistration"] as const)(
    "before %s leaves consistent rows, and a retry completes the renewal",
    async (step) => {
      const fixture = await setUp(async () => permitted({ subscribe: ["b"] }));
      fixture.store.before[step] = dies;
      await expect(fixture.ask()).rejects.toThrow("killed");
      const agentEnd = end(fixture.stored()?.expiresAt ?? 0);
      for (const channel of ["a", "b"]) expect(fixture.store.endOf("c1", channel) ?? 0).toBeLessThanOrEqual(agentEnd);
      expect(fixture.store.registrations).toContain(`${agentEnd}#c1`);
      // For the sweep, which does the rest if the client does not retry.
      expect(fixture.store.registrations).toContain(`${end(SOON)}#c1`);

      delete fixture.store.before[step];
      const again = { ...fixture.stored()! };
      await refresh(fixture.system, again, JSON.stringify({ channel: "/meta/refresh", uuid: "u2" }));
      for (const channel of ["a", "b", userChannel("ada")]) expect(fixture.store.endOf("c1", channel)).toBe(end(LATER));
    },
  );
});

describe("concurrent renewals", () => {
  test("leave subscriptions that end with the agent", async () => {
    const fixture = await setUp();
    const shorter = { ...before, expiresAt: NOW + 100_000 };
    fixture.store.before.renewSubscriptions = async () => {
      delete fixture.store.before.renewSubscriptions;
      await fixture.store.renewAgent(shorter, { ...before, renewals: 1 });
    };
    await fixture.ask();
    expect(fixture.stored()?.expiresAt).toBe(shorter.expiresAt);
    expect(fixture.ends()).toEqual([end(shorter.expiresAt), end(shorter.expiresAt)]);
  });
});

test("renewals above the rate are refused before the guard runs", async () => {
  const { ask, asked, clock, stored } = await setUp();
  for (let attempt = 0; attempt < 10; attempt += 1) await ask();
  const before = stored();
  expect(await ask()).toMatchObject([
    { channel: "/meta/refresh", uuid: "u1", successful: false, code: "rate_limited" },
  ]);
  expect(asked).toHaveLength(10);
  expect(stored()).toEqual(before);
  clock.advance(5_000);
  await ask();
  expect(asked).toHaveLength(11);
});
