import { notifyChannel, notifyAllChannels } from "../../../lambdas/presence/presence-notifier.js";
import { agentOf } from "../support/fakes.js";
import { GRACE, MINUTE, setUp } from "./presence-notifier-system.js";

test("a join whose run could not start is sent a minute later", async () => {
  const { recorder, minute, receivedEvents, log, occupancy } = await setUp();
  occupancy.before = (step) => {
    if (step === "scheduleRun") throw new Error("throttled");
  };
  await recorder.join(agentOf("c1"), ["rooms/1"]);
  await recorder.announceJoins(agentOf("c1"), ["rooms/1"]);
  expect(log.events("error")).toEqual(["announce_not_invoked"]);
  await minute();
  expect(receivedEvents()).toMatchObject([{ joined: { agent: "uuid-of-c1" } }]);
});

describe("a Lambda function that dies", () => {
  /** Every step of a join, a leave and a run. The function is killed before each of them in turn. */
  // The subscribers have the right members when the presence checker has removed the connections that are gone.
  test.each([
    "read",
    "ensure",
    "begin",
    "join",
    "ofMember",
    "scheduleRun",
    "startRun",
    "all",
    "announce",
    "occupy",
    "leave",
    "scheduleWakeUp",
    "beginLeaving",
    "vacate",
    "remove",
    "end",
  ] as const)("before %s leaves correct members and no rows in the end", async (fatal) => {
    for (let after = 0; after < 6; after += 1) {
      const system = await setUp();
      const { join, dependencies, presentMembers, minute, members, liveness, occupancy, clock, serverEvents } = system;
      let left = after;
      const die = (step: string): void => {
        if (step === fatal && (left -= 1) < 0) {
          left = Infinity;
          throw new Error("killed");
        }
      };
      [members.before, liveness.before, occupancy.before] = [die, die, die];
      const survive = (work: Promise<unknown>) => work.catch(() => undefined);
      /** The end of an agent. The presence checker repeats it until the liveness row is gone. */
      const leave = async (id: string) => {
        await system.leave(id);
        await system.recorder.end(id);
      };
      const check = async (id: string) => liveness.rows.has(id) && (await leave(id));
      for (const id of ["c1", "c2"]) await survive(join(id));
      await survive(notifyChannel(dependencies, "rooms/1"));
      clock.advance(1_000);
      await survive(leave("c1"));
      clock.advance(GRACE);
      await survive(notifyChannel(dependencies, "rooms/1"));
      left = Infinity;
      // A client without a reply has subscribed again by now.
      if (!members.at("rooms/1", "c2")) await join("c2");
      await check("c1");
      for (let times = 0; times < 2; times += 1) {
        clock.advance(MINUTE);
        await minute();
      }
      expect(presentMembers()).toEqual(["uuid-of-c2"]);
      await check("c2");
      for (let times = 0; times < 3; times += 1) {
        clock.advance(MINUTE + 1);
        await minute();
      }
      expect(presentMembers()).toEqual([]);
      expect([members.rows.size, liveness.rows.size, occupancy.rows.size]).toEqual([0, 0, 0]);
      expect(serverEvents.at(-1)).toBe("Channel Vacated rooms/1");
    }
  });
});

test("a leave without a wake-up is announced a minute later", async () => {
  const { join, leave, dependencies, log, clock, minute, presentMembers } = await setUp();
  await join("c1");
  await notifyChannel(dependencies, "rooms/1");
  await leave("c1");
  await notifyChannel({ ...dependencies, wakeUps: { wakeUp: () => Promise.resolve(false) } }, "rooms/1");
  expect(log.events("error")).toEqual(["announce_not_invoked"]);
  clock.advance(MINUTE);
  await minute();
  expect(presentMembers()).toEqual([]);
});

test("a channel that fails is logged and does not stop the others", async () => {
  const { recorder, dependencies, members, log, receivedEvents } = await setUp();
  for (const channel of ["rooms/0", "rooms/1"]) await recorder.join(agentOf("c1"), [channel]);
  let first = true;
  members.before = (step) => {
    if (step !== "all" || !first) return;
    first = false;
    throw new Error("throttled");
  };
  expect(await notifyAllChannels(dependencies, () => true)).toBe(1);
  expect(log.events("error")).toEqual(["announce_failed"]);
  expect(receivedEvents()).toHaveLength(1);
  expect(await notifyAllChannels(dependencies, () => false)).toBe(2);
});
