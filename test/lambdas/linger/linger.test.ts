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
  // No message is posted, and no subscribers are read.
  test("are stored in order, and a flusher is started", async () => {
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

  // After the lease, the next publication starts another flusher.
  test("are only stored while a flusher holds the lease", async () => {
    const system = await systemOf();
    await publish(system, agent, [outgoing("m1")]);
    system.store.calls.length = 0;
    await publish(system, agent, [outgoing("m2")]);
    expect(system.store.calls).toEqual(["append", "heldUntil"]);
    expect(system.tasks).toHaveLength(1);
    system.clock.advance(leaseMs(system.settings, "busy/1"));
    await publish(system, agent, [outgoing("m3")]);
    expect(system.tasks).toHaveLength(2);
    // The lease of a dead flusher shows that the waiting messages were acknowledged.
    expect(system.tasks[1]).not.toHaveProperty("first");
    expect(await waiting(system)).toEqual(["m1", "m2", "m3"]);
  });

  test("keep their order in full frames with the most publications", async () => {
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

  test("keep the excluded connection", async () => {
    const system = await systemOf();
    await publish(system, agent, [{ ...outgoing("m1"), echo: false }]);
    expect((await system.lingering.waiting("busy/1")).entries).toMatchObject([{ except: "c1" }]);
  });

  test("do not delay messages of other channels", async () => {
    const system = await systemOf();
    await publish(system, agent, [outgoing("m1"), outgoing("m2", "other")]);
    expect(system.connections.received("c1")).toEqual([{ ...outgoing("m2", "other"), at: NOW }]);
    expect(await waiting(system)).toEqual(["m1"]);
  });

  test("of the server API linger, but not its messages to users", async () => {
    const system = { ...(await systemOf()), newUuid: () => "u" };
    await serverPublish(system, [
      { channel: "busy/1", data: 1 },
      { userId: "ada", data: 2 },
    ]);
    expect(await waiting(system)).toEqual(["u"]);
  });

  test("cost a channel without linger nothing", async () => {
    const system = await systemOf();
    await publish(system, agent, [outgoing("m1", "other")]);
    expect(system.store.calls).toEqual(["subscribers other"]);
  });

  test("share one flusher, even if published concurrently", async () => {
    const system = await systemOf();
    await Promise.all(Array.from({ length: 10 }, (_, at) => publish(system, agent, [outgoing(`m${at}`)])));
    expect(system.tasks).toHaveLength(1);
    expect(await waiting(system)).toHaveLength(10);
  });
});

describe("a flusher that cannot be started", () => {
  // No message stays.
  test("fails the publication, and the next one starts another", async () => {
    const system = await systemOf();
    const invokeFlush = async () => Promise.reject(new Error("Lambda is away"));
    await expect(publish({ ...system, invokeFlush }, agent, [outgoing("m1")])).rejects.toThrow("Lambda is away");
    expect(await waiting(system)).toEqual([]);
    await publish(system, agent, [outgoing("m2")]);
    expect(system.tasks).toHaveLength(1);
  });

  test.each(["append", "heldUntil", "acquireLease"] as const)(
    "fails the publication without leaving messages if %s fails",
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

  // No message stays.
  test("fails the publication if only some messages could be stored", async () => {
    const system = await systemOf();
    system.lingering.appends = 1;
    await expect(publish(system, agent, [outgoing("m1"), outgoing("m2")])).rejects.toThrow("the table is away");
    expect([await waiting(system), system.tasks]).toEqual([[], []]);
  });
});

describe("the sweep", () => {
  test("starts flushers for expired leases only, and logs failures", async () => {
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

  test("reads no rows if no channel lingers", async () => {
    const system = fanOutSystem();
    expect(await restartFlushers(system)).toBe(0);
    expect(system.store.calls).toEqual([]);
  });
});
