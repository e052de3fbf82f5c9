import { deleteHistory, deleteMessage, forgetUser } from "../../../lambdas/server-api/erase.js";
import { PENDING_MS } from "../../../lambdas/history/history.js";
import { userChannel } from "../../../lambdas/subscriptions/user-channel.js";
import { oldest, replayFrom } from "../../../lambdas/history/replay.js";
import { handleServerRequest } from "../../../lambdas/server-api/server-api.js";
import { type Message, Meta } from "../../../protocol/index.js";
import { agentOf } from "../support/fakes.js";
import { addSubscribers, type FanOutSystem, fanOutSystem, publishUnanswered } from "../delivery/fan-out-system.js";

const CHANNEL = "rooms/5";
const KEEP = { size: 100, seconds: 3_600 };

const systemOf = () => {
  const system = fanOutSystem({
    channels: {
      "rooms/*": { history: KEEP },
      "busy/*": { history: KEEP, lingerMs: 500 },
      "prices/*": { latest: true },
      "seats/*": { latest: true, from: true },
    },
    wildcards: ["rooms/*"],
  });
  let last = 0;
  return { ...system, newUuid: () => `notice${(last += 1)}` };
};

const ANN = agentOf("ann", { userId: "ann" });
const BOB = agentOf("bob", { userId: "bob" });

const publish = (system: FanOutSystem, agent: typeof ANN, uuid: string, channel = CHANNEL) =>
  publishUnanswered(system, agent, [{ channel, uuid, data: `of ${uuid}` }]);

/** The messages that were posted to a connection. */
const framesOf = ({ connections }: FanOutSystem, connectionId: string): Message[] =>
  connections.received(connectionId) as Message[];

/** The data that a connection received on `/meta/history`. */
const notices = (system: FanOutSystem, connectionId: string) =>
  framesOf(system, connectionId)
    .filter(({ channel }) => channel === Meta.history)
    .map(({ data }) => data);

const positionAt = (system: FanOutSystem, offset: number, channel = CHANNEL) => ({
  epoch: system.histories.heads_.get(channel)!.epoch,
  offset,
});

const readAll = async (system: FanOutSystem, channel = CHANNEL) =>
  (await oldest(system, { channel, head: system.histories.heads_.get(channel)!, keep: KEEP }, 100)).messages.map(
    ({ message }) => message.uuid,
  );

describe("a deleted message", () => {
  it("is in no history or recovery, and leaves no gap", async () => {
    const system = systemOf();
    for (const uuid of ["m1", "m2", "m3"]) await publish(system, ANN, uuid);
    expect(await deleteMessage(system, CHANNEL, positionAt(system, 2))).toBe(true);
    expect(await readAll(system)).toEqual(["m1", "m3"]);
    const head = system.histories.heads_.get(CHANNEL)!;
    const page = await replayFrom(system, { channel: CHANNEL, head, keep: KEEP }, positionAt(system, 1), 100);
    expect(page).toMatchObject({ position: { offset: 3 }, more: false, messages: [{ message: { uuid: "m3" } }] });
    expect(page.code).toBeUndefined();
    expect(JSON.stringify([...system.histories.rowsOf(CHANNEL).values()])).not.toContain("of m2");
  });

  // This happens again if it is deleted again.
  it("is announced to subscribers of the channel and its wildcards", async () => {
    const system = systemOf();
    await system.store.with(agentOf("c1"), CHANNEL);
    await system.store.with(agentOf("c2"), "rooms/*");
    await publish(system, ANN, "m1");
    const position = positionAt(system, 1);
    for (const times of [1, 2]) {
      expect(await deleteMessage(system, CHANNEL, position)).toBe(true);
      for (const id of ["c1", "c2"])
        expect(notices(system, id)).toEqual(
          Array(times).fill({ channel: CHANNEL, messages: [{ ...position, uuid: "m1" }] }),
        );
    }
  });

  it("does not return when its publisher repeats it", async () => {
    const system = systemOf();
    const [id] = await addSubscribers(system, 1, CHANNEL);
    await publish(system, ANN, "m1");
    await deleteMessage(system, CHANNEL, positionAt(system, 1));
    const before = framesOf(system, id!).length;
    expect(await publish(system, ANN, "m1")).toMatchObject([{ successful: true, position: positionAt(system, 1) }]);
    expect(await readAll(system)).toEqual([]);
    expect(framesOf(system, id!)).toHaveLength(before);
  });

  it("must exist, or nothing changes", async () => {
    const system = systemOf();
    await addSubscribers(system, 1, CHANNEL);
    await publish(system, ANN, "m1");
    for (const position of [positionAt(system, 2), { epoch: "other", offset: 1 }])
      expect(await deleteMessage(system, CHANNEL, position)).toBe(false);
    expect(notices(system, "c0")).toEqual([]);
    expect(await readAll(system)).toEqual(["m1"]);
  });

  it("is not delivered if it lingers", async () => {
    const system = systemOf();
    for (const uuid of ["m1", "m2"]) await publish(system, ANN, uuid, "busy/1");
    await deleteMessage(system, "busy/1", positionAt(system, 1, "busy/1"));
    expect((await system.lingering.waiting("busy/1")).entries.map(({ message }) => message.uuid)).toEqual(["m2"]);
  });
});

describe("a deleted history", () => {
  // The rows are deleted when no writer can add rows any more.
  it("restarts at once, and its rows are deleted later", async () => {
    const system = systemOf();
    await addSubscribers(system, 1, CHANNEL);
    for (const uuid of ["m1", "m2"]) await publish(system, ANN, uuid);
    const before = positionAt(system, 2);
    expect(await deleteHistory(system, CHANNEL, false)).toEqual({ deletedMessages: 0, more: true });
    expect(notices(system, "c0")).toEqual([{ channel: CHANNEL }]);
    expect(await readAll(system)).toEqual([]);
    const head = system.histories.heads_.get(CHANNEL)!;
    expect(await replayFrom(system, { channel: CHANNEL, head, keep: KEEP }, before, 100)).toMatchObject({
      code: "epoch_changed",
    });

    expect(await deleteHistory(system, CHANNEL, true)).toEqual({ deletedMessages: 0, more: true });
    system.clock.advance(PENDING_MS);
    expect(await deleteHistory(system, CHANNEL, true)).toEqual({ deletedMessages: 2 });
    expect(system.histories.rowsOf(CHANNEL, before.epoch).size).toBe(0);
    expect(await deleteHistory(system, CHANNEL, true)).toEqual({ deletedMessages: 0 });
    await publish(system, ANN, "m3");
    expect(await readAll(system)).toEqual(["m3"]);
  });

  it("is deleted even after a repeated or an interrupted request", async () => {
    const system = systemOf();
    await publish(system, ANN, "m1");
    const first = positionAt(system, 1);
    await deleteHistory(system, CHANNEL, false);
    await publish(system, ANN, "m2");
    const second = positionAt(system, 1);
    await deleteHistory(system, CHANNEL, false);
    system.clock.advance(PENDING_MS);
    expect(await deleteHistory(system, CHANNEL, true)).toEqual({ deletedMessages: 2 });
    for (const { epoch } of [first, second]) expect(system.histories.rowsOf(CHANNEL, epoch).size).toBe(0);
  });

  it("is deleted page by page within the time limit", async () => {
    const system = systemOf();
    for (const uuid of ["m1", "m2", "m3"]) await publish(system, ANN, uuid);
    await deleteHistory(system, CHANNEL, false);
    system.clock.advance(PENDING_MS);
    const late = { ...system, settings: { ...system.settings, fanOutMs: 0 } };
    expect(await deleteHistory(late, CHANNEL, true)).toEqual({ deletedMessages: 1, more: true });
    expect(await deleteHistory(system, CHANNEL, true)).toEqual({ deletedMessages: 2 });
  });

  it("may be a latest message only", async () => {
    const system = systemOf();
    await addSubscribers(system, 1, "prices/gold");
    await publish(system, ANN, "m1", "prices/gold");
    expect(await deleteHistory(system, "prices/gold", false)).toEqual({ deletedMessages: 0 });
    expect(system.latest.kept.size).toBe(0);
    expect(notices(system, "c0")).toEqual([{ channel: "prices/gold" }]);
  });
});

describe("a forgotten user", () => {
  const all = async (system: ReturnType<typeof systemOf>, userId: string) => {
    const total = { disconnected: 0, deletedMessages: 0 };
    for (let after: string | undefined; ;) {
      const { disconnected, deletedMessages, more } = await forgetUser(system, userId, after);
      total.disconnected += disconnected;
      total.deletedMessages += deletedMessages;
      if (more === undefined) return total;
      after = more;
    }
  };

  // Messages of other users stay.
  it("is disconnected, and has no messages in any history", async () => {
    const system = systemOf();
    await system.store.with(ANN, CHANNEL, userChannel("ann"));
    await system.store.with(BOB, CHANNEL);
    await publish(system, ANN, "a1");
    await publish(system, BOB, "b1");
    await publish(system, ANN, "a2", "rooms/6");
    await publish(system, ANN, "a3");
    expect(await all(system, "ann")).toEqual({ disconnected: 1, deletedMessages: 3 });
    expect(await readAll(system)).toEqual(["b1"]);
    expect(await readAll(system, "rooms/6")).toEqual([]);
    const { epoch } = positionAt(system, 1);
    expect(notices(system, "bob")).toEqual([
      {
        channel: CHANNEL,
        messages: [
          { epoch, offset: 1, uuid: "a1" },
          { epoch, offset: 3, uuid: "a3" },
        ],
      },
    ]);
    expect(JSON.stringify([...system.histories.rows_.values()].map((rows) => [...rows.values()]))).not.toContain("ann");
  });

  it("is processed again if the function died before notifying subscribers", async () => {
    const system = systemOf();
    await publish(system, ANN, "a1");
    const dying = {
      ...system,
      erasure: Object.assign(Object.create(system.erasure) as typeof system.erasure, {
        disown: () => Promise.reject(new Error("died")),
      }),
    };
    await expect(forgetUser(dying, "ann", "")).rejects.toThrow("died");
    await addSubscribers(system, 1, CHANNEL);
    await all(system, "ann");
    expect(notices(system, "c0")).toHaveLength(1);
  });

  it("has no latest value that says who published it", async () => {
    const system = systemOf();
    await system.store.with(BOB, "seats/1");
    await publish(system, ANN, "a1", "seats/1");
    await publish(system, ANN, "a2", "seats/2");
    await publish(system, BOB, "b1", "seats/2");
    expect(await all(system, "ann")).toEqual({ disconnected: 0, deletedMessages: 1 });
    expect([...system.latest.kept.keys()]).toEqual(["seats/2"]);
    expect(notices(system, "bob")).toEqual([{ channel: "seats/1" }]);
  });

  it("is only disconnected if nothing is stored", async () => {
    const system = { ...fanOutSystem(), newUuid: () => "u" };
    expect(await forgetUser(system, "ann", undefined)).toEqual({ disconnected: 0, deletedMessages: 0 });
  });
});

describe("requests of the server API to delete", () => {
  const ask = (request: object) => handleServerRequest(systemOf(), { version: 1, ...request });

  it("are refused if the channel stores nothing", async () => {
    expect(await ask({ deleteMessage: { channel: "plain", position: { epoch: "e", offset: 1 } } })).toMatchObject({
      code: "no_history",
    });
    expect(await ask({ deleteMessage: { channel: "prices/gold", position: { epoch: "e", offset: 1 } } })).toMatchObject(
      { code: "no_history" },
    );
    expect(await ask({ deleteHistory: { channel: "plain" } })).toMatchObject({ code: "no_history" });
  });

  it.each([
    [{ deleteMessage: { channel: CHANNEL } }, '"deleteMessage.position" must be a position: { epoch, offset }.'],
    [
      { deleteMessage: { channel: "rooms/*", position: { epoch: "e", offset: 1 } } },
      '"deleteMessage.channel" must be a channel name.',
    ],
    [{ deleteHistory: { channel: CHANNEL, continue: "yes" } }, '"deleteHistory.continue" must be true or false.'],
    [{ deleteHistory: CHANNEL }, '"deleteHistory.channel" must be a channel name.'],
    [{ forgetUser: { userId: "" } }, '"forgetUser.userId" must be the id of a user: 1 to 128 characters.'],
    [{ forgetUser: { userId: "ann", after: "not one" } }, '"forgetUser.after" must be "more" of the last response.'],
    [{ forgetUser: { userId: "ann", after: 1 } }, '"forgetUser.after" must be "more" of the last response.'],
  ])("are refused if they are invalid: %j", async (request, error) => {
    expect(await ask(request)).toEqual({ version: 1, error, code: "bad_request" });
  });
});
