import { notifyChannel, notifyAllChannels } from "../../../lambdas/presence/presence-notifier.js";
import { agentOf } from "../support/fakes.js";
import { LEASE, MINUTE, setUp } from "./presence-notifier-system.js";

test("a join whose run could not start is sent a minute later", async () => {
  const { recorder, minute, receivedEvents, log, occupancy } = await setUp();
  occupancy.before = (step) => {
    if (step === "scheduleRun") throw new Error("throttled");
  };
  await recorder.join(agentOf("c1"), ["rooms/1"]);
  await recorder.startNotifier(["rooms/1"]);
  expect(log.events("error")).toEqual(["announce_not_invoked"]);
  await minute();
  expect(receivedEvents()).toMatchObject([{ joined: { agent: "uuid-of-c1" } }]);
});

describe("a Lambda function that dies", () => {
  /** Every step of a join, a leave and a run. The function is killed before each of them in turn. */
  // The subscribers have the right members after a lease and a minute.
  test.each([
    "read",
    "ensure",
    "join",
    "scheduleRun",
    "startRun",
    "all",
    "markAnnounced",
    "occupy",
    "leave",
    "vacate",
    "remove",
    "expire",
  ] as const)("before %s leaves correct members and no rows after a lease", async (fatal) => {
    for (let after = 0; after < 6; after += 1) {
      const { join, leave, dependencies, presentMembers, minute, members, occupancy, clock, serverEvents } =
        await setUp();
      let left = after;
      const die = (step: string): void => {
        if (step === fatal && (left -= 1) < 0) {
          left = Infinity;
          throw new Error("killed");
        }
      };
      [members.before, occupancy.before] = [die, die];
      const survive = (work: Promise<unknown>) => work.catch(() => undefined);
      for (const id of ["c1", "c2"]) await survive(join(id));
      await survive(notifyChannel(dependencies, "rooms/1"));
      clock.advance(1_000);
      await survive(leave("c1"));
      await survive(notifyChannel(dependencies, "rooms/1"));
      left = Infinity;
      // A client without a reply has subscribed again by now.
      if (!members.at("rooms/1", "c2")) await join("c2");
      clock.advance(LEASE - 2_000);
      await members.renew("c2", "rooms/1", clock.now(), clock.now() + LEASE);
      clock.advance(2_000);
      await minute();
      expect(presentMembers()).toEqual(["uuid-of-c2"]);
      clock.advance(LEASE);
      if (fatal === "expire") left = 0;
      await minute();
      await minute();
      expect(presentMembers()).toEqual([]);
      clock.advance(MINUTE + 1);
      await minute();
      expect([members.rows.size, occupancy.rows.size]).toEqual([0, 0]);
      expect(serverEvents.at(-1)).toBe("Channel Vacated rooms/1");
    }
  });
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
