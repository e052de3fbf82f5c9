import { type Agent, EXPIRED } from "../../../lambdas/connection/agent.js";
import { userChannel } from "../../../lambdas/subscriptions/user-channel.js";
import type { GuardPort, Permitted } from "../../../lambdas/ports.js";
import { RateLimiter } from "../../../lambdas/requests/rate-limiter.js";
import { REFRESH_REQUESTS } from "../../../lambdas/requests/request-rates.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { refresh } from "../../../lambdas/routes/refresh.js";
import { DEFAULT_SETTINGS, type Settings } from "../../../lambdas/settings.js";
import { RENEWAL_GRACE_SECONDS } from "../../../protocol/index.js";
import { agentOf, MemoryStore, NOW, TestClock, TestConnections, TestLog } from "../support/fakes.js";

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
  test("is asked with the new credentials, as about an agent that is connected", async () => {
    const { ask, asked } = await setUp();
    await ask({ credentials: { token: 2 } });
    expect(asked).toEqual([{ agent: { ...before, credentials: { token: 2 } }, isConnected: true }]);
  });

  test.each([undefined, {}, { other: 1 }])("sees no credentials where data is %j", async (data) => {
    const { ask, asked } = await setUp();
    await ask(data);
    expect(asked[0]?.agent).not.toHaveProperty("credentials");
  });

  test("that accepts replaces all it can set, and the agent is told for how long", async () => {
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

  test("that sets nothing leaves nothing but whose it is, and no end", async () => {
    const { ask, stored } = await setUp(async () => ({ permitted: true, subscribe: [], publish: [] }));
    const [answer] = await ask({ credentials: "new" });
    expect(answer?.data).not.toHaveProperty("expiresInMs");
    const { credentials: _c, info: _i, expiresAt: _e, ...bare } = before;
    expect(stored()).toEqual({ ...bare, renewals: 1 });
  });

  test("'s credentials are not kept where none are to be", async () => {
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

  test("that gives the same end costs no row of a subscription", async () => {
    const { ask, store } = await setUp(async () => permitted({ expiresAt: SOON }));
    await ask();
    expect(store.calls).toEqual(["renewAgent c1", "connectionSubscriptions c1"]);
  });
});

describe("a denial", () => {
  const denied = async () => ({ permitted: false, code: "denied", reason: "Suspended." }) as const;

  test("removes the agent, tells it and onDisconnect, and closes it", async () => {
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

  test("is told and closed although the table fails", async () => {
    const { ask, store, connections } = await setUp(denied);
    store.before.connectionSubscriptions = () => {
      throw new Error("throttled");
    };
    await expect(ask()).rejects.toThrow("throttled");
    expect(connections.received("c1")).toMatchObject([{ code: "denied" }]);
    expect(connections.closed).toEqual(["c1"]);
  });

  test.each(["eve", "ADA"])("is what another user (%s) comes to", async (userId) => {
    const { ask, store, connections } = await setUp(async () => permitted({ userId }));
    expect(await ask()).toEqual([]);
    expect(connections.received("c1")).toMatchObject([
      { code: "denied", error: "An agent cannot become another user's." },
    ]);
    expect(store.traces("c1")).toEqual([]);
  });

  test("is what a user comes to where there was none", async () => {
    const { system, connections, store } = await setUp(async () => permitted({ userId: "ada" }));
    const { userId: _userId, ...nobody } = before;
    await refresh(system, nobody, JSON.stringify({ channel: "/meta/refresh", uuid: "u1" }));
    expect(connections.received("c1")).toMatchObject([{ code: "denied" }]);
    expect(store.records.size).toBe(0);
  });
});

describe("what leaves the agent what it was", () => {
  const unchanged = async ({ stored, ends, connections, left }: Awaited<ReturnType<typeof setUp>>): Promise<void> => {
    expect(stored()).toEqual(before);
    expect(ends()).toEqual([end(SOON), end(SOON)]);
    expect(connections.closed).toEqual([]);
    expect(left).toEqual([]);
  };

  test.each(["guard_timeout", "guard_failed"] as const)("is %s", async (code) => {
    const it = await setUp(async () => ({ permitted: false, code, reason: "Later." }));
    expect(await it.ask()).toEqual([
      { channel: "/meta/refresh", uuid: "u1", successful: false, code, error: "Later." },
    ]);
    await unchanged(it);
  });

  test("is too many subscriptions", async () => {
    const limits = { ...DEFAULT_SETTINGS.limits, subscriptionsPerAgent: 2 };
    const it = await setUp(async () => permitted({ subscribe: ["b", "c"] }), { limits });
    expect(await it.ask()).toMatchObject([{ successful: false, code: "too_many_subscriptions" }]);
    await unchanged(it);
    expect(it.store.endOf("c1", "b")).toBeUndefined();
  });

  test.each([
    ["too_large", { credentials: "x".repeat(5_000) }, {}],
    ["bad_frame", "text", {}],
    ["bad_frame", [], {}],
    ["bad_frame", null, {}],
    ["bad_frame", undefined, { channel: "/meta/ping" }],
    ["bad_frame", undefined, { uuid: "no uuid" }],
  ] as const)("is a frame that is %s", async (code, data, more) => {
    const it = await setUp();
    expect(await it.ask(data, more)).toMatchObject([{ successful: false, code }]);
    expect(it.asked).toEqual([]);
    await unchanged(it);
  });

  test("is a renewal that another one has overtaken, which holds", async () => {
    const it = await setUp(async () => permitted({ subscribe: ["b"] }));
    const other = { ...before, expiresAt: LATER + 5_000 };
    it.store.before.renewAgent = async () => {
      delete it.store.before.renewAgent;
      await it.store.renewAgent(other, before);
    };
    expect(await it.ask()).toMatchObject([{ successful: false, code: "unavailable" }]);
    expect(it.stored()).toEqual({ ...other, renewals: 1 });
    expect(it.store.traces("c1")).not.toContain("b");
  });

  test("is what fills its last places in the same moment", async () => {
    const limits = { ...DEFAULT_SETTINGS.limits, subscriptionsPerAgent: 2 };
    const it = await setUp(async () => permitted({ credentials: "claims", subscribe: ["b"] }), { limits });
    it.store.before.putSubscriptions = async () => {
      delete it.store.before.putSubscriptions;
      // As a Lambda does that has just looked.
      await it.store.putSubscriptions({ ...before, expiresAt: LATER }, ["c"]);
    };
    expect(await it.ask()).toMatchObject([{ successful: false, code: "too_many_subscriptions" }]);
    expect(it.stored()).toEqual({ ...before, renewals: 2 });
    expect(it.ends()).toEqual([end(SOON), end(SOON)]);
    expect(it.store.endOf("c1", "c")).toBe(end(SOON));
    expect(it.store.traces("c1")).not.toContain("b");
    expect(it.store.registrations).toContain(`${end(SOON)}#c1`);
    expect(it.connections.closed).toEqual([]);
  });
});

describe("an agent that", () => {
  test("left while its guard was asked is unknown, and stays gone", async () => {
    const it = await setUp(async () => permitted({ subscribe: ["b"] }));
    it.store.before.renewAgent = async () => {
      await it.store.takeConnection("c1");
      await it.store.deleteSubscriptions("c1", ["a", "b", userChannel("ada")]);
    };
    expect(await it.ask()).toMatchObject([{ successful: false, code: "unknown_agent" }]);
    expect(it.store.traces("c1")).toEqual([`${end(SOON)}#c1`]);
  });

  test("left while it was renewed leaves nothing, its next registration neither", async () => {
    const it = await setUp();
    it.store.before.connectionSubscriptions = async () => {
      delete it.store.before.connectionSubscriptions;
      await it.store.takeConnection("c1");
      await it.store.deleteSubscriptions("c1", ["a", userChannel("ada")]);
    };
    expect(await it.ask()).toMatchObject([{ successful: false, code: "unknown_agent" }]);
    expect(it.store.traces("c1")).toEqual([]);
  });

  test("was over when its guard had decided is not renewed", async () => {
    const it = await setUp(async () => {
      it.clock.advance(30_000 + RENEWAL_GRACE_SECONDS * 1000);
      return permitted({ expiresAt: LATER });
    });
    expect(await it.ask()).toEqual([]);
    expect(it.connections.received("c1")).toMatchObject([{ code: EXPIRED.code, uuid: "u1" }]);
    expect(it.connections.closed).toEqual(["c1"]);
    expect(it.store.traces("c1")).toEqual([]);
  });
});

describe("a Lambda that dies", () => {
  const dies = (): never => {
    throw new Error("killed");
  };

  test.each(["renewAgent", "putSubscriptions", "renewSubscriptions", "deleteRegistration"] as const)(
    "before %s leaves no subscription that outlives its agent, and a registration of the last end; asking again makes all well",
    async (step) => {
      const it = await setUp(async () => permitted({ subscribe: ["b"] }));
      it.store.before[step] = dies;
      await expect(it.ask()).rejects.toThrow("killed");
      const agentEnd = end(it.stored()?.expiresAt ?? 0);
      for (const channel of ["a", "b"]) expect(it.store.endOf("c1", channel) ?? 0).toBeLessThanOrEqual(agentEnd);
      expect(it.store.registrations).toContain(`${agentEnd}#c1`);
      // For the sweep, which does the rest if nobody asks again.
      expect(it.store.registrations).toContain(`${end(SOON)}#c1`);

      delete it.store.before[step];
      const again = { ...it.stored()! };
      await refresh(it.system, again, JSON.stringify({ channel: "/meta/refresh", uuid: "u2" }));
      for (const channel of ["a", "b", userChannel("ada")]) expect(it.store.endOf("c1", channel)).toBe(end(LATER));
    },
  );
});

describe("renewals at once", () => {
  test("end with subscriptions that end with the agent, whoever was last", async () => {
    const it = await setUp();
    const shorter = { ...before, expiresAt: NOW + 100_000 };
    it.store.before.renewSubscriptions = async () => {
      delete it.store.before.renewSubscriptions;
      await it.store.renewAgent(shorter, { ...before, renewals: 1 });
    };
    await it.ask();
    expect(it.stored()?.expiresAt).toBe(shorter.expiresAt);
    expect(it.ends()).toEqual([end(shorter.expiresAt), end(shorter.expiresAt)]);
  });
});

test("who renews too often is refused, before its guard is asked, and stays what it was", async () => {
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
