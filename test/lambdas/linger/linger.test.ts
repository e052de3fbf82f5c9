import { type Message, MAX_MESSAGES_PER_FRAME, MAX_PUBLICATIONS_PER_GUARD_CALL } from "../../../protocol/index.js";
import { leaseMs, restartFlushers } from "../../../lambdas/linger/linger.js";
import { serverPublish } from "../../../lambdas/server-api/server-publish.js";
import { agentOf, messageOf, NOW } from "../support/fakes.js";
import { fanOutSystem, publishUnanswered as publish } from "../delivery/fan-out-system.js";

const channels = { "busy/*": { lingerMs: 250 } };
const agent = agentOf("c1");
const systemOf = async () => {
  const system = fanOutSystem({ channels });
  await system.store.with(agent, "busy/1", "other");
  let chance = 0;
  system.clock.random = () => (chance += 0.001234567);
  return system;
};
type System = Awaited<ReturnType<typeof systemOf>>;
const waiting = async ({ lingering }: System, channel = "busy/1") =>
  (await lingering.waiting(channel)).entries.map(({ message }) => message.uuid);
const outgoing = (uuid: string, channel = "busy/1") => messageOf(channel, "hello", uuid);

describe("publications on channels that linger", () => {
  test("are stored in order, and a flusher is made to run; nothing is posted, and nobody is read", async () => {
    const system = await systemOf();
    const answers = await publish(system, agent, [outgoing("m1"), outgoing("m2"), outgoing("m3", "busy/2")]);
    expect(answers.map(({ successful }) => successful)).toEqual([true, true, true]);
    expect(system.store.calls).toEqual(["append", "heldUntil", "heldUntil", "acquireLease", "acquireLease"]);
    expect([await waiting(system), await waiting(system, "busy/2")]).toEqual([["m1", "m2"], ["m3"]]);
    expect(system.tasks).toMatchObject([
      { channel: "busy/1", since: NOW, first: true },
      { channel: "busy/2", since: NOW, first: true },
    ]);
    expect(system.tasks[0]?.owner).not.toBe(system.tasks[1]?.owner);
    expect(system.lingering.leases.get("busy/1")).toEqual({
      channel: "busy/1",
      owner: system.tasks[0]?.owner,
      until: NOW + leaseMs(system.settings, "busy/1"),
    });
    expect(system.connections.posts).toEqual([]);
  });

  test("are stored and no more while a flusher holds the lease; from when that is over, the next elects another", async () => {
    const system = await systemOf();
    await publish(system, agent, [outgoing("m1")]);
    system.store.calls.length = 0;
    await publish(system, agent, [outgoing("m2")]);
    expect(system.store.calls).toEqual(["append", "heldUntil"]);
    expect(system.tasks).toHaveLength(1);
    system.clock.advance(leaseMs(system.settings, "busy/1"));
    await publish(system, agent, [outgoing("m3")]);
    expect(system.tasks).toHaveLength(2);
    // The lease of one that has died says that what waits was promised.
    expect(system.tasks[1]).not.toHaveProperty("first");
    expect(await waiting(system)).toEqual(["m1", "m2", "m3"]);
  });

  test("keep their order where a frame is full, and its guard publishes as much as it may", async () => {
    const system = await systemOf();
    const several = (uuid: string) =>
      Array.from({ length: MAX_PUBLICATIONS_PER_GUARD_CALL }, (_, at) => messageOf("busy/1", "hello", `${uuid}.${at}`));
    const guards = {
      ...system.guards,
      publication: async (_: unknown, { uuid }: Message) => ({
        permitted: true as const,
        subscribe: [],
        publish: several(uuid),
      }),
    };
    const frame = Array.from({ length: MAX_MESSAGES_PER_FRAME }, (_, at) => `m${at}`);
    await publish(
      { ...system, guards },
      agent,
      frame.map((uuid) => outgoing(uuid)),
    );
    expect(await waiting(system)).toEqual(frame.flatMap((uuid) => several(uuid).map((one) => one.uuid)));
  });

  test("keep whom they spare", async () => {
    const system = await systemOf();
    await publish(system, agent, [{ ...outgoing("m1"), echo: false }]);
    expect((await system.lingering.waiting("busy/1")).entries).toMatchObject([{ except: "c1" }]);
  });

  test("go beside those of other channels, which are delivered at once", async () => {
    const system = await systemOf();
    await publish(system, agent, [outgoing("m1"), outgoing("m2", "other")]);
    expect(system.connections.received("c1")).toEqual([outgoing("m2", "other")]);
    expect(await waiting(system)).toEqual(["m1"]);
  });

  test("of a back end too; what it sends to a user never", async () => {
    const system = { ...(await systemOf()), newUuid: () => "u" };
    await serverPublish(system, [
      { channel: "busy/1", data: 1 },
      { userId: "ada", data: 2 },
    ]);
    expect(await waiting(system)).toEqual(["u"]);
  });

  test("cost a channel that does not linger nothing", async () => {
    const system = await systemOf();
    await publish(system, agent, [outgoing("m1", "other")]);
    expect(system.store.calls).toEqual(["subscribers other"]);
  });

  test("have one flusher, whoever publishes at the same time", async () => {
    const system = await systemOf();
    await Promise.all(Array.from({ length: 10 }, (_, at) => publish(system, agent, [outgoing(`m${at}`)])));
    expect(system.tasks).toHaveLength(1);
    expect(await waiting(system)).toHaveLength(10);
  });
});

describe("where it cannot be promised that a flusher runs", () => {
  test("publishing fails, nothing stays, and the next publication elects another", async () => {
    const system = await systemOf();
    const invokeFlush = async () => Promise.reject(new Error("Lambda is away"));
    await expect(publish({ ...system, invokeFlush }, agent, [outgoing("m1")])).rejects.toThrow("Lambda is away");
    expect(await waiting(system)).toEqual([]);
    await publish(system, agent, [outgoing("m2")]);
    expect(system.tasks).toHaveLength(1);
  });

  test.each(["append", "heldUntil", "acquireLease"] as const)(
    "because %s fails: publishing fails, and nothing stays",
    async (step) => {
      const system = await systemOf();
      system.lingering.before = (name) => {
        if (name === step) throw new Error("the table is away");
      };
      await expect(publish(system, agent, [outgoing("m1")])).rejects.toThrow("the table is away");
      system.lingering.before = () => undefined;
      expect([await waiting(system), system.tasks]).toEqual([[], []]);
    },
  );

  test("because only some could be stored: publishing fails, and nothing stays", async () => {
    const system = await systemOf();
    system.lingering.appends = 1;
    await expect(publish(system, agent, [outgoing("m1"), outgoing("m2")])).rejects.toThrow("the table is away");
    expect([await waiting(system), system.tasks]).toEqual([[], []]);
  });
});

describe("the sweep", () => {
  test("has flushers run for leases that are over, and for no others; one that cannot be is logged", async () => {
    const system = await systemOf();
    for (const [channel, until] of [
      ["busy/1", NOW],
      ["busy/2", NOW + 1],
      ["busy/3", 0],
    ] as const) {
      system.lingering.leases.set(channel, { channel, owner: "dead", until });
    }
    const invokeFlush = async (task: { channel: string }) => {
      if (task.channel === "busy/3") throw new Error("away");
      system.tasks.push({ owner: "", ...task });
    };
    expect(await restartFlushers({ ...system, invokeFlush })).toBe(1);
    expect(system.tasks.map(({ channel }) => channel)).toEqual(["busy/1"]);
    expect(system.log.of("flush_not_invoked")).toMatchObject([{ channel: "busy/3" }]);
  });

  test("asks nothing where no channel lingers", async () => {
    const system = fanOutSystem();
    expect(await restartFlushers(system)).toBe(0);
    expect(system.store.calls).toEqual([]);
  });
});
