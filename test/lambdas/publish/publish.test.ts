import { MAX_FRAME_BYTES, type Json, type Message, type OutgoingMessage } from "../../../protocol/index.js";
import type { GuardPort, Permitted, Verdict } from "../../../lambdas/ports.js";
import { agentOf, messageOf } from "../support/fakes.js";
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

describe("publish succeeds by default", () => {
  test("and reaches all subscribers, the publisher too", async () => {
    const system = await setUp();
    expect(await publish(system, agent, [out("a")])).toEqual([
      { channel: "/meta/successful", uuid: "m1", successful: true },
    ]);
    expect(system.connections.received("listener")).toEqual([messageOf("a")]);
    expect(system.connections.received("publisher")).toEqual([messageOf("a")]);
  });

  test("without the publisher's own copy, where it says echo: false", async () => {
    const system = await setUp();
    await publish(system, agent, [out("a", 1, "m1", false), out("a", 2, "m2")]);
    expect(system.connections.received("publisher")).toEqual([messageOf("a", 2, "m2")]);
    expect(system.connections.received("listener")).toHaveLength(2);
  });

  test("with a channel that can be published on only", async () => {
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
    expect(system.connections.received("listener")).toEqual([messageOf("a", 1, "m4")]);
  });
});

describe("a publication guard", () => {
  test("is asked about the message as its publisher sent it, without what is none of its business", async () => {
    const asked: Message[] = [];
    const system = await setUp(async (_agent, message) => {
      asked.push(message);
      return permitted();
    });
    await publish(system, agent, [out("a")]);
    expect(asked).toEqual([messageOf("a")]);
  });

  test("that denies: the publisher learns why, by the message's uuid, and nothing is published", async () => {
    const system = await setUp(async () => ({ permitted: false, code: "denied", reason: "Not here." }));
    expect(await publish(system, agent, [out("a")])).toEqual([
      { channel: "/meta/error", uuid: "m1", successful: false, code: "denied", error: "Not here." },
    ]);
    expect(system.connections.posts).toEqual([]);
    expect(system.store.calls).toEqual([]);
  });

  test("publishes what it staged, on as many channels as it likes, and not what it did not", async () => {
    const system = await setUp(async (_agent, message) =>
      permitted({
        publish: [
          { ...message, channel: "b", data: "for b" },
          { ...message, channel: "c", data: "for c" },
        ],
      }),
    );
    expect(await publish(system, agent, [out("a")])).toMatchObject([{ successful: true }]);
    expect(system.connections.received("listener")).toEqual([messageOf("b", "for b"), messageOf("c", "for c")]);
  });

  test("may publish several messages on one channel: each has a uuid of its own, the same when it is repeated", async () => {
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

  test("may succeed without publishing: the message was only logged, or posted elsewhere", async () => {
    const system = await setUp(async () => permitted());
    expect(await publish(system, agent, [out("a")])).toMatchObject([{ channel: "/meta/successful", successful: true }]);
    expect(system.connections.posts).toEqual([]);
  });

  test("may give the publisher a result; null is one", async () => {
    const system = await setUp(async () => permitted({ result: null }));
    expect(await publish(system, agent, [out("a")])).toEqual([
      { channel: "/meta/successful", uuid: "m1", successful: true, data: null },
    ]);
  });

  test("may subscribe the publisher elsewhere, which happens before anything is delivered", async () => {
    const system = await setUp(async (_agent, message) =>
      permitted({ subscribe: ["new"], publish: [{ ...message, channel: "new" }] }),
    );
    await publish(system, agent, [out("a")]);
    expect(system.store.calls.slice(0, 3)).toEqual([
      "connectionSubscriptions publisher",
      "putSubscriptions publisher new",
      "connectionSubscriptions publisher",
    ]);
    expect(system.connections.received("publisher")).toEqual([messageOf("new")]);
  });

  test("spares the publisher its copy on every channel the guard chose", async () => {
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

  test("as it would be delivered: nothing of it happens, not even on the channels where it would fit", async () => {
    const it = await system();
    expect(await publish(it, agent, [out("a", 1, "big")])).toMatchObject([
      { channel: "/meta/error", uuid: "big", code: "too_large" },
    ]);
    expect(it.connections.posts).toEqual([]);
    expect(it.store.traces("publisher")).not.toContain("new");
  });

  test("touches no other message of its frame", async () => {
    const it = await system();
    const answers = await publish(it, agent, [out("a", 1, "m1"), out("a", 2, "big"), out("a", 3, "m3")]);
    expect(answers.map(({ code }) => code)).toEqual([undefined, "too_large", undefined]);
    expect(it.connections.received("listener")).toEqual([messageOf("a", 1, "m1"), messageOf("a", 3, "m3")]);
  });
});

describe("several messages in a frame", () => {
  test("are decided independently and delivered in the order of the frame, whichever guard is quicker", async () => {
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

  test("are asked about at the same time: the frame waits for the slowest guard, not for their sum", async () => {
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

describe("publishing writes nothing", () => {
  test("and reads each channel's subscribers once", async () => {
    const system = await setUp();
    await publish(system, agent, [out("a", 1, "m1"), out("b", 2, "m2"), out("a", 3, "m3")]);
    expect(system.store.calls).toEqual(["subscribers a", "subscribers b"]);
  });

  test("and is answered with success also when someone could not be reached, which is logged", async () => {
    const system = await setUp();
    system.connections.scripts.set("listener", ["refused"]);
    expect(await publish(system, agent, [out("a")])).toMatchObject([{ successful: true }]);
    expect(system.log.of("not_delivered")).toHaveLength(1);
  });

  test("and fails as a whole when the subscribers cannot be read: nothing has been posted", async () => {
    const system = await setUp();
    system.store.before.subscribers = () => {
      throw new Error("throttled");
    };
    await expect(publish(system, agent, [out("a")])).rejects.toThrow("throttled");
    expect(system.connections.posts).toEqual([]);
  });
});
