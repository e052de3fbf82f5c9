import { MAX_FRAME_BYTES, type Json, type Message, type OutgoingMessage } from "../../../protocol/index.js";
import type { GuardPort, Permitted, Verdict } from "../../../lambdas/ports.js";
import { agentOf, deliveredOf, messageOf } from "../support/fakes.js";
import { fanOutSystem, publishUnanswered as publish } from "../delivery/fan-out-system.js";

const agent = agentOf("publisher");
const out = (channel: string, data: Json = "hello", uuid = "m1", echo = true): OutgoingMessage => ({
  channel,
  uuid,
  data,
  echo,
});
const permitted = (more: Partial<Permitted> = {}): Permitted => ({
  permitted: true,
  subscribe: [],
  publish: [],
  ...more,
});

/** A system in which `listener` and the publisher are subscribed to `a`, `b` and `c`. */
const setUp = async (publication?: GuardPort["publication"]) => {
  const system = fanOutSystem(publication ? { guards: { publication } } : {});
  await system.store.with(agent, "a", "b", "c");
  await system.store.with(agentOf("listener"), "a", "b", "c");
  return system;
};

describe("a publication", () => {
  test("reaches all subscribers, the publisher included", async () => {
    const system = await setUp();
    expect(await publish(system, agent, [out("a")])).toEqual([
      { channel: "/meta/successful", uuid: "m1", successful: true },
    ]);
    expect(system.connections.received("listener")).toEqual([deliveredOf("a")]);
    expect(system.connections.received("publisher")).toEqual([deliveredOf("a")]);
  });

  test("does not reach its publisher with echo: false", async () => {
    const system = await setUp();
    await publish(system, agent, [out("a", 1, "m1", false), out("a", 2, "m2")]);
    expect(system.connections.received("publisher")).toEqual([deliveredOf("a", 2, "m2")]);
    expect(system.connections.received("listener")).toHaveLength(2);
  });

  test("needs a channel that allows publications", async () => {
    const system = await setUp();
    const answers = await publish(system, agent, [
      out("/meta/x", 1, "m1"),
      out("a/*", 1, "m2"),
      out("a b", 1, "m3"),
      out("a", 1, "m4"),
    ]);
    expect(answers.map(({ code }) => code)).toEqual(["reserved_channel", "wildcard", "bad_channel", undefined]);
    expect(answers.map(({ channel }) => channel)).toEqual([
      ...Array.from({ length: 3 }, () => "/meta/error"),
      "/meta/successful",
    ]);
    expect(system.connections.received("listener")).toEqual([deliveredOf("a", 1, "m4")]);
  });
});

describe("a publication guard", () => {
  test("gets the message as sent, without the publisher's options", async () => {
    const asked: Message[] = [];
    const system = await setUp(async (_agent, message) => {
      asked.push(message);
      return permitted();
    });
    await publish(system, agent, [out("a")]);
    expect(asked).toEqual([messageOf("a")]);
  });

  test("that denies sends its reason, and nothing is published", async () => {
    const system = await setUp(async () => ({ permitted: false, code: "denied", reason: "Not here." }));
    expect(await publish(system, agent, [out("a")])).toEqual([
      { channel: "/meta/error", uuid: "m1", successful: false, code: "denied", error: "Not here." },
    ]);
    expect(system.connections.posts).toEqual([]);
    expect(system.store.calls).toEqual([]);
  });

  test("publishes the messages that it staged, on any channels", async () => {
    const system = await setUp(async (_agent, message) =>
      permitted({
        publish: [
          { ...message, channel: "b", data: "for b" },
          { ...message, channel: "c", data: "for c" },
        ],
      }),
    );
    expect(await publish(system, agent, [out("a")])).toMatchObject([{ successful: true }]);
    expect(system.connections.received("listener")).toEqual([deliveredOf("b", "for b"), deliveredOf("c", "for c")]);
  });

  // The uuids are the same when the publication is repeated.
  test("may publish several messages on one channel, with distinct uuids", async () => {
    const system = await setUp(async (_agent, message) =>
      permitted({
        publish: [
          { ...message, data: 1 },
          { ...message, data: 2 },
        ],
      }),
    );
    await publish(system, agent, [out("a")]);
    const received = system.connections.received("listener") as Message[];
    expect(received).toMatchObject([{ uuid: "m1", data: 1 }, { data: 2 }]);
    expect(received[1]!.uuid).not.toBe("m1");
    await publish(system, agent, [out("a")]);
    expect(system.connections.received("listener")).toEqual([...received, ...received]);
  });

  test("may permit a publication without publishing anything", async () => {
    const system = await setUp(async () => permitted());
    expect(await publish(system, agent, [out("a")])).toMatchObject([{ channel: "/meta/successful", successful: true }]);
    expect(system.connections.posts).toEqual([]);
  });

  test("may give the publisher a result, even null", async () => {
    const system = await setUp(async () => permitted({ result: null }));
    expect(await publish(system, agent, [out("a")])).toEqual([
      { channel: "/meta/successful", uuid: "m1", successful: true, data: null },
    ]);
  });

  test("may subscribe the publisher before anything is delivered", async () => {
    const system = await setUp(async (_agent, message) =>
      permitted({ subscribe: ["new"], publish: [{ ...message, channel: "new" }] }),
    );
    await publish(system, agent, [out("a")]);
    expect(system.store.calls.slice(0, 3)).toEqual([
      "connectionSubscriptions publisher",
      "putSubscriptions publisher new",
      "connectionSubscriptions publisher",
    ]);
    expect(system.connections.received("publisher")).toEqual([deliveredOf("new")]);
  });

  test("keeps echo: false on every channel that it chose", async () => {
    const system = await setUp(async (_agent, message) =>
      permitted({ publish: [message, { ...message, channel: "b" }] }),
    );
    await publish(system, agent, [out("a", 1, "m1", false)]);
    expect(system.connections.received("publisher")).toEqual([]);
    expect(system.connections.received("listener")).toHaveLength(2);
  });
});

describe("a message that is too large", () => {
  const system = () =>
    setUp(async (_agent, message) =>
      message.uuid === "big"
        ? permitted({
            subscribe: ["new"],
            publish: [message, { ...message, channel: "b", data: "x".repeat(MAX_FRAME_BYTES) }],
          })
        : permitted({ publish: [message] }),
    );

  test("is not delivered, not even on channels that it fits", async () => {
    const tooLarge = await system();
    expect(await publish(tooLarge, agent, [out("a", 1, "big")])).toMatchObject([
      { channel: "/meta/error", uuid: "big", code: "too_large" },
    ]);
    expect(tooLarge.connections.posts).toEqual([]);
    expect(tooLarge.store.traces("publisher")).not.toContain("new");
  });

  test("does not affect other messages of its frame", async () => {
    const tooLarge = await system();
    const answers = await publish(tooLarge, agent, [out("a", 1, "m1"), out("a", 2, "big"), out("a", 3, "m3")]);
    expect(answers.map(({ code }) => code)).toEqual([undefined, "too_large", undefined]);
    expect(tooLarge.connections.received("listener")).toEqual([deliveredOf("a", 1, "m1"), deliveredOf("a", 3, "m3")]);
  });
});

describe("several messages in a frame", () => {
  test("are decided independently and delivered in the frame's order", async () => {
    const system = await setUp(async (_agent, message): Promise<Verdict> => {
      await system.clock.sleep(message.uuid === "m1" ? 500 : 1);
      return message.uuid === "m2"
        ? { permitted: false, code: "denied", reason: "No." }
        : permitted({ publish: [message] });
    });
    const answers = await publish(system, agent, [out("a", 1, "m1"), out("a", 2, "m2"), out("b", 3, "m3")]);
    expect(answers.map(({ uuid, successful }) => [uuid, successful])).toEqual([
      ["m1", true],
      ["m2", false],
      ["m3", true],
    ]);
    expect(system.connections.received("listener")).toMatchObject([{ uuid: "m1" }, { uuid: "m3" }]);
    expect(system.connections.to("listener")).toHaveLength(1);
  });

  test("are decided in parallel", async () => {
    const system = await setUp(async () => {
      await system.clock.sleep(900);
      return permitted();
    });
    const begun = system.clock.now();
    await publish(
      system,
      agent,
      Array.from({ length: 25 }, (_, at) => out("a", at, `m${at}`)),
    );
    expect(system.clock.now() - begun).toBe(900);
  });
});

describe("publishing", () => {
  test("reads each channel's subscribers once and writes nothing", async () => {
    const system = await setUp();
    await publish(system, agent, [out("a", 1, "m1"), out("b", 2, "m2"), out("a", 3, "m3")]);
    expect(system.store.calls).toEqual(["subscribers a", "subscribers b"]);
  });

  test("succeeds even if a subscriber cannot be reached, which is logged", async () => {
    const system = await setUp();
    system.connections.scripts.set("listener", ["refused"]);
    expect(await publish(system, agent, [out("a")])).toMatchObject([{ successful: true }]);
    expect(system.log.of("not_delivered")).toHaveLength(1);
  });

  // Nothing has been posted then.
  test("fails as a whole if subscribers cannot be read", async () => {
    const system = await setUp();
    system.store.before.subscribers = () => {
      throw new Error("throttled");
    };
    await expect(publish(system, agent, [out("a")])).rejects.toThrow("throttled");
    expect(system.connections.posts).toEqual([]);
  });
});
