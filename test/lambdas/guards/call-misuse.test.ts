import { MAX_CREDENTIALS_BYTES, MAX_INFO_BYTES, MAX_RESULT_BYTES } from "../../../protocol/index.js";
import { HANDLERS } from "../../../protocol/guard-manifest.js";
import type { Agent, Channel, Message } from "push-it-server/guards";
import { guardCall } from "./call-fixture.js";

type Use = (agent: Agent, channel: Channel, message: Message) => void;

/** Every verdict method, and the guards it belongs to. */
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
  test.each(HANDLERS.filter((handler) => belongsTo.includes(handler)))("belongs to %s", (handler) => {
    const { agent, channel, message } = guardCall(handler);
    expect(() => use(agent, channel, message)).not.toThrow();
  });

  test.each(HANDLERS.filter((handler) => !belongsTo.includes(handler)))("throws in %s", (handler) => {
    const { agent, channel, message, decisions } = guardCall(handler);
    expect(() => use(agent, channel, message)).toThrow(`${name}() cannot be called in ${handler}`);
    expect(decisions).toEqual([]);
  });
});

describe("a verdict about another channel than the one asked for throws", () => {
  test.each([
    ["onSubscriptionRequest", "agent.subscriptionDenied", (agent: Agent) => agent.subscriptionDenied("stories/6")],
    ["onUnsubscriptionRequest", "agent.unsubscribe", (agent: Agent) => agent.unsubscribe("stories/6")],
    [
      "onUnsubscriptionRequest",
      "agent.unsubscriptionDenied",
      (agent: Agent) => agent.unsubscriptionDenied("stories/6"),
    ],
  ] as const)("in %s: %s", (handler, name, use) => {
    const { agent, decisions } = guardCall(handler);
    expect(() => use(agent)).toThrow(`${name} must be called with the requested channel, stories/5`);
    expect(decisions).toEqual([]);
  });
});

describe("a channel that cannot be", () => {
  test.each(["", "a b", "/meta/connect", "other/*"])("cannot be subscribed to by a guard: %j", (name) => {
    const { agent } = guardCall("onConnectionRequest");
    expect(() => agent.subscribe(name)).toThrow(TypeError);
  });

  test.each(["", "a b", "/meta/connect", "stories/*"])("cannot be published on by a guard: %j", (name) => {
    const { agent } = guardCall("onPublicationRequest");
    expect(() => agent.channel(name).publish({ data: 1 })).toThrow(TypeError);
  });
});

describe("what a guard hands over has a limit, in bytes of JSON", () => {
  const text = (bytes: number): string => "x".repeat(bytes - 2);

  test.each(["", "x".repeat(129), 5, null, {}])("a user is no %p", (userId) => {
    const { agent, decisions } = guardCall("onConnectionRequest");
    expect(() => agent.connected({ userId: userId as string })).toThrow(
      "agent.connected: userId must be a string of 1 to 128 characters",
    );
    expect(decisions).toEqual([]);
    agent.connected({ userId: "x".repeat(128) });
    expect(decisions).toHaveLength(1);
  });

  test.each([
    ["a JWT's seconds", Math.floor(Date.now() / 1_000) + 3_600],
    ["now", Date.now()],
    ["the past", new Date(0)],
    ["no date", new Date("x")],
    ["no number", Number.NaN],
    ["never", Infinity],
    ["a text", "2090-01-01"],
    ["null", null],
  ])("an agent does not expire at %s, and the error says what would be right", (_, expiresAt) => {
    const { agent, decisions } = guardCall("onConnectionRequest");
    expect(() => agent.connected({ expiresAt: expiresAt as number })).toThrow(
      "expiresAt must be a Date, or epoch milliseconds, in the future (a JWT's exp is in seconds: expiresAt: exp * 1000)",
    );
    expect(decisions).toEqual([]);
  });

  test("info: 256", () => {
    const { agent, decisions } = guardCall("onConnectionRequest");
    expect(() => agent.connected({ info: text(MAX_INFO_BYTES + 1) })).toThrow("info must be at most 256 bytes of JSON");
    expect(() => agent.connected({ info: "é".repeat(128) })).toThrow(RangeError);
    expect(decisions).toEqual([]);
    agent.connected({ info: text(MAX_INFO_BYTES) });
    expect(decisions).toHaveLength(1);
  });

  test("credentials: 4,096", () => {
    const { agent, decisions } = guardCall("onConnectionRequest");
    agent.credentials = text(MAX_CREDENTIALS_BYTES + 1);
    expect(() => agent.connected()).toThrow("agent.credentials must be at most 4096 bytes of JSON");
    agent.credentials = text(MAX_CREDENTIALS_BYTES);
    agent.connected();
    expect(decisions).toHaveLength(1);
  });

  test("result: 1,024", () => {
    const { agent, message, decisions } = guardCall("onPublicationRequest");
    expect(() => agent.publicationSuccess(message, text(MAX_RESULT_BYTES + 1))).toThrow("result must be at most 1024");
    agent.publicationSuccess(message, text(MAX_RESULT_BYTES));
    expect(decisions).toHaveLength(1);
  });
});

test("a guard subscribes its agent to 25 other channels in one call at most: the answers fit a frame", () => {
  const { agent, channel, decisions } = guardCall("onSubscriptionRequest");
  for (let at = 0; at < 25; at += 1) agent.subscribe(`other/${at}`);
  expect(() => agent.subscribe("other/25")).toThrow(RangeError);
  agent.subscribe(channel);
  expect(decisions[0]).toHaveProperty("subscribe.length", 26);
});

test("a reason that is no text is turned into one", () => {
  const { agent, decisions } = guardCall("onConnectionRequest");
  agent.connectionDenied(new Error("Backend said no") as unknown as string);
  expect(decisions).toEqual([{ permitted: false, reason: "Error: Backend said no" }]);
});
