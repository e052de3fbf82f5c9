import type { Json, OutgoingMessage } from "../../../protocol/index.js";
import { serialize } from "../../../lambdas/delivery/serialize.js";
import type { GuardPort, Permitted } from "../../../lambdas/ports.js";
import { agentOf, deliveredOf, messageOf } from "../support/fakes.js";
import { fanOutSystem, publishUnanswered as publish } from "../delivery/fan-out-system.js";

const agent = agentOf("publisher");
const out = (channel: string, data: Json = "hello", uuid = "m1"): OutgoingMessage => ({
  channel,
  uuid,
  data,
  echo: true,
});
const permitted = (more: Partial<Permitted> = {}): Permitted => ({
  permitted: true,
  subscribe: [],
  publish: [],
  ...more,
});
const codes = (answers: { code?: string }[]): (string | undefined)[] => answers.map(({ code }) => code);

const setUp = async (options: Parameters<typeof fanOutSystem>[0] = {}) => {
  const system = fanOutSystem(options);
  await system.store.with(agent);
  await system.store.with(agentOf("listener"), "a", "b");
  return system;
};

describe("publications above the rate", () => {
  test("are refused one by one, before guards run, unlike the others", async () => {
    const asked: string[] = [];
    const publication: GuardPort["publication"] = async (_agent, message) => {
      asked.push(message.uuid);
      return permitted({ publish: [message] });
    };
    const system = await setUp({ guards: { publication }, limits: { publicationsPerSecond: 1 } });
    const answers = await publish(
      system,
      agent,
      ["m1", "m2", "m3", "m4"].map((uuid) => out("a", 1, uuid)),
    );
    expect(codes(answers)).toEqual([undefined, undefined, "rate_limited", "rate_limited"]);
    expect(answers.map(({ uuid }) => uuid)).toEqual(["m1", "m2", "m3", "m4"]);
    expect(asked).toEqual(["m1", "m2"]);
    expect(system.connections.received("listener")).toEqual([deliveredOf("a", 1, "m1"), deliveredOf("a", 1, "m2")]);
  });

  test("may be published a second later", async () => {
    const system = await setUp({ limits: { publicationsPerSecond: 1 } });
    await publish(system, agent, [out("a"), out("a")]);
    expect(codes(await publish(system, agent, [out("a")]))).toEqual(["rate_limited"]);
    system.clock.advance(1_000);
    expect(codes(await publish(system, agent, [out("a"), out("a")]))).toEqual([undefined, "rate_limited"]);
  });
});

describe("a message that is too large for delivery", () => {
  const limit = serialize(messageOf("a", "x".repeat(20))).bytes;

  test("is refused at one byte above the limit, unlike its neighbours", async () => {
    const system = await setUp({ limits: { messageBytes: limit } });
    const sizes = [20, 21, 3].map((size, at) => out("a", "x".repeat(size), `m${at}`));
    expect(codes(await publish(system, agent, sizes))).toEqual([undefined, "too_large", undefined]);
    expect(system.connections.received("listener")).toHaveLength(2);
  });

  test("may have grown in its guard, whose staged work is then discarded", async () => {
    const publication: GuardPort["publication"] = async (_agent, message) =>
      permitted({ publish: [message, { ...message, data: "x".repeat(21) }], subscribe: ["b"] });
    const system = await setUp({ guards: { publication }, limits: { messageBytes: limit } });
    expect(codes(await publish(system, agent, [out("a", "small")]))).toEqual(["too_large"]);
    expect(system.connections.posts).toEqual([]);
    expect((await system.store.connectionSubscriptions("publisher")).channels).toEqual([]);
  });

  test("may have grown in a delivery guard, is dropped and logged", async () => {
    const delivery: GuardPort["delivery"] = async (_agent, message) => ({ ...message, data: "x".repeat(21) });
    const system = await setUp({
      guards: { guardsDelivery: async () => true, delivery },
      limits: { messageBytes: limit },
    });
    expect(codes(await publish(system, agent, [out("a")]))).toEqual([undefined]);
    expect(system.connections.posts).toEqual([]);
    expect(system.log.of("delivery_too_large")).toEqual([
      { agent: "uuid-of-listener", channel: "a", uuid: "m1", bytes: limit + 1 },
    ]);
  });
});

test("channel names that the deployment does not allow are refused", async () => {
  const system = await setUp({ limits: { channelLength: 3, channelPunctuation: "" } });
  expect(codes(await publish(system, agent, [out("a"), out("a-b"), out("abcd")]))).toEqual([
    undefined,
    "bad_channel",
    "bad_channel",
  ]);
});

describe("a publication guard that subscribes its publisher to too many channels", () => {
  const publication: GuardPort["publication"] = async (_agent, message) =>
    permitted({ publish: [message], subscribe: message.uuid === "greedy" ? ["x", "y"] : ["x"] });

  // Nothing of the refused message is done.
  test("has its message refused, unlike the others of the frame", async () => {
    const system = await setUp({ guards: { publication }, limits: { subscriptionsPerAgent: 1 } });
    const answers = await publish(system, agent, [out("a", 1, "greedy"), out("a", 2, "modest")]);
    expect(codes(answers)).toEqual(["too_many_subscriptions", undefined]);
    expect(system.connections.received("listener")).toEqual([deliveredOf("a", 2, "modest")]);
    expect((await system.store.connectionSubscriptions("publisher")).channels).toEqual(["x"]);
  });
});
