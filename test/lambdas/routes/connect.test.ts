import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { Agent } from "../../../lambdas/connection/agent.js";
import type { GuardPort, Permitted, Verdict } from "../../../lambdas/ports.js";
import { connect } from "../../../lambdas/routes/connect.js";
import { NO_EVENTS } from "../../../lambdas/server-api/server-events.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { DEFAULT_SETTINGS, type Settings } from "../../../lambdas/settings.js";
import { connectEvent, frameEvent } from "../support/events.js";
import { NOW, TestLog } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";

const credentials = (value: unknown): string =>
  `push-it.credentials.${Buffer.from(JSON.stringify(value)).toString("base64url")}`;

const permitted = (more: Partial<Permitted> = {}): Permitted => ({
  permitted: true,
  subscribe: [],
  publish: [],
  ...more,
});

const setUp = (connection?: GuardPort["connection"], settings: Partial<Settings> = {}) => {
  const store = new MemoryStore();
  const log = new TestLog();
  const asked: Agent[] = [];
  const guards: GuardPort = {
    ...openGuards,
    connection: (agent) => {
      asked.push(agent);
      return (connection ?? openGuards.connection)(agent);
    },
  };
  const system = { settings: { ...DEFAULT_SETTINGS, ...settings }, store, guards, events: NO_EVENTS, log };
  const open = (...offered: string[]) =>
    connect(system, connectEvent(offered.join(", "))) as Promise<APIGatewayProxyStructuredResultV2>;
  const stored = (): Agent | undefined => {
    const standing = store.records.get("c1");
    return standing && "agent" in standing ? standing.agent : undefined;
  };
  return { store, log, asked, system, open, stored };
};

const accepted = { statusCode: 200, headers: { "Sec-WebSocket-Protocol": "push-it.v1" } };
const explained = { statusCode: 200, headers: { "Sec-WebSocket-Protocol": "push-it.v1.denied" } };

describe("a connection is accepted by default", () => {
  test("once its agent is stored, with push-it.v1 as the subprotocol", async () => {
    const { open, stored, store } = setUp();
    expect(await open("push-it.v1", "push-it.v1.denied")).toEqual(accepted);
    expect(stored()).toEqual({
      uuid: expect.stringMatching(/^[0-9A-Za-z_-]{22}$/),
      connectionId: "c1",
      connectedAt: NOW,
      sourceIp: "198.51.100.1",
      userAgent: "Browser/1.0",
    });
    expect(store.calls[0]).toBe("putAgent c1");
  });

  test("with credentials for later guards", async () => {
    const { open, stored } = setUp();
    expect(await open("push-it.v1", credentials({ user: "Ada" }))).toEqual(accepted);
    expect(stored()?.credentials).toEqual({ user: "Ada" });
  });

  test("with an agent id of its own", async () => {
    const { open, stored } = setUp();
    await open("push-it.v1");
    const first = stored()?.uuid;
    await open("push-it.v1");
    expect(stored()?.uuid).not.toBe(first);
  });

  test("without a user agent, or with a very long one", async () => {
    const { system, stored } = setUp();
    const event = connectEvent("push-it.v1");
    event.requestContext.identity = { sourceIp: "198.51.100.1", userAgent: "u".repeat(5_000) };
    await connect(system, event);
    expect(stored()?.userAgent).toHaveLength(200);
    event.requestContext.identity = {};
    await connect(system, event);
    expect(stored()).toMatchObject({ userAgent: "", sourceIp: "" });
  });
});

describe("the handshake's origin, query and cookies", () => {
  const withHandshake = () => {
    const event = connectEvent("push-it.v1");
    event.headers = { ...event.headers, Origin: "https://example.com", Cookie: "sid=secret-cookie" };
    return { ...event, queryStringParameters: { room: "secret-query" } };
  };

  test("are passed to the connection guard", async () => {
    const handshakes: unknown[] = [];
    const { system } = setUp();
    const guards: GuardPort = {
      ...system.guards,
      connection: async (agent, isConnected, handshake) => (
        handshakes.push(isConnected, handshake),
        openGuards.connection(agent)
      ),
    };
    expect(await connect({ ...system, guards }, withHandshake())).toEqual(accepted);
    expect(handshakes).toEqual([
      false,
      { origin: "https://example.com", query: { room: "secret-query" }, cookies: { sid: "secret-cookie" } },
    ]);
  });

  test("are not stored and not logged", async () => {
    for (const verdict of [permitted(), { permitted: false, code: "denied", reason: "no" } as const]) {
      const { system, store, log } = setUp(async () => verdict);
      await connect(system, withHandshake());
      expect(JSON.stringify([[...store.records], log])).not.toMatch(/secret-|example\.com/);
      expect(store.records.size).toBe(verdict.permitted ? 1 : 0);
    }
  });
});

describe("a malformed handshake gets 400 before the guard runs: it has", () => {
  test.each([
    ["no subprotocol", []],
    ["no known version", ["push-it.v2"]],
    ["credentials that are not JSON", ["push-it.v1", `push-it.credentials.${Buffer.from("{").toString("base64url")}`]],
    ["credentials that are not base64url", ["push-it.v1", "push-it.credentials.a.b"]],
    ["credentials of more than 4 KB", ["push-it.v1", credentials("x".repeat(4_095))]],
    ["credentials twice", ["push-it.v1", credentials(1), credentials(2)]],
  ])("%s", async (_, offered) => {
    const { open, asked, store } = setUp();
    expect(await open(...offered)).toEqual({ statusCode: 400 });
    expect(asked).toEqual([]);
    expect(store.calls).toEqual([]);
  });
});

describe("the connection guard", () => {
  test("gets the client's credentials and sets those for later guards", async () => {
    const { open, asked, stored } = setUp(async () =>
      permitted({ credentials: { user: "Ada" }, info: { name: "Ada" } }),
    );
    await open("push-it.v1", credentials("token"));
    expect(asked).toMatchObject([{ connectionId: "c1", credentials: "token" }]);
    expect(stored()).toMatchObject({ credentials: { user: "Ada" }, info: { name: "Ada" } });
  });

  test("that sets no credentials keeps none", async () => {
    const { open, stored } = setUp(async () => permitted());
    await open("push-it.v1", credentials("token"));
    expect(stored()).not.toHaveProperty("credentials");
  });

  test("keeps the info but no credentials if the stack says so", async () => {
    const guard = async () => permitted({ credentials: { user: "Ada" }, info: "Ada" });
    const { open, asked, stored, store } = setUp(guard, { keepCredentials: false });
    await open("push-it.v1", credentials("token"));
    expect(asked).toMatchObject([{ credentials: "token" }]);
    expect(stored()).not.toHaveProperty("credentials");
    expect(stored()?.info).toBe("Ada");
    expect(JSON.stringify([...store.records])).not.toContain("token");
  });

  test("may subscribe the agent, after the agent is stored", async () => {
    const { open, store } = setUp(async () => permitted({ subscribe: ["news", "stories/5"] }));
    expect(await open("push-it.v1")).toEqual(accepted);
    expect(store.calls).toEqual([
      "putAgent c1",
      "connectionSubscriptions c1",
      "putSubscriptions c1 news stories/5",
      "connectionSubscriptions c1",
    ]);
  });
});

describe("a connection guard without a grant prevents the connection", () => {
  const DENIALS: [string, Extract<Verdict, { permitted: false }>][] = [
    ["denies", { permitted: false, code: "denied", reason: "Members only." }],
    ["times out", { permitted: false, code: "guard_timeout", reason: "Time ran out." }],
    ["fails", { permitted: false, code: "guard_failed", reason: "It failed." }],
  ];

  test.each(DENIALS)("that %s is explained to a client that requests the reason", async (_, denial) => {
    const { open, store, log } = setUp(async () => denial);
    expect(await open("push-it.v1", "push-it.v1.denied")).toEqual(explained);
    expect(store.records.get("c1")).toMatchObject({ denial: { code: denial.code, reason: denial.reason } });
    expect(store.calls).toEqual(["putDenial c1"]);
    expect(log.of("connection_denied")).toEqual([{ connection: "c1", code: denial.code }]);
  });

  test.each(DENIALS)("that %s means 403 and no rows without such a request", async (_, denial) => {
    const { open, store } = setUp(async () => denial);
    expect(await open("push-it.v1")).toEqual({ statusCode: 403 });
    expect(store.calls).toEqual([]);
  });

  test("means 403 for all clients if denials are refused", async () => {
    const { open, store } = setUp(async () => ({ permitted: false, code: "denied", reason: "No." }), {
      denials: "refuse",
    });
    expect(await open("push-it.v1", "push-it.v1.denied")).toEqual({ statusCode: 403 });
    expect(store.calls).toEqual([]);
  });
});

test("a client that has left meanwhile has no subscription left", async () => {
  const { open, store } = setUp(async () => permitted({ subscribe: ["news"] }));
  store.before.putSubscriptions = () => void store.records.delete("c1");
  await open("push-it.v1");
  expect((await store.connectionSubscriptions("c1")).channels).toEqual([]);
});

// An open connection cannot become another agent.
test("a frame cannot choose the handshake's route", async () => {
  const { system, store, asked } = setUp();
  const { requestContext } = frameEvent({ action: "$connect" }, "c1", "$connect");
  expect(await connect(system, { ...connectEvent("push-it.v1"), requestContext })).toEqual({ statusCode: 400 });
  expect(asked).toEqual([]);
  expect(store.calls).toEqual([]);
});

test.each(["putAgent", "putSubscriptions"] as const)("a table that fails at %s fails the handshake", async (step) => {
  const { open, store } = setUp(async () => permitted({ subscribe: ["news"] }));
  store.before[step] = () => {
    throw new Error("throttled");
  };
  await expect(open("push-it.v1")).rejects.toThrow("throttled");
});
