import { MAX_CREDENTIALS_BYTES, MAX_INFO_BYTES, MAX_RESULT_BYTES } from "../../../protocol/index.js";
import { HANDLERS } from "../../../protocol/guard-manifest.js";
import type { Agent, Channel, Message } from "push-it-server/guards";
import { guardCall } from "./call-fixture.js";

type Use = (agent: Agent, channel: Channel, message: Message) => void;

/** Every verdict method, and the guards that may call it. */
const VERDICTS: Record<string, { use: Use; belongsTo: string[] }> = {
  "agent.connected": { use: (agent) => agent.connected(), belongsTo: ["onConnectionRequest"] },
  "agent.connectionDenied": { use: (agent) => agent.connectionDenied("x"), belongsTo: ["onConnectionRequest"] },
  "agent.subscribe": {
    use: (agent) => agent.subscribe("stories/9"),
    belongsTo: ["onConnectionRequest", "onSubscriptionRequest", "onPublicationRequest"],
  },
  "agent.subscriptionDenied": {
    use: (agent) => agent.subscriptionDenied("stories/5"),
    belongsTo: ["onSubscriptionRequest"],
  },
  "agent.unsubscribe": { use: (agent) => agent.unsubscribe("stories/5"), belongsTo: ["onUnsubscriptionRequest"] },
  "agent.unsubscriptionDenied": {
    use: (agent) => agent.unsubscriptionDenied("stories/5"),
    belongsTo: ["onUnsubscriptionRequest"],
  },
  "agent.publicationSuccess": {
    use: (agent, _channel, message) => agent.publicationSuccess(message),
    belongsTo: ["onPublicationRequest"],
  },
  "agent.publicationDenied": {
    use: (agent, _channel, message) => agent.publicationDenied(message),
    belongsTo: ["onPublicationRequest"],
  },
  "agent.presenceSuccess": { use: (agent) => agent.presenceSuccess("stories/5"), belongsTo: ["onPresenceRequest"] },
  "agent.presenceDenied": { use: (agent) => agent.presenceDenied("stories/5"), belongsTo: ["onPresenceRequest"] },
  "agent.deliver": {
    use: (agent, channel, message) => agent.deliver(channel, message),
    belongsTo: ["onMessageReceived"],
  },
  "channel.publish": {
    use: (_agent, channel, message) => channel.publish(message),
    belongsTo: ["onPublicationRequest"],
  },
};

describe.each(Object.entries(VERDICTS))("%s", (name, { use, belongsTo }) => {
  test.each(HANDLERS.filter((handler) => belongsTo.includes(handler)))("%s may call it", (handler) => {
    const { agent, channel, message } = guardCall(handler);
    expect(() => use(agent, channel, message)).not.toThrow();
  });

  test.each(HANDLERS.filter((handler) => !belongsTo.includes(handler)))("%s may not call it", (handler) => {
    const { agent, channel, message, decisions } = guardCall(handler);
    expect(() => use(agent, channel, message)).toThrow(`${name}() cannot be called in ${handler}`);
    expect(decisions).toEqual([]);
  });
});

describe("a verdict about another channel than the requested one", () => {
  test.each([
    ["onSubscriptionRequest", "agent.subscriptionDenied", (agent: Agent) => agent.subscriptionDenied("stories/6")],
    ["onUnsubscriptionRequest", "agent.unsubscribe", (agent: Agent) => agent.unsubscribe("stories/6")],
    [
      "onUnsubscriptionRequest",
      "agent.unsubscriptionDenied",
      (agent: Agent) => agent.unsubscriptionDenied("stories/6"),
    ],
    ["onPresenceRequest", "agent.presenceSuccess", (agent: Agent) => agent.presenceSuccess("stories/6")],
    ["onPresenceRequest", "agent.presenceDenied", (agent: Agent) => agent.presenceDenied("stories/6")],
  ] as const)("in %s, %s throws", (handler, name, use) => {
    const { agent, decisions } = guardCall(handler);
    expect(() => use(agent)).toThrow(`${name} must be called with the requested channel, stories/5`);
    expect(decisions).toEqual([]);
  });
});

describe("an invalid channel name", () => {
  test.each(["", "a b", "/meta/connect", "other/*"])("a guard cannot subscribe its agent to %j", (name) => {
    const { agent } = guardCall("onConnectionRequest");
    expect(() => agent.subscribe(name)).toThrow(TypeError);
  });

  test.each(["", "a b", "/meta/connect", "stories/*"])("a guard cannot publish on %j", (name) => {
    const { agent } = guardCall("onPublicationRequest");
    expect(() => agent.channel(name).publish({ data: 1 })).toThrow(TypeError);
  });
});

describe("limits of the values that a guard passes, in bytes of JSON", () => {
  const text = (bytes: number): string => "x".repeat(bytes - 2);

  test.each(["", "x".repeat(129), 5, null, {}])("agent.connected refuses %p as a user id", (userId) => {
    const { agent, decisions } = guardCall("onConnectionRequest");
    expect(() => agent.connected({ userId: userId as string })).toThrow(
      "agent.connected: userId must be a string of 1 to 128 characters",
    );
    expect(decisions).toEqual([]);
    agent.connected({ userId: "x".repeat(128) });
    expect(decisions).toHaveLength(1);
  });

  test.each([
    ["seconds as in a JWT", Math.floor(Date.now() / 1_000) + 3_600],
    ["the current time", Date.now()],
    ["a date in the past", new Date(0)],
    ["an invalid date", new Date("x")],
    ["NaN", Number.NaN],
    ["Infinity", Infinity],
    ["a string", "2090-01-01"],
    ["null", null],
  ])("agent.connected refuses %s as an expiry and names valid values", (_, expiresAt) => {
    const { agent, decisions } = guardCall("onConnectionRequest");
    expect(() => agent.connected({ expiresAt: expiresAt as number })).toThrow(
      "expiresAt must be a Date, or epoch milliseconds, in the future (a JWT's exp is in seconds: expiresAt: exp * 1000)",
    );
    expect(decisions).toEqual([]);
  });

  test("agent.connected accepts public info of up to 256 bytes", () => {
    const { agent, decisions } = guardCall("onConnectionRequest");
    expect(() => agent.connected({ info: text(MAX_INFO_BYTES + 1) })).toThrow("info must be at most 256 bytes of JSON");
    expect(() => agent.connected({ info: "é".repeat(128) })).toThrow(RangeError);
    expect(decisions).toEqual([]);
    agent.connected({ info: text(MAX_INFO_BYTES) });
    expect(decisions).toHaveLength(1);
  });

  test("agent.connected accepts credentials of up to 4,096 bytes", () => {
    const { agent, decisions } = guardCall("onConnectionRequest");
    agent.credentials = text(MAX_CREDENTIALS_BYTES + 1);
    expect(() => agent.connected()).toThrow("agent.credentials must be at most 4096 bytes of JSON");
    agent.credentials = text(MAX_CREDENTIALS_BYTES);
    agent.connected();
    expect(decisions).toHaveLength(1);
  });

  test("agent.publicationSuccess accepts a result of up to 1,024 bytes", () => {
    const { agent, message, decisions } = guardCall("onPublicationRequest");
    expect(() => agent.publicationSuccess(message, text(MAX_RESULT_BYTES + 1))).toThrow("result must be at most 1024");
    agent.publicationSuccess(message, text(MAX_RESULT_BYTES));
    expect(decisions).toHaveLength(1);
  });
});

// With 25 channels, the replies fit into one frame.
test("a guard subscribes its agent to at most 25 other channels", () => {
  const { agent, channel, decisions } = guardCall("onSubscriptionRequest");
  for (let at = 0; at < 25; at += 1) agent.subscribe(`other/${at}`);
  expect(() => agent.subscribe("other/25")).toThrow(RangeError);
  agent.subscribe(channel);
  expect(decisions[0]).toHaveProperty("subscribe.length", 26);
});

test("a guard's reason is converted to a string", () => {
  const { agent, decisions } = guardCall("onConnectionRequest");
  agent.connectionDenied(new Error("Backend said no") as unknown as string);
  expect(decisions).toEqual([{ permitted: false, reason: "Error: Backend said no" }]);
});
