import { DEFAULT_LIMITS } from "../../../protocol/index.js";
import { type Agent, guardHandler, type Guards } from "push-it-server/guards";
import type { GuardRequest } from "../../../lambdas/guards/contract.js";
import { readDecision, readDeliveries } from "../../../lambdas/guards/response.js";
import { NOW } from "../support/fakes.js";
import { agentData, logged, recordLog, request, thrown } from "./handler-fixture.js";

recordLog();

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
      "a subscription, by the client's token",
      {
        onSubscriptionRequest(channel, agent, token) {
          if (token === "ticket") agent.subscribe(channel);
          else agent.subscriptionDenied(channel, String(token));
        },
      },
      request("onSubscriptionRequest", { token: "ticket" }),
      { verdict: "subscribe", channel: "stories/5" },
    ],
    [
      "a denied subscription without a token",
      { onSubscriptionRequest: (channel, agent, token) => agent.subscriptionDenied(channel, typeof token) },
      request("onSubscriptionRequest"),
      { verdict: "subscriptionDenied", channel: "stories/5", reason: "undefined" },
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
    [
      "a presence state",
      { onPresenceRequest: (channel, agent, state) => state && agent.presenceSuccess(channel) },
      request("onPresenceRequest", { state: { typing: true } }),
      { verdict: "presenceSuccess", channel: "stories/5" },
    ],
    [
      "a denied presence state",
      { onPresenceRequest: (channel, agent) => agent.presenceDenied(channel, "No.") },
      request("onPresenceRequest", { state: { typing: true } }),
      { verdict: "presenceDenied", channel: "stories/5", reason: "No." },
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
