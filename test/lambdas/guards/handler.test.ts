import { DEFAULT_LIMITS, type Message } from "../../../protocol/index.js";
import { type Agent, guardHandler, type Guards } from "push-it-server/guards";
import type { AgentData, GuardRequest } from "../../../lambdas/guards/contract.js";
import { readDecision, readDeliveries } from "../../../lambdas/guards/response.js";
import { NOW } from "../support/fakes.js";

const agentData = (uuid: string, more: Partial<AgentData> = {}): AgentData => ({
  uuid,
  isConnected: true,
  connection: { id: uuid, sourceIp: "203.0.113.7", userAgent: "test" },
  ...more,
});

const MESSAGE: Message = { channel: "stories/5", uuid: "m1", data: { text: "hello" } };

const request = (guard: GuardRequest["guard"], more: Partial<GuardRequest> = {}): GuardRequest => ({
  version: 1,
  guard,
  timeoutMs: 10_000,
  wildcards: ["stories/*"],
  ...(guard === "onMessageReceived" ? {} : { agent: agentData("a1") }),
  ...(/Connection|Disconnect/.test(guard) ? {} : { channel: "stories/5" }),
  ...(/Publication|Message/.test(guard) ? { message: MESSAGE } : {}),
  ...more,
});

const logged: { level: string; line: Record<string, unknown> }[] = [];

beforeEach(() => {
  logged.splice(0);
  for (const level of ["debug", "warn", "error"] as const) {
    jest
      .spyOn(console, level)
      .mockImplementation(
        (...args: unknown[]) => void logged.push({ level, line: args[0] as Record<string, unknown> }),
      );
  }
});
afterEach(() => jest.restoreAllMocks());

/** Sets what Lambda states about a function's log. A text log has no level. */
const logging = (format: string | undefined, level?: string): void => {
  for (const [name, value] of Object.entries({ FORMAT: format, LEVEL: level })) {
    if (value === undefined) delete process.env[`AWS_LAMBDA_LOG_${name}`];
    else process.env[`AWS_LAMBDA_LOG_${name}`] = value;
  }
};
beforeEach(() => logging("JSON", "DEBUG"));
afterAll(() => logging(undefined));

/** The log of a handler that threw: the place, and at debug level the message. */
const thrown = (guard: string) => [
  { level: "error", line: { event: "guard_failed", guard, detail: expect.stringMatching(/^\w*Error\n {4}at /) } },
  { level: "debug", line: { event: "guard_said", guard, said: expect.any(String) } },
];

describe("guardHandler answers with", () => {
  test.each<[string, Guards<never>, GuardRequest, object | undefined]>([
    [
      "a connection, its info, user, expiry, credentials and subscriptions",
      {
        onConnectionRequest(agent: Agent) {
          agent.credentials = { sub: agent.credentials };
          agent.subscribe("stories/1");
          agent.connected({ info: 1, userId: "ada", expiresAt: new Date(4e12) });
        },
      },
      request("onConnectionRequest", { agent: agentData("a1", { credentials: "token" }) }),
      {
        verdict: "connected",
        info: 1,
        userId: "ada",
        expiresAt: 4e12,
        credentials: { sub: "token" },
        subscribe: ["stories/1"],
      },
    ],
    [
      "a connection that keeps none of the client's credentials",
      {
        onConnectionRequest(agent: Agent) {
          agent.credentials = undefined;
          agent.connected();
        },
      },
      request("onConnectionRequest", { agent: agentData("a1", { credentials: "token" }) }),
      { verdict: "connected", credentials: null },
    ],
    [
      "a connection without credentials",
      { onConnectionRequest: (agent) => agent.connected() },
      request("onConnectionRequest"),
      { verdict: "connected" },
    ],
    [
      "a denied connection",
      { onConnectionRequest: (agent) => agent.connectionDenied("Sign in.") },
      request("onConnectionRequest"),
      { verdict: "connectionDenied", reason: "Sign in." },
    ],
    [
      "a denial without a reason",
      { onConnectionRequest: (agent) => agent.connectionDenied() },
      request("onConnectionRequest"),
      { verdict: "connectionDenied" },
    ],
    [
      "a subscription, and further ones",
      {
        async onSubscriptionRequest(channel, agent) {
          await Promise.resolve();
          agent.subscribe("a");
          agent.subscribe(channel);
        },
      },
      request("onSubscriptionRequest"),
      { verdict: "subscribe", channel: "stories/5", subscribe: ["a"] },
    ],
    [
      "a denied subscription",
      { onSubscriptionRequest: (channel, agent) => agent.subscriptionDenied(channel, "No.") },
      request("onSubscriptionRequest"),
      { verdict: "subscriptionDenied", channel: "stories/5", reason: "No." },
    ],
    [
      "a publication on this channel and on others",
      {
        onPublicationRequest(channel, agent, message) {
          channel.publish(message);
          agent.channel("audit").publish({ data: 1 });
          agent.channel("audit").publish({ data: 2, uuid: "own" });
          agent.subscribe("a");
          agent.publicationSuccess(message, { ok: 1 });
        },
      },
      request("onPublicationRequest"),
      {
        verdict: "publicationSuccess",
        channel: "stories/5",
        publish: [
          { channel: "stories/5", data: { text: "hello" } },
          { channel: "audit", data: 1 },
          { channel: "audit", data: 2, uuid: "own" },
        ],
        subscribe: ["a"],
        result: { ok: 1 },
      },
    ],
    [
      "a publication on no channel",
      { onPublicationRequest: (_channel, agent, message) => agent.publicationSuccess(message) },
      request("onPublicationRequest"),
      { verdict: "publicationSuccess", channel: "stories/5", publish: [] },
    ],
    [
      "a denied publication, without the staged messages",
      {
        onPublicationRequest(channel, agent, message) {
          channel.publish(message);
          agent.publicationDenied(message, "No.");
        },
      },
      request("onPublicationRequest"),
      { verdict: "publicationDenied", channel: "stories/5", reason: "No." },
    ],
    [
      "an unsubscription",
      { onUnsubscriptionRequest: (channel, agent) => agent.unsubscribe(channel) },
      request("onUnsubscriptionRequest"),
      { verdict: "unsubscribe", channel: "stories/5" },
    ],
    [
      "a denied unsubscription",
      { onUnsubscriptionRequest: (channel, agent) => agent.unsubscriptionDenied(channel) },
      request("onUnsubscriptionRequest"),
      { verdict: "unsubscriptionDenied", channel: "stories/5" },
    ],
    ["nothing to onDisconnect", { onDisconnect: async () => "done" }, request("onDisconnect"), undefined],
  ])("%s", async (_, guards, asked, expected) => {
    const response = await guardHandler(guards)(asked);
    expect(response).toEqual(expected && { version: 1, ...expected });
    // The caller can read this response.
    if (response) expect(readDecision(JSON.stringify(response), asked, NOW, DEFAULT_LIMITS)).toHaveProperty("value");
    expect(logged).toEqual([]);
  });

  // The recipients get the message as it is, changed, or not at all.
  test("the deliveries that each recipient's guard made", async () => {
    const asked = request("onMessageReceived", { recipients: ["a1", "a2", "a3", "a4"].map((uuid) => agentData(uuid)) });
    const response = await guardHandler({
      async onMessageReceived(channel, agent, message) {
        const data = message.data as { text: string };
        if (agent.uuid === "a2") data.text = "changed for a2 alone";
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (agent.uuid === "a3") return;
        if (agent.uuid === "a4") throw new Error("planted secret");
        agent.deliver(channel, message);
      },
    })(asked);
    const deliveries = [{ agent: "a1" }, { agent: "a2", data: { text: "changed for a2 alone" } }];
    expect(response).toEqual({ version: 1, verdict: "deliver", channel: "stories/5", deliveries });
    expect(readDeliveries(JSON.stringify(response), asked)).toHaveProperty("value.size", 2);
    expect(logged).toMatchObject(thrown("onMessageReceived"));
    expect(JSON.stringify(logged[0])).not.toContain("planted secret");
    expect(logged[1]?.line["said"]).toContain("planted secret");
  });

  test("the deliveries made in time, without the late guard's", async () => {
    const asked = request("onMessageReceived", {
      timeoutMs: 300,
      recipients: ["a1", "a2"].map((uuid) => agentData(uuid)),
    });
    const response = await guardHandler({
      onMessageReceived(channel, agent, message) {
        if (agent.uuid === "a2") agent.deliver(channel, message);
      },
    })(asked);
    expect(response).toMatchObject({ deliveries: [{ agent: "a2" }] });
    expect(logged).toMatchObject([{ level: "warn", line: { event: "guard_timeout", agent: "a1" } }]);
  });
});

describe("guardHandler resolves entries as a module does", () => {
  const named = (name: string) => ({
    onSubscriptionRequest: (channel: { name: string }, agent: Agent) => agent.subscriptionDenied(channel.name, name),
  });
  const handler = guardHandler({
    ...named("default"),
    channels: { "stories/*": named("pattern"), "stories/5": named("name") },
  });

  test.each([
    ["stories/5", "name"],
    ["stories/6", "pattern"],
    ["news", "default"],
  ])('channel %s is decided by the entry "%s"', async (channel, reason) => {
    expect(await handler(request("onSubscriptionRequest", { channel }))).toMatchObject({ reason });
  });

  test("a wildcard needs the grant of all matching entries", async () => {
    const wanted = request("onSubscriptionRequest", { channel: "stories/*" });
    const yes = (...more: string[]) => ({
      onSubscriptionRequest: (channel: { name: string }, agent: Agent) =>
        [...more, channel.name].forEach((name) => agent.subscribe(name)),
    });
    expect(await guardHandler({ channels: { "stories/*": yes("a"), "stories/5": yes("a", "b") } })(wanted)).toEqual({
      version: 1,
      verdict: "subscribe",
      channel: "stories/*",
      subscribe: ["a", "b"],
    });
    expect(
      await guardHandler({ channels: { "stories/*": yes(), "stories/5": named("Not five.") } })(wanted),
    ).toMatchObject({
      verdict: "subscriptionDenied",
      reason: "Not five.",
    });
  });

  test("a guard is a method of its entry", async () => {
    const guards = {
      reason: "inner",
      onConnectionRequest(agent: Agent) {
        agent.connectionDenied(this.reason);
      },
    };
    expect(await guardHandler(guards)(request("onConnectionRequest"))).toMatchObject({ reason: "inner" });
  });
});

describe("guardHandler fails the invocation", () => {
  const failing = (guards: Guards, asked: GuardRequest, context?: { getRemainingTimeInMillis(): number }) =>
    guardHandler(guards)(asked, context).catch((error: unknown) => error as Error);

  test.each<[string, Guards, Partial<GuardRequest>, string, RegExp]>([
    [
      "when a handler throws",
      {
        onConnectionRequest() {
          throw new Error("planted secret");
        },
      },
      {},
      "GuardFailed",
      /onConnectionRequest failed/,
    ],
    [
      "when a handler rejects",
      { onConnectionRequest: () => Promise.reject(new Error("planted secret")) },
      {},
      "GuardFailed",
      /onConnectionRequest failed/,
    ],
    [
      "when a handler passes an invalid channel",
      { onConnectionRequest: (agent) => agent.subscribe("/meta/x") },
      {},
      "GuardFailed",
      /failed/,
    ],
    [
      "when a handler returns without a verdict in time",
      { onConnectionRequest: () => true },
      { timeoutMs: 100 },
      "GuardTimeout",
      /onConnectionRequest did not decide in time/,
    ],
    ["when the handler is missing", { onDisconnect() {} }, {}, "GuardMissing", /has no onConnectionRequest/],
    [
      "when the guard does not exist",
      { onConnectionRequest: (agent) => agent.connected() },
      { guard: "constructor" as never },
      "GuardMissing",
      /no constructor/,
    ],
    [
      "when the version is unknown",
      { onConnectionRequest: (agent) => agent.connected() },
      { version: 2 as never },
      "GuardVersion",
      /supports only version 1/,
    ],
    [
      "when the request is empty",
      { onConnectionRequest: (agent) => agent.connected() },
      { version: undefined },
      "GuardVersion",
      /supports only version 1/,
    ],
  ])("%s, without the thrown message", async (_, guards, more, name, message) => {
    const error = await failing(guards, { ...request("onConnectionRequest"), ...more });
    expect(error).toMatchObject({ name, message: expect.stringMatching(message) });
    expect(String((error as Error).stack)).not.toContain("planted secret");
    if (name === "GuardFailed") expect(logged).toMatchObject(thrown("onConnectionRequest"));
    expect(JSON.stringify(logged.filter(({ level }) => level !== "debug"))).not.toContain("planted secret");
  });

  test("when no entry decides about the channel", async () => {
    const error = await failing(
      { channels: { "news/*": { onSubscriptionRequest() {} } } },
      request("onSubscriptionRequest"),
    );
    expect(error).toMatchObject({
      name: "GuardMissing",
      message: "this guard function has no onSubscriptionRequest for stories/5",
    });
  });

  test("before Lambda ends it, if that is sooner than the caller's timeout", async () => {
    const error = await failing({ onConnectionRequest: () => undefined }, request("onConnectionRequest"), {
      getRemainingTimeInMillis: () => 100,
    });
    expect(error).toMatchObject({ name: "GuardTimeout" });
  });

  // It waits for onDisconnect for longer than the timeout of other guards.
  test("when onDisconnect rejects, so that Lambda retries", async () => {
    let done = (): void => undefined;
    const wait = new Promise<void>((resolve) => (done = resolve));
    const told = failing(
      { onDisconnect: () => wait.then(() => Promise.reject(new Error("planted secret"))) },
      request("onDisconnect", { timeoutMs: 1 }),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    done();
    expect(await told).toMatchObject({ name: "GuardFailed" });
  });
});

test.each([
  [undefined, undefined, false],
  ["Text", undefined, false],
  // Variables that the function sets itself: its log has no levels all the same.
  ["Text", "DEBUG", false],
  [undefined, "DEBUG", false],
  ["JSON", undefined, false],
  ["JSON", "INFO", false],
  ["JSON", "DEBUG", true],
  ["JSON", "TRACE", true],
])("a %s log at level %s has the thrown message: %s", async (format, level, told) => {
  logging(format, level);
  const handler = guardHandler({ onConnectionRequest: () => Promise.reject(new Error("planted secret")) });
  await expect(handler(request("onConnectionRequest"))).rejects.toThrow("failed");
  expect(logged).toMatchObject(thrown("onConnectionRequest").slice(0, told ? 2 : 1));
  expect(JSON.stringify(logged).includes("planted secret")).toBe(told);
});

test("the first verdict stands even if the guard throws later", async () => {
  const handler = guardHandler({
    onConnectionRequest(agent) {
      agent.connectionDenied("First.");
      agent.connected();
      throw new Error("after");
    },
  });
  expect(await handler(request("onConnectionRequest"))).toMatchObject({
    verdict: "connectionDenied",
    reason: "First.",
  });
  expect(logged).toMatchObject([
    { level: "warn", line: { event: "guard_verdict_ignored" } },
    ...thrown("onConnectionRequest"),
  ]);
});

test.each<[string, unknown, RegExp]>([
  ["nothing", undefined, /default export/],
  ["a handler that is not a function", { onConnectionRequest: 1 }, /onConnectionRequest is not a function/],
  ["an invalid channel pattern", { channels: { "a*": {} } }, /neither a channel name nor a pattern/],
  [
    "an empty channel name, which would hide the default",
    { channels: { "": {} } },
    /"" is not a valid channel pattern/,
  ],
  ["a guard that would never run", { channels: { a: { onDisconnect() {} } } }, /would never run/],
])("guardHandler throws at start for %s", (_, guards, message) => {
  expect(() => guardHandler(guards as Guards)).toThrow(message);
});
