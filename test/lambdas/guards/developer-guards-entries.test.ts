import { agentOf, messageOf } from "../support/fakes.js";
import { closeGuards, GRACE, guardFolder, TIMEOUT, timed } from "./harness.js";

afterEach(closeGuards);

const agent = agentOf("c1", { credentials: { user: "Ada" }, info: { name: "Ada" } });

describe("a channel's own guard", () => {
  const folder = () =>
    guardFolder(`{
      onSubscriptionRequest(channel, agent) { agent.subscriptionDenied(channel, "default"); },
      onPublicationRequest(channel, agent, message) { agent.publicationDenied(message, "default"); },
      channels: {
        "stories/*": { onSubscriptionRequest(channel, agent) { agent.subscribe(channel); } },
        "stories/5": { onSubscriptionRequest(channel, agent) { agent.subscriptionDenied(channel, "five"); } },
      },
    }`);

  test("decides if its entry is the most specific one", async () => {
    const { guards } = folder();
    expect(await guards.subscription(agent, "stories/5")).toMatchObject({ reason: "five" });
    expect(await guards.subscription(agent, "stories/6")).toMatchObject({ permitted: true });
    expect(await guards.subscription(agent, "news")).toMatchObject({ reason: "default" });
  });

  test("leaves to the default guard what its entry does not define", async () => {
    expect(await folder().guards.publication(agent, messageOf("stories/5"))).toMatchObject({ reason: "default" });
  });

  // Entries can hold state.
  test("is called as a method of its entry", async () => {
    const { guards } = guardFolder(`{
      reason: "outer",
      channels: { a: { reason: "inner", onSubscriptionRequest(channel, agent) { agent.subscriptionDenied(channel, this.reason); } } },
    }`);
    expect(await guards.subscription(agent, "a")).toMatchObject({ reason: "inner" });
  });
});

describe("a wildcard subscription", () => {
  const module = (five: string) => `{
    onSubscriptionRequest(channel, agent) { agent.subscribe(channel); },
    channels: {
      "stories/*": { onSubscriptionRequest(channel, agent) { agent.subscribe("extra/1"); agent.subscribe(channel); } },
      "stories/5": { async onSubscriptionRequest(channel, agent) { ${five} } },
      "news/1": { onSubscriptionRequest(channel, agent) { agent.subscriptionDenied(channel, "never asked"); } },
    },
  }`;

  // Each subscription that they stage is made once.
  test("is granted if the guards of all matching entries grant it", async () => {
    const { guards } = guardFolder(
      module('agent.subscribe("extra/1"); agent.subscribe("extra/2"); agent.subscribe(channel);'),
    );
    const verdict = await guards.subscription(agent, "stories/*");
    expect(verdict).toMatchObject({ permitted: true });
    expect(verdict.permitted && verdict.subscribe.sort()).toEqual(["extra/1", "extra/2", "stories/*"]);
  });

  test.each([
    ["denies", 'agent.subscriptionDenied(channel, "Not five.");', "denied"],
    ["throws", 'throw new Error("x");', "guard_failed"],
    ["never decides", "", "guard_timeout"],
    ["grants another channel only", 'agent.subscribe("stories/5");', "guard_timeout"],
  ])("is denied if the guard of one matching entry %s", async (_, body, code) => {
    const { guards } = await guardFolder(module(body), { timeout: TIMEOUT }).ready();
    expect(await guards.subscription(agent, "stories/*")).toMatchObject({ permitted: false, code });
  });

  test("calls the guards of its entries in parallel", async () => {
    const wait = "await new Promise((resolve) => setTimeout(resolve, 250)); agent.subscribe(channel);";
    const entries = ["stories/*", "stories/1", "stories/2", "stories/3"].map(
      (entry) => `"${entry}": { async onSubscriptionRequest(channel, agent) { ${wait} } }`,
    );
    const folder = await guardFolder(`{ channels: { ${entries.join()} } }`, { timeout: 900 }).ready();
    expect(await folder.guards.subscription(agent, "stories/*")).toMatchObject({ permitted: true });
  });
});

describe("the arguments of a guard", () => {
  test("hold the agent as the connection guard left it", async () => {
    const { guards } = guardFolder(`{ onPublicationRequest(channel, agent, message) {
      const { uuid, credentials, info, isConnected, connection } = agent;
      agent.publicationSuccess(message, { uuid, credentials, info, isConnected, connection, channel: channel.name, message });
    } }`);
    expect(await guards.publication(agent, messageOf("a"))).toMatchObject({
      result: {
        uuid: agent.uuid,
        credentials: { user: "Ada" },
        info: { name: "Ada" },
        isConnected: true,
        connection: { id: "c1", sourceIp: agent.sourceIp, userAgent: agent.userAgent },
        channel: "a",
        message: messageOf("a"),
      },
    });
  });

  test("hold the handshake for the connection guard of a new connection only", async () => {
    const { guards } = guardFolder(`{
      onConnectionRequest(agent) { agent.connected({ info: { ...agent.connection } }); },
      onPublicationRequest(channel, agent, message) { agent.publicationSuccess(message, { ...agent.connection }); },
    }`);
    const plain = { id: "c1", sourceIp: agent.sourceIp, userAgent: agent.userAgent };
    const handshake = { origin: "https://example.com", query: { a: "b" }, cookies: { c: "d" } };
    expect(await guards.connection(agent, false, handshake)).toMatchObject({
      permitted: true,
      info: { ...plain, ...handshake },
    });
    expect(await guards.connection(agent, true)).toHaveProperty("info", plain);
    expect(await guards.publication(agent, messageOf("a"))).toHaveProperty("result", plain);
  });

  test("hold a copy of the agent for each call", async () => {
    const { guards } = guardFolder(`{ onPublicationRequest(channel, agent, message) {
      agent.publicationSuccess(message, { user: agent.credentials.user });
      agent.credentials.user = "Mallory";
    } }`);
    for (const _ of [1, 2]) {
      expect(await guards.publication(agent, messageOf("a"))).toMatchObject({ result: { user: "Ada" } });
    }
  });

  test("hold the client's credentials, which onConnectionRequest may replace", async () => {
    const { guards } = guardFolder(`{ onConnectionRequest(agent) {
      agent.credentials = { was: agent.credentials, connected: agent.isConnected };
      agent.connected({ info: "Ada" });
    } }`);
    expect(await guards.connection(agentOf("c1", { credentials: "token" }))).toMatchObject({
      credentials: { was: "token", connected: false },
      info: "Ada",
    });
  });
});

test("onConnectionRequest gets the present values of an agent that is renewed", async () => {
  const { guards } = guardFolder(`{ onConnectionRequest(agent) {
    const { credentials, info, userId, expiresAt, isConnected } = agent;
    agent.credentials = { credentials, info, userId, expiresAt, isConnected };
    agent.connected();
  } }`);
  const known = { credentials: "new", info: "Ada", userId: "ada", expiresAt: 4e12 };
  expect(await guards.connection(agentOf("c1", known), true)).toMatchObject({
    credentials: { ...known, isConnected: true },
  });
});

describe("onDisconnect(agent)", () => {
  test("is called and awaited", async () => {
    const folder = guardFolder(`{
      async onDisconnect(agent) { await null; globalThis.left = [agent.uuid, agent.isConnected, agent.credentials]; },
      onPublicationRequest(channel, agent, message) { agent.publicationSuccess(message, globalThis.left); },
    }`);
    await folder.guards.disconnected(agent);
    expect(await folder.guards.publication(agent, messageOf("a"))).toMatchObject({
      result: [agent.uuid, false, { user: "Ada" }],
    });
    expect(folder.log.events()).toEqual([]);
  });

  test.each([
    ["throws", 'throw new Error("x");', "guard_failed"],
    ["never ends", "await new Promise(() => {});", "guard_timeout"],
    ["loops forever", "for (;;);", "guard_timeout"],
    ["exits", "process.exit();", "guard_failed"],
  ])("that %s is logged and ends in time", async (_, body, event) => {
    const folder = await guardFolder(`{ async onDisconnect(agent) { ${body} } }`, { timeout: TIMEOUT }).ready();
    const { took } = await timed(folder.guards.disconnected(agent));
    expect(took).toBeLessThan(TIMEOUT + GRACE);
    expect(folder.log.of(event)).toMatchObject([{ guard: "onDisconnect", agent: agent.uuid }]);
  });
});

describe("a verdict", () => {
  test("after the closing one is ignored and logged", async () => {
    const folder = guardFolder(
      `{ onConnectionRequest(agent) { agent.connectionDenied("First."); agent.connected(); } }`,
    );
    expect(await folder.guards.connection(agent)).toMatchObject({ permitted: false, reason: "First." });
    await folder.guards.connection(agent);
    expect(folder.log.of("guard_verdict_ignored")).toContainEqual({
      guard: "onConnectionRequest",
      agent: agent.uuid,
      verdict: "agent.connected",
    });
  });

  test("stands even if the guard throws after it", async () => {
    const folder = guardFolder(`{ onConnectionRequest(agent) { agent.connected(); throw new Error("after"); } }`);
    expect(await folder.guards.connection(agent)).toMatchObject({ permitted: true });
  });

  test("that comes late decides neither its own call nor a later one", async () => {
    const folder = guardFolder(
      `{ onSubscriptionRequest(channel, agent) {
        if (channel.name === "slow") setTimeout(() => agent.subscribe(channel), 250);
      } }`,
      { timeout: 150 },
    );
    await folder.ready();
    expect(await folder.guards.subscription(agent, "slow")).toMatchObject({ code: "guard_timeout" });
    expect(await folder.guards.subscription(agent, "other")).toMatchObject({ code: "guard_timeout" });
    expect(await folder.guards.subscription(agent, "third")).toMatchObject({ code: "guard_timeout" });
    expect(folder.started).toBe(1);
  });
});
