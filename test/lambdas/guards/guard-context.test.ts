import { guardCall } from "./call-fixture.js";

const yes = { permitted: true, subscribe: [], publish: [] };
const no = (reason = "") => ({ permitted: false, reason });

describe("onConnectionRequest(agent)", () => {
  test("gets the agent's id, connection and credentials, not connected yet", () => {
    const { agent } = guardCall("onConnectionRequest", {
      credentials: { user: "Ada" },
      agent: { uuid: "u", isConnected: false, connection: { id: "c1", sourceIp: "203.0.113.7", userAgent: "test" } },
    });
    expect(agent).toMatchObject({
      uuid: "u",
      credentials: { user: "Ada" },
      isConnected: false,
      connection: { id: "c1", sourceIp: "203.0.113.7", userAgent: "test" },
    });
  });

  test("connected() accepts, and keeps the credentials that the guard set", () => {
    const { agent, decisions } = guardCall("onConnectionRequest", { credentials: "token" });
    agent.credentials = { user: "Ada" };
    agent.connected();
    expect(decisions).toEqual([{ ...yes, credentials: { user: "Ada" } }]);
  });

  test("connected() keeps no credentials if the guard removed them", () => {
    const { agent, decisions } = guardCall("onConnectionRequest", { credentials: "token" });
    agent.credentials = undefined;
    agent.connected();
    expect(decisions).toEqual([yes]);
  });

  test("connected({ info }) sets the public info", () => {
    const { agent, decisions } = guardCall("onConnectionRequest");
    agent.connected({ info: { name: "Ada" } });
    expect(decisions).toEqual([{ ...yes, info: { name: "Ada" } }]);
  });

  test("connected({ userId, expiresAt }) takes a date or milliseconds", () => {
    for (const end of [new Date(4e12), 4e12, 4e12 + 0.5]) {
      const { agent, decisions } = guardCall("onConnectionRequest");
      agent.connected({ userId: "ada", expiresAt: end });
      expect(decisions).toEqual([{ ...yes, userId: "ada", expiresAt: 4e12 }]);
    }
  });

  test("later guards read the user id and the expiry", () => {
    const { agent } = guardCall("onSubscriptionRequest", {
      agent: {
        uuid: "u",
        isConnected: true,
        userId: "ada",
        expiresAt: 4e12,
        connection: { id: "c1", sourceIp: "", userAgent: "" },
      },
    });
    expect([agent.userId, agent.expiresAt]).toEqual(["ada", 4e12]);
    const anonymous = guardCall("onSubscriptionRequest").agent;
    expect([anonymous.userId, anonymous.expiresAt]).toEqual([undefined, undefined]);
  });

  test("connectionDenied(reason) denies, with or without a reason", () => {
    const first = guardCall("onConnectionRequest");
    first.agent.connectionDenied("Members only.");
    expect(first.decisions).toEqual([no("Members only.")]);
    const second = guardCall("onConnectionRequest");
    second.agent.connectionDenied();
    expect(second.decisions).toEqual([no()]);
  });

  test("subscribe(channel) is staged until connected()", () => {
    const { agent, decisions } = guardCall("onConnectionRequest");
    agent.subscribe("news");
    agent.subscribe(agent.channel("stories/*"));
    expect(decisions).toEqual([]);
    agent.connected();
    expect(decisions).toEqual([{ ...yes, subscribe: ["news", "stories/*"] }]);
  });

  test("connectionDenied() discards the staged subscriptions", () => {
    const { agent, decisions } = guardCall("onConnectionRequest");
    agent.subscribe("news");
    agent.connectionDenied("No.");
    expect(decisions).toEqual([no("No.")]);
  });
});

describe("onSubscriptionRequest(channel, agent)", () => {
  test("subscribe(requested channel) grants, by name or by object", () => {
    const given = guardCall("onSubscriptionRequest");
    given.agent.subscribe(given.channel);
    const named = guardCall("onSubscriptionRequest");
    named.agent.subscribe("stories/5");
    expect([given.decisions, named.decisions]).toEqual([
      [{ ...yes, subscribe: ["stories/5"] }],
      [{ ...yes, subscribe: ["stories/5"] }],
    ]);
  });

  test("subscribe(another channel) is staged and is not a verdict", () => {
    const { agent, channel, decisions } = guardCall("onSubscriptionRequest");
    agent.subscribe("stories/6");
    expect(decisions).toEqual([]);
    agent.subscribe(channel);
    expect(decisions).toEqual([{ ...yes, subscribe: ["stories/5", "stories/6"] }]);
  });

  test("subscriptionDenied(channel, reason) denies and discards the staged subscriptions", () => {
    const { agent, channel, decisions } = guardCall("onSubscriptionRequest");
    agent.subscribe("stories/6");
    agent.subscriptionDenied(channel, "Not yours.");
    expect(decisions).toEqual([no("Not yours.")]);
  });

  test("subscribe(the requested wildcard) is the closing verdict", () => {
    const { agent, channel, decisions } = guardCall("onSubscriptionRequest", { channel: "stories/*" });
    expect(String(channel)).toBe("stories/*");
    agent.subscribe(channel);
    expect(decisions).toEqual([{ ...yes, subscribe: ["stories/*"] }]);
  });
});

describe("onPresenceRequest(channel, agent, state)", () => {
  test("presenceSuccess(channel) permits", () => {
    const { agent, channel, decisions } = guardCall("onPresenceRequest");
    agent.presenceSuccess(channel);
    expect(decisions).toEqual([{ permitted: true, subscribe: [], publish: [] }]);
  });

  test("presenceDenied(channel, reason) denies", () => {
    const { agent, channel, decisions } = guardCall("onPresenceRequest");
    agent.presenceDenied(channel, "No.");
    expect(decisions).toEqual([{ permitted: false, reason: "No." }]);
  });
});

describe("onUnsubscriptionRequest(channel, agent)", () => {
  test("unsubscribe(channel) permits", () => {
    const { agent, channel, decisions } = guardCall("onUnsubscriptionRequest");
    agent.unsubscribe(channel);
    expect(decisions).toEqual([yes]);
  });

  test("unsubscriptionDenied(channel, reason) keeps the subscription", () => {
    const { agent, channel, decisions } = guardCall("onUnsubscriptionRequest");
    agent.unsubscriptionDenied(channel, "Stay.");
    expect(decisions).toEqual([no("Stay.")]);
  });
});

describe("onPublicationRequest(channel, agent, message)", () => {
  test("channel.publish(message) is staged until publicationSuccess(message)", () => {
    const { agent, channel, message, decisions } = guardCall("onPublicationRequest");
    channel.publish(message);
    expect(decisions).toEqual([]);
    agent.publicationSuccess(message);
    expect(decisions).toEqual([{ ...yes, publish: [{ channel: "stories/5", uuid: "m1", data: "hello" }] }]);
  });

  // The uuid is the publisher's, unless the guard sets another one.
  test("channel.publish() stages messages for any channels, in order", () => {
    const { agent, channel, message, decisions } = guardCall("onPublicationRequest");
    agent.channel("audit").publish({ data: { who: agent.uuid }, uuid: "another" });
    channel.publish(message);
    agent.publicationSuccess(message);
    expect(decisions).toMatchObject([
      {
        publish: [
          { channel: "audit", uuid: "another", data: { who: "agent-1" } },
          { channel: "stories/5", uuid: "m1", data: "hello" },
        ],
      },
    ]);
  });

  test("an ephemeral message stays so on its own channel, not on another", () => {
    const requested = { channel: "stories/5", uuid: "m1", data: "hello", ephemeral: true as const };
    const { agent, channel, message, decisions } = guardCall("onPublicationRequest", { message: requested });
    expect(message.ephemeral).toBe(true);
    channel.publish(message);
    channel.publish(message, { ephemeral: false });
    agent.channel("audit").publish(message);
    agent.channel("cursors").publish(message, { ephemeral: true });
    agent.publicationSuccess(message);
    const [published] = decisions as { publish: { channel: string; ephemeral?: true }[] }[];
    expect(published!.publish.map((each) => [each.channel, each.ephemeral])).toEqual([
      ["stories/5", true],
      ["stories/5", undefined],
      ["audit", undefined],
      ["cursors", true],
    ]);
    const other = guardCall("onPublicationRequest");
    expect(() => other.channel.publish(other.message, { ephemeral: 1 as never })).toThrow("ephemeral must be true or");
  });

  test.each(["a b", "", "x".repeat(65), 5])("channel.publish throws if the uuid is %p", (uuid) => {
    const { channel } = guardCall("onPublicationRequest");
    expect(() => channel.publish({ data: 1, uuid: uuid as string })).toThrow(
      "channel.publish: message.uuid must be 1 to 64 characters",
    );
  });

  test("publicationSuccess(message, result) sends the result to the publisher", () => {
    const { agent, message, decisions } = guardCall("onPublicationRequest");
    agent.publicationSuccess(message, { id: 7 });
    expect(decisions).toEqual([{ ...yes, result: { id: 7 } }]);
  });

  test("publicationDenied(message, reason) discards everything staged", () => {
    const { agent, channel, message, decisions } = guardCall("onPublicationRequest");
    channel.publish(message);
    agent.subscribe("news");
    agent.publicationDenied(message, "Too rude.");
    expect(decisions).toEqual([no("Too rude.")]);
  });

  test("subscribe(channel) is staged, also for the channel of the message", () => {
    const { agent, message, decisions } = guardCall("onPublicationRequest");
    agent.subscribe("stories/5");
    expect(decisions).toEqual([]);
    agent.publicationSuccess(message);
    expect(decisions).toEqual([{ ...yes, subscribe: ["stories/5"] }]);
  });
});

test.each([
  ["private/*", true],
  ["private/5", false],
])("channel.isWildcard of %s is %p", (name, is) => {
  const { agent, channel } = guardCall("onSubscriptionRequest", { channel: name });
  expect([channel.name, channel.isWildcard, agent.channel("stories/5").isWildcard]).toEqual([name, is, false]);
});

describe("onMessageReceived(channel, agent, message)", () => {
  test("deliver(channel, message) may change the data, but not channel or uuid", () => {
    const { agent, channel, message, decisions } = guardCall("onMessageReceived");
    agent.deliver(channel, { ...message, uuid: "forged", channel: "elsewhere", data: "changed" });
    expect(decisions).toEqual([{ ...yes, publish: [{ channel: "stories/5", uuid: "m1", data: "changed" }] }]);
  });

  test("deliver(channel, message) may remove who published it, but not change it", () => {
    const from = { connection: "a1", userId: "ann" };
    const message = { channel: "stories/5", uuid: "m1", data: 1, at: 5, from };
    const delivered = (change: (message: { from?: unknown; at?: unknown }) => object): object => {
      const own = structuredClone(message);
      const { agent, channel, decisions } = guardCall("onMessageReceived", { message: own });
      agent.deliver(channel, { ...message, ...change(own) });
      return (decisions as unknown as [{ publish: object[] }])[0].publish[0]!;
    };
    expect(delivered((own) => own)).toEqual(message);
    const { from: _from, ...anonymous } = message;
    expect(delivered(() => ({ from: undefined }))).toEqual(anonymous);
    expect(delivered((own) => ((own.from = undefined), own))).toEqual(anonymous);
    expect(delivered(() => ({ from: { connection: "forged" }, at: 9 }))).toEqual(message);
    const forging = (own: { from?: unknown; at?: unknown }) => {
      (own.from as { userId: string }).userId = "bob";
      own.at = 9;
      return own;
    };
    expect(delivered(forging)).toEqual(message);
  });
});

describe("the closing verdict", () => {
  test("the first one counts, and later ones are ignored and logged", () => {
    const { agent, channel, message, decisions, ignored } = guardCall("onPublicationRequest");
    agent.publicationDenied(message, "No.");
    agent.publicationSuccess(message);
    agent.publicationDenied(message, "Still no.");
    channel.publish(message);
    agent.subscribe("news");
    expect(decisions).toEqual([no("No.")]);
    expect(ignored).toEqual([
      "agent.publicationSuccess",
      "agent.publicationDenied",
      "channel.publish",
      "agent.subscribe",
    ]);
  });

  // Here the result is too large. The guard can still return a verdict.
  test("a verdict that threw does not count", () => {
    const { agent, message, decisions } = guardCall("onPublicationRequest");
    expect(() => agent.publicationSuccess(message, "x".repeat(1_025))).toThrow(RangeError);
    agent.publicationDenied(message, "Never mind.");
    expect(decisions).toEqual([no("Never mind.")]);
  });
});
