import type { GuardPort } from "../../../lambdas/ports.js";
import type { GuardFunctions } from "../../../lambdas/guards/function-runner.js";
import { agentOf, messageOf, NOW } from "../support/fakes.js";
import { agent, ALL, type Asked, message, PRIVATE, setUp, spend } from "./function-fixture.js";

/** The agent as a function sees it. */
const SEEN = {
  uuid: agent.uuid,
  credentials: { name: "Ada" },
  info: 1,
  userId: "ada",
  expiresAt: NOW + 60_000,
  connection: { id: "c1", sourceIp: agent.sourceIp, userAgent: "test" },
};

const COMMON = { version: 1, wildcards: ["stories/*", "private/*"] };

/** How each guard is called, the request that its function gets, and the response that permits. */
const KINDS: [string, (guards: GuardPort) => Promise<unknown>, object, object, object][] = [
  [
    "connection",
    (guards) => guards.connection(agent),
    { guard: "onConnectionRequest", agent: { ...SEEN, isConnected: false } },
    { verdict: "connected", info: 2 },
    { permitted: true, info: 2, credentials: { name: "Ada" } },
  ],
  [
    "subscription",
    (guards) => guards.subscription(agent, "stories/5", { ticket: 7 }),
    {
      guard: "onSubscriptionRequest",
      agent: { ...SEEN, isConnected: true },
      channel: "stories/5",
      token: { ticket: 7 },
    },
    { verdict: "subscribe", channel: "stories/5", subscribe: ["b"] },
    { permitted: true, subscribe: ["stories/5", "b"] },
  ],
  [
    "unsubscription",
    (guards) => guards.unsubscription(agent, "stories/5"),
    { guard: "onUnsubscriptionRequest", agent: { ...SEEN, isConnected: true }, channel: "stories/5" },
    { verdict: "unsubscribe", channel: "stories/5" },
    { permitted: true },
  ],
  [
    "presence state",
    (guards) => guards.presence(agent, { channel: "stories/5", uuid: "m1", data: { typing: true } }),
    {
      guard: "onPresenceRequest",
      agent: { ...SEEN, isConnected: true },
      channel: "stories/5",
      state: { typing: true },
    },
    { verdict: "presenceSuccess", channel: "stories/5" },
    { permitted: true, state: { typing: true } },
  ],
  [
    "publication",
    (guards) => guards.publication(agent, message),
    { guard: "onPublicationRequest", agent: { ...SEEN, isConnected: true }, channel: "stories/5", message },
    { verdict: "publicationSuccess", channel: "stories/5", publish: [{ channel: "b", data: 1 }] },
    { permitted: true, publish: [{ channel: "b", uuid: "m1", data: 1 }] },
  ],
];

describe("a guard function", () => {
  test.each(KINDS)("gets the request of the contract and decides a %s", async (_, ask, request, response, verdict) => {
    const { asked, guards, log } = setUp(() => response);
    expect(await ask(guards)).toMatchObject(verdict);
    expect(asked).toEqual([
      {
        arn: ALL,
        asynchronous: false,
        timeoutMs: expect.any(Number),
        request: { ...COMMON, ...request, timeoutMs: expect.any(Number) },
      },
    ]);
    expect(asked[0]?.request.timeoutMs).toBe(asked[0]?.timeoutMs);
    expect(log.entries).toEqual([]);
  });

  test.each(KINDS)("can deny a %s", async (_, ask, _request, response) => {
    const { verdict } = response as { verdict: string };
    const no = {
      connected: "connectionDenied",
      publicationSuccess: "publicationDenied",
      subscribe: "subscriptionDenied",
      unsubscribe: "unsubscriptionDenied",
      presenceSuccess: "presenceDenied",
    }[verdict];
    const { guards, log } = setUp(() => ({ ...response, verdict: no, reason: "Not today." }));
    expect(await ask(guards)).toEqual({ permitted: false, code: "denied", reason: "Not today." });
    expect(log.events("error")).toEqual([]);
  });

  test("of the most specific entry decides", async () => {
    const { asked, guards } = setUp(({ request }) => ({ verdict: "subscribe", channel: request.channel }));
    await guards.subscription(agent, "private/1");
    await guards.subscription(agent, "other");
    expect(asked.map(({ arn }) => arn)).toEqual([PRIVATE, ALL]);
  });

  test("has to permit a wildcard for every entry that it matches", async () => {
    const functions: GuardFunctions = {
      "stories/*": { onSubscriptionRequest: ALL },
      "stories/5": { onSubscriptionRequest: PRIVATE },
    };
    const { asked, guards } = setUp(
      ({ arn, request }) => ({ verdict: arn === ALL ? "subscribe" : "subscriptionDenied", channel: request.channel }),
      functions,
    );
    expect(await guards.subscription(agent, "stories/*")).toMatchObject({ permitted: false, code: "denied" });
    expect(asked.map(({ arn }) => arn).sort()).toEqual([ALL, PRIVATE]);
  });

  test("that is not defined permits", async () => {
    const { asked, guards } = setUp(() => ({}), { "private/*": { onSubscriptionRequest: PRIVATE } });
    expect(await guards.subscription(agent, "stories/5")).toMatchObject({ permitted: true });
    expect(await guards.connection(agent)).toMatchObject({ permitted: true });
    expect(asked).toEqual([]);
  });
});

describe("any result but a valid verdict denies", () => {
  const failures: [string, object, string, RegExp][] = [
    ["a timeout", { kind: "timeout" }, "guard_timeout", /./],
    [
      "a failed function",
      { kind: "failed", detail: "function error Unhandled, TypeError", said: "planted secret" },
      "guard_failed",
      /TypeError/,
    ],
    [
      "a throttle",
      { kind: "failed", detail: "Lambda answered 429 TooManyRequestsException" },
      "guard_failed",
      /429 TooMany/,
    ],
    [
      "a missing permission",
      { kind: "failed", detail: "Lambda answered 403 AccessDeniedException" },
      "guard_failed",
      /403/,
    ],
    ["invalid JSON", { kind: "answered", payload: "planted secret" }, "guard_failed", /not JSON/],
    ["an unknown verdict", { verdict: "planted secret" }, "guard_failed", /verdict must be one of/],
    [
      "another channel's verdict",
      { verdict: "subscribe", channel: "planted secret" },
      "guard_failed",
      /(channel|verdict) must be/,
    ],
    ["another version", { version: 2, verdict: "connected" }, "guard_failed", /version is not 1/],
  ];
  for (const [what, answer, code, detail] of failures) {
    test.each(KINDS)(`${what}, for a %s`, async (_, ask) => {
      const { guards, log } = setUp(() => answer);
      const verdict = await ask(guards);
      expect(verdict).toMatchObject({ permitted: false, code });
      const [logged] = log.of(code);
      expect(logged).toMatchObject({ agent: agent.uuid });
      if (code === "guard_failed") expect(logged!["detail"]).toMatch(detail);
      const clientVisible = JSON.stringify([verdict, log.entries.filter(({ level }) => level !== "debug")]);
      expect(clientVisible).not.toContain("planted secret");
    });
  }

  test.each(KINDS)("a verdict that arrives after the time, for a %s", async (_, ask, _request, response) => {
    const { guards } = setUp(() => (spend(10_000), response));
    expect(await ask(guards)).toMatchObject({ permitted: false, code: "guard_timeout" });
  });

  test("the response of the function is logged at debug level", async () => {
    const { guards, log } = setUp(() => ({ verdict: "planted secret" }));
    await guards.connection(agent);
    expect(log.entries.find(({ level }) => level === "debug")).toMatchObject({
      event: "guard_function_said",
      fields: { guard: "onConnectionRequest", function: ALL, said: '{"version":1,"verdict":"planted secret"}' },
    });
  });
});

describe("onDisconnect", () => {
  test("is sent asynchronously", async () => {
    const { asked, guards, log } = setUp(() => ({ kind: "accepted" }));
    await guards.disconnected(agent);
    expect(asked).toMatchObject([
      {
        arn: ALL,
        asynchronous: true,
        request: { guard: "onDisconnect", agent: { uuid: agent.uuid, isConnected: false } },
      },
    ]);
    expect(log.entries).toEqual([]);
  });

  test.each([
    [{ kind: "failed", detail: "Lambda answered 429" }, "guard_failed"],
    [{ kind: "timeout" }, "guard_timeout"],
  ] as const)("is logged if it cannot be sent: %p", async (invoked, event) => {
    const { guards, log } = setUp(() => invoked);
    await guards.disconnected(agent);
    expect(log.of(event)).toMatchObject([{ guard: "onDisconnect", agent: agent.uuid }]);
  });
});

describe("deliveries", () => {
  const many = Array.from({ length: 250 }, (_, at) => agentOf(`c${at}`));
  const deliver = (guards: GuardPort, about = message) =>
    Promise.all(many.map((one) => guards.delivery(one, about, 5_000)));
  const deliveriesTo = ({ request }: Asked, pick: (uuid: string, at: number) => object | undefined) => ({
    verdict: "deliver",
    channel: request.channel,
    deliveries: (request.recipients ?? []).flatMap(({ uuid }, at) => pick(uuid, at) ?? []),
  });

  test("go to the function in batches, with an answer per recipient", async () => {
    const { asked, guards, log } = setUp((one) =>
      deliveriesTo(one, (uuid, at) =>
        at % 3 === 0 ? undefined : at % 3 === 1 ? { agent: uuid } : { agent: uuid, data: uuid },
      ),
    );
    const got = await deliver(guards);
    expect(got).toEqual(many.map(({ uuid }, at) => [undefined, message, { ...message, data: uuid }][(at % 100) % 3]));
    expect(asked.map(({ request }) => request.recipients?.length)).toEqual([100, 100, 50]);
    expect(asked[0]?.request).toMatchObject({ ...COMMON, guard: "onMessageReceived", channel: "stories/5", message });
    expect(asked[0]?.request).not.toHaveProperty("agent");
    expect(log.entries).toEqual([]);
  });

  test("may all wait at once", async () => {
    const { guards } = setUp((one) => deliveriesTo(one, () => undefined));
    const begun = jest.fn();
    await Promise.all(many.map((one) => guards.delivery(one, message, 5_000, begun)));
    expect(begun).toHaveBeenCalledTimes(250);
  });

  test("of a batch whose function fails are dropped, logged once", async () => {
    const { guards, log } = setUp(() => ({ kind: "failed", detail: "function error Unhandled" }));
    expect(await deliver(guards)).toEqual(many.map(() => undefined));
    expect(log.of("guard_failed").map(({ recipients }) => recipients)).toEqual([100, 100, 50]);
    expect(log.of("guard_failed")[0]).toMatchObject({
      guard: "onMessageReceived",
      channel: "stories/5",
      detail: expect.stringContaining(ALL),
    });
  });

  test.each([
    ["", (): object => ({ kind: "timeout" })],
    [", although it answers", (one: Asked) => (spend(1_000), deliveriesTo(one, (uuid) => ({ agent: uuid })))],
  ])("of a batch whose function is too slow%s are dropped, logged once", async (_, answer) => {
    const { guards, log } = setUp(answer);
    expect(await deliver(guards)).toEqual(many.map(() => undefined));
    expect(log.of("guard_timeout").map(({ recipients }) => recipients)).toEqual([100, 100, 50]);
  });

  test("of a batch with an invalid entry are dropped; other batches arrive", async () => {
    const { guards, log } = setUp((one) =>
      deliveriesTo(one, (uuid, at) => ({ agent: at === 99 && uuid.endsWith("c99") ? "stranger" : uuid })),
    );
    const got = await deliver(guards);
    expect(got.map((one, at) => [at, one !== undefined])).toEqual(many.map((_, at) => [at, at >= 100]));
    expect(log.of("guard_failed")).toMatchObject([
      { recipients: 100, detail: expect.stringContaining("not a recipient") },
    ]);
  });

  test("do not mix messages of the same uuid", async () => {
    const { guards } = setUp((one) => deliveriesTo(one, (uuid) => ({ agent: uuid })));
    const both = [messageOf("stories/5", 1), messageOf("stories/5", 2)];
    expect(await Promise.all(both.map((one) => guards.delivery(agent, one, 5_000)))).toEqual(both);
  });
});
