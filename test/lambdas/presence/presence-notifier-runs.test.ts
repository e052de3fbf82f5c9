import {
  notifyChannel,
  notifyChannels,
  type PresenceNotifierDependencies,
  DEBOUNCE_MS,
  debounceMs,
  MAX_DEBOUNCE_MS,
} from "../../../lambdas/presence/presence-notifier.js";
import { PresenceRecorder } from "../../../lambdas/presence/presence-recorder.js";
import { NO_EVENTS } from "../../../lambdas/server-api/server-events.js";
import { agentOf } from "../support/fakes.js";
import { fanOutSystem } from "../delivery/fan-out-system.js";

const setUp = () => {
  const system = fanOutSystem({ channels: { "rooms/*": { presence: true } } });
  const runs: (readonly string[])[] = [];
  const { members, occupancy, settings, clock, log } = system;
  const attendance = new PresenceRecorder({
    members,
    occupancy,
    announce: async (channels) => void runs.push(channels),
    settings,
    clock,
    log,
  });
  const announcing: PresenceNotifierDependencies = { ...system, events: NO_EVENTS };
  return { ...system, runs, attendance, announcing };
};

const rooms = (count: number): string[] => Array.from({ length: count }, (_, at) => `rooms/${at}`);

describe("the runs that tell who comes and goes", () => {
  test("are one for all channels of a frame", async () => {
    const { runs, attendance } = setUp();
    await attendance.join(agentOf("c1"), rooms(25));
    await attendance.startNotifier([...rooms(25), "plain"]);
    expect(runs.map((channels) => [...channels].sort())).toEqual([rooms(25).sort()]);
  });

  test("are as few as possible where an agent leaves more channels", async () => {
    const { runs, attendance } = setUp();
    await attendance.join(agentOf("c1"), rooms(60));
    await attendance.leave("c1", rooms(60));
    expect(runs.map(({ length }) => length)).toEqual([25, 25, 10]);
  });

  test("are not asked for on channels for which one is awaited", async () => {
    const { runs, attendance } = setUp();
    await attendance.startNotifier(["rooms/1"]);
    await attendance.startNotifier(["rooms/1", "rooms/2"]);
    expect(runs).toEqual([["rooms/1"], ["rooms/2"]]);
  });

  test("tell all channels, also if one fails", async () => {
    const { announcing, members, store, connections, attendance } = setUp();
    await store.with(agentOf("listener"), ...rooms(3));
    await attendance.join(agentOf("c1"), rooms(3));
    let failed = false;
    members.before = (step) => {
      if (step !== "all" || failed) return;
      failed = true;
      throw new Error("throttled");
    };
    await expect(notifyChannels(announcing, rooms(3))).rejects.toThrow("throttled");
    expect(connections.received("listener")).toHaveLength(2);
  });
});

describe("how long a run gathers", () => {
  test.each([
    [0, DEBOUNCE_MS],
    [200, DEBOUNCE_MS],
    [1_000, 1_000],
    [5_000, MAX_DEBOUNCE_MS],
    [100_000, MAX_DEBOUNCE_MS],
  ])("with %i members: %i ms", async (count, milliseconds) => {
    const { announcing, occupancy, clock } = setUp();
    await occupancy.ensure("rooms/1", clock.now());
    await occupancy.setCount("rooms/1", count);
    const begun = clock.now();
    await notifyChannel(announcing, "rooms/1");
    expect(clock.now() - begun).toBe(milliseconds);
    expect(debounceMs(count)).toBe(milliseconds);
  });
});
