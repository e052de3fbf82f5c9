import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { DEFAULT_LIMITS } from "../../../protocol/index.js";
import { connect } from "../../../lambdas/routes/connect.js";
import { userChannel } from "../../../lambdas/subscriptions/user-channel.js";
import type { GuardPort, Permitted } from "../../../lambdas/ports.js";
import { NO_EVENTS } from "../../../lambdas/server-api/server-events.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { DEFAULT_SETTINGS, type Settings } from "../../../lambdas/settings.js";
import { connectEvent } from "../support/events.js";
import { TestLog } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";
import { subscribersOf } from "../../../lambdas/delivery/recipients.js";

const permitted = (more: Partial<Permitted> = {}): Permitted => ({
  permitted: true,
  subscribe: [],
  publish: [],
  ...more,
});

const setUp = (settings: Partial<Settings>, permission: Partial<Permitted> = {}) => {
  const store = new MemoryStore();
  const left: string[] = [];
  let asked = 0;
  const guards: GuardPort = {
    ...openGuards,
    connection: async () => {
      asked += 1;
      return permitted(permission);
    },
    disconnected: async ({ connectionId }) => void left.push(connectionId),
  };
  const system = {
    settings: { ...DEFAULT_SETTINGS, ...settings },
    store,
    guards,
    events: NO_EVENTS,
    log: new TestLog(),
  };
  const open = async (connectionId: string, offered = "push-it.v1", headers: Record<string, string> = {}) => {
    const event = connectEvent(offered, connectionId);
    const result = await connect(system, { ...event, headers: { ...event.headers, ...headers } });
    return result as APIGatewayProxyStructuredResultV2;
  };
  return { store, left, open, asked: () => asked };
};

const EXPLAINS = "push-it.v1, push-it.v1.denied";
const opened = { statusCode: 200, headers: { "Sec-WebSocket-Protocol": "push-it.v1" } };
const explained = { statusCode: 200, headers: { "Sec-WebSocket-Protocol": "push-it.v1.denied" } };

// Its rows would count, and $disconnect does not follow.
test("a handshake that fails halfway leaves no rows", async () => {
  const { store, left, open } = setUp({}, { userId: "ann", subscribe: ["news"] });
  store.before.subscribers = () => {
    throw new Error("throttled");
  };
  await expect(open("c1")).rejects.toThrow("throttled");
  expect(store.traces("c1")).toEqual([]);
  expect(left).toEqual([]);
});

describe("connections of one user", () => {
  const limits = { ...DEFAULT_LIMITS, agentsPerUser: 2 };

  // The disconnect guard does not run for it.
  test("are limited, and a refused connection leaves no rows", async () => {
    const { store, left, open } = setUp({ limits }, { userId: "ann", subscribe: ["news"] });
    expect([await open("c1"), await open("c2")]).toEqual([opened, opened]);
    expect(await open("c3")).toEqual({ statusCode: 403 });
    expect(store.traces("c3")).toEqual([]);
    expect(left).toEqual([]);
    expect((await subscribersOf(store, userChannel("ann"))).map(({ connectionId }) => connectionId)).toEqual([
      "c1",
      "c2",
    ]);
  });

  test("above the limit leave only the reason if the client requests it", async () => {
    const { store, open } = setUp({ limits: { ...limits, agentsPerUser: 1 } }, { userId: "ann" });
    await open("c1");
    expect(await open("c2", EXPLAINS)).toEqual(explained);
    expect(store.records.get("c2")).toMatchObject({ denial: { code: "too_many_agents" } });
    expect((await store.connectionSubscriptions("c2")).channels).toEqual([]);
    expect(store.traces("c2")).toHaveLength(2);
  });

  // Later connections fill the remaining places.
  test("stay within the limit when ten come at once", async () => {
    const { store, left, open } = setUp({ limits: { ...limits, agentsPerUser: 5 } }, { userId: "ann" });
    const results = await Promise.all(Array.from({ length: 10 }, (_, at) => open(`c${at}`)));
    const accepted = results.filter(({ statusCode }) => statusCode === 200).length;
    expect(accepted).toBeLessThanOrEqual(5);
    expect(await subscribersOf(store, userChannel("ann"))).toHaveLength(accepted);
    results.forEach(({ statusCode }, at) => expect(store.traces(`c${at}`).length > 0).toBe(statusCode === 200));
    expect(left).toEqual([]);
    for (let at = accepted; at < 5; at += 1) expect(await open(`later${at}`)).toEqual(opened);
    expect(await open("last")).toEqual({ statusCode: 403 });
  });

  test("may overlap once with the connection of the same session", async () => {
    const { store, open } = setUp({ limits }, { userId: "ann" });
    const session = (letter: string): string => `push-it.v1, push-it.session.${letter.repeat(22)}`;
    expect([await open("a1", session("a")), await open("b1", session("b"))]).toEqual([opened, opened]);
    expect([await open("a2", session("a")), await open("b2", session("b"))]).toEqual([opened, opened]);
    for (const offer of [session("a"), session("c"), "push-it.v1"])
      expect(await open("more", offer)).toEqual({ statusCode: 403 });
    expect(await subscribersOf(store, userChannel("ann"))).toHaveLength(4);
  });

  test("without a session do not overlap", async () => {
    const { open } = setUp({ limits: { ...limits, agentsPerUser: 1 } }, { userId: "ann" });
    await open("c1");
    expect(await open("c2")).toEqual({ statusCode: 403 });
  });

  test("of other users, or without a user, do not count", async () => {
    const { open } = setUp({ limits: { ...limits, agentsPerUser: 1 } });
    expect([await open("c1"), await open("c2")]).toEqual([opened, opened]);
  });
});

// No row stays.
test("a connection guard with too many subscriptions prevents the connection", async () => {
  const { store, left, open } = setUp(
    { limits: { ...DEFAULT_LIMITS, subscriptionsPerAgent: 2 } },
    { subscribe: ["a", "b", "c"], userId: "ann" },
  );
  expect(await open("c1")).toEqual({ statusCode: 403 });
  expect(store.traces("c1")).toEqual([]);
  expect(await open("c2", EXPLAINS)).toEqual(explained);
  expect(store.records.get("c2")).toMatchObject({ denial: { code: "too_many_subscriptions" } });
  expect((await store.connectionSubscriptions("c2")).channels).toEqual([]);
  expect(left).toEqual([]);
});

describe("a page of another origin", () => {
  const allowedOrigins = ["https://example.com"];

  test("is refused before the guard runs, with a reason if requested", async () => {
    const { store, open, asked } = setUp({ allowedOrigins });
    expect(await open("c1", "push-it.v1", { Origin: "https://evil.example" })).toEqual({ statusCode: 403 });
    expect(store.calls).toEqual([]);
    expect(await open("c2", EXPLAINS, { Origin: "https://evil.example" })).toEqual(explained);
    expect(store.records.get("c2")).toMatchObject({ denial: { code: "bad_origin" } });
    expect(asked()).toBe(0);
  });

  test("gets 403 without a reason if denials are refused", async () => {
    const { store, open } = setUp({ allowedOrigins, denials: "refuse" });
    expect(await open("c1", EXPLAINS, { Origin: "null" })).toEqual({ statusCode: 403 });
    expect(store.calls).toEqual([]);
  });

  test("reaches the guard if it is allowed or not a browser", async () => {
    const { open, asked } = setUp({ allowedOrigins });
    expect(await open("c1", EXPLAINS, { Origin: "https://EXAMPLE.com" })).toEqual(opened);
    expect(await open("c2", EXPLAINS)).toEqual(opened);
    expect(asked()).toBe(2);
  });
});

describe("credentials that are too large", () => {
  const limits = { ...DEFAULT_LIMITS, credentialsBytes: 6 };
  const entry = (value: string) =>
    `push-it.v1, push-it.credentials.${Buffer.from(JSON.stringify(value)).toString("base64url")}`;

  test("are refused with 400 before the guard runs", async () => {
    const { store, open, asked } = setUp({ limits });
    expect(await open("c1", entry("abcd"))).toEqual(opened);
    expect(await open("c2", entry("abcde"))).toEqual({ statusCode: 400 });
    expect([asked(), store.traces("c2")]).toEqual([1, []]);
  });

  test("leave only the reason if the client requests it", async () => {
    const { store, open, asked } = setUp({ limits });
    expect(await open("c1", `push-it.v1.denied, ${entry("abcde")}`)).toEqual(explained);
    expect(store.records.get("c1")).toMatchObject({ denial: { code: "credentials_too_large" } });
    expect([asked(), store.traces("c1").length]).toEqual([0, 2]);
  });

  test("get 400 without a reason if denials are refused", async () => {
    const { store, open } = setUp({ limits, denials: "refuse" });
    expect(await open("c1", `push-it.v1.denied, ${entry("abcde")}`)).toEqual({ statusCode: 400 });
    expect(store.calls).toEqual([]);
  });

  test("are not the reason for a page of another origin", async () => {
    const { store, open } = setUp({ limits, allowedOrigins: ["https://example.com"] });
    await open("c1", `push-it.v1.denied, ${entry("abcde")}`, { Origin: "https://evil.example" });
    expect(store.records.get("c1")).toMatchObject({ denial: { code: "bad_origin" } });
  });
});
