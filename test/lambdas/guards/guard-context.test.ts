import { guardCall } from "./call-fixture.js";

const yes = { permitted: true, subscribe: [], publish: [] };
const no = (reason = "") => ({ permitted: false, reason });

describe("onConnectionRequest(agent)", () => {
  test("gets the agent: its id, its connection, what the client sent; not connected yet", () => {
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

  test("connected() accepts, and passes on what the guard leaves in credentials", () => {
    const { agent, decisions } = guardCall("onConnectionRequest", { credentials: "token" });
    agent.credentials = { user: "Ada" };
    agent.connected();
    expect(decisions).toEqual([{ ...yes, credentials: { user: "Ada" } }]);
  });

  test("connected() leaves no credentials where the guard leaves none", () => {
    const { agent, decisions } = guardCall("onConnectionRequest", { credentials: "token" });
    agent.credentials = undefined;
    agent.connected();
    expect(decisions).toEqual([yes]);
  });

  test("connected({ info }) sets what others may see", () => {
    const { agent, decisions } = guardCall("onConnectionRequest");
    agent.connected({ info: { name: "Ada" } });
    expect(decisions).toEqual([{ ...yes, info: { name: "Ada" } }]);
  });

  test("connected({ userId, expiresAt }) says whose it is and how long; a date is as good as its milliseconds", () => {
    for (const end of [new Date(4e12), 4e12, 4e12 + 0.5]) {
      const { agent, decisions } = guardCall("onConnectionRequest");
      agent.connected({ userId: "ada", expiresAt: end });
      expect(decisions).toEqual([{ ...yes, userId: "ada", expiresAt: 4e12 }]);
    }
  });

  test("later guards read what it said", () => {
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
    const nobody = guardCall("onSubscriptionRequest").agent;
    expect([nobody.userId, nobody.expiresAt]).toEqual([undefined, undefined]);
  });

  test("connectionDenied(reason) denies, with or without a reason", () => {
    const first = guardCall("onConnectionRequest");
    first.agent.connectionDenied("Members only.");
    expect(first.decisions).toEqual([no("Members only.")]);
    const second = guardCall("onConnectionRequest");
    second.agent.connectionDenied();
    expect(second.decisions).toEqual([no()]);
  });

  test("subscribe(channel) is staged, and done with connected()", () => {
    const { agent, decisions } = guardCall("onConnectionRequest");
    agent.subscribe("news");
    agent.subscribe(agent.channel("stories/*"));
    expect(decisions).toEqual([]);
    agent.connected();
    expect(decisions).toEqual([{ ...yes, subscribe: ["news", "stories/*"] }]);
  });

  test("what was staged does not happen with connectionDenied()", () => {
    const { agent, decisions } = guardCall("onConnectionRequest");
    agent.subscribe("news");
    agent.connectionDenied("No.");
    expect(decisions).toEqual([no("No.")]);
  });
});

describe("onSubscriptionRequest(channel, agent)", () => {
  test("subscribe(the channel asked for) grants, whether named or given", () => {
    const given = guardCall("onSubscriptionRequest");
    given.agent.subscribe(given.channel);
    const named = guardCall("onSubscriptionRequest");
    named.agent.subscribe("stories/5");
    expect([given.decisions, named.decisions]).toEqual([
      [{ ...yes, subscribe: ["stories/5"] }],
      [{ ...yes, subscribe: ["stories/5"] }],
    ]);
  });

  test("subscribe(another channel) is staged: no verdict by itself", () => {
    const { agent, channel, decisions } = guardCall("onSubscriptionRequest");
    agent.subscribe("stories/6");
    expect(decisions).toEqual([]);
    agent.subscribe(channel);
    expect(decisions).toEqual([{ ...yes, subscribe: ["stories/5", "stories/6"] }]);
  });

  test("subscriptionDenied(channel, reason) denies, and undoes what was staged", () => {
    const { agent, channel, decisions } = guardCall("onSubscriptionRequest");
    agent.subscribe("stories/6");
    agent.subscriptionDenied(channel, "Not yours.");
    expect(decisions).toEqual([no("Not yours.")]);
  });

  test("of a wildcard: subscribe(it) is the closing verdict", () => {
    const { agent, channel, decisions } = guardCall("onSubscriptionRequest", { channel: "stories/*" });
    expect(String(channel)).toBe("stories/*");
    agent.subscribe(channel);
    expect(decisions).toEqual([{ ...yes, subscribe: ["stories/*"] }]);
  });
});

describe("onUnsubscriptionRequest(channel, agent)", () => {
  test("unsubscribe(channel) lets the agent go", () => {
    const { agent, channel, decisions } = guardCall("onUnsubscriptionRequest");
    agent.unsubscribe(channel);
    expect(decisions).toEqual([yes]);
  });

  test("unsubscriptionDenied(channel, reason) keeps it", () => {
    const { agent, channel, decisions } = guardCall("onUnsubscriptionRequest");
    agent.unsubscriptionDenied(channel, "Stay.");
    expect(decisions).toEqual([no("Stay.")]);
  });
});

describe("onPublicationRequest(channel, agent, message)", () => {
  test("channel.publish(message) is staged, and delivered with publicationSuccess(message)", () => {
    const { agent, channel, message, decisions } = guardCall("onPublicationRequest");
    channel.publish(message);
    expect(decisions).toEqual([]);
    agent.publicationSuccess(message);
    expect(decisions).toEqual([{ ...yes, publish: [{ channel: "stories/5", uuid: "m1", data: "hello" }] }]);
  });

  test("channel.publish on as many channels as the guard likes, in its order, under the publisher's uuid or the one that the guard gives", () => {
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

  test.each(["a b", "", "x".repeat(65), 5])("channel.publish under what is not a uuid throws: %p", (uuid) => {
    const { channel } = guardCall("onPublicationRequest");
    expect(() => channel.publish({ data: 1, uuid: uuid as string })).toThrow(
      "channel.publish: message.uuid must be 1 to 64 characters",
    );
  });

  test("publicationSuccess(message, result) carries a result to the publisher", () => {
    const { agent, message, decisions } = guardCall("onPublicationRequest");
    agent.publicationSuccess(message, { id: 7 });
    expect(decisions).toEqual([{ ...yes, result: { id: 7 } }]);
  });

  test("publicationDenied(message, reason): nothing that was staged happens", () => {
    const { agent, channel, message, decisions } = guardCall("onPublicationRequest");
    channel.publish(message);
    agent.subscribe("news");
    agent.publicationDenied(message, "Too rude.");
    expect(decisions).toEqual([no("Too rude.")]);
  });

  test("subscribe(channel) is staged, also of the channel published on", () => {
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
  test("deliver(channel, message) delivers, transformed as the guard likes, under the message's own channel and uuid", () => {
    const { agent, channel, message, decisions } = guardCall("onMessageReceived");
    agent.deliver(channel, { ...message, uuid: "forged", channel: "elsewhere", data: "changed" });
    expect(decisions).toEqual([{ ...yes, publish: [{ channel: "stories/5", uuid: "m1", data: "changed" }] }]);
  });
});

describe("the closing verdict counts once", () => {
  test("the first: later ones are ignored and told to the log", () => {
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

  test("and a verdict that failed (too large a result) was none: the guard can still give one", () => {
    const { agent, message, decisions } = guardCall("onPublicationRequest");
    expect(() => agent.publicationSuccess(message, "x".repeat(1_025))).toThrow(RangeError);
    agent.publicationDenied(message, "Never mind.");
    expect(decisions).toEqual([no("Never mind.")]);
  });
});

describe("what a guard hands over is copied", () => {
  test("when it is handed over: changing it later changes nothing", () => {
    const { agent, channel, message, decisions } = guardCall("onPublicationRequest");
    const data = { count: 1 };
    channel.publish({ data });
    data.count = 2;
    channel.publish({ data });
    agent.publicationSuccess(message);
    expect(decisions).toMatchObject([{ publish: [{ data: { count: 1 } }, { data: { count: 2 } }] }]);
  });

  test("as JSON says it", () => {
    const { agent, channel, message, decisions } = guardCall("onPublicationRequest");
    channel.publish({ data: { at: new Date(0), left: undefined } });
    agent.publicationSuccess(message);
    expect(decisions).toMatchObject([{ publish: [{ data: { at: "1970-01-01T00:00:00.000Z" } }] }]);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;

  test.each([
    ["undefined", undefined],
    ["a function", () => 1],
    ["a BigInt", 1n],
    ["a cycle", cyclic],
    ["a symbol", Symbol("x")],
  ])("and %s is refused", (_, data) => {
    const { channel, agent, message } = guardCall("onPublicationRequest");
    expect(() => channel.publish({ data })).toThrow(TypeError);
    if (data !== undefined) expect(() => agent.publicationSuccess(message, data as never)).toThrow(TypeError);
  });
});
