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
  const { members, liveness, occupancy, settings, clock, log } = system;
  const recorder = new PresenceRecorder({
    members,
    liveness,
    occupancy,
    announce: async (channels) => void runs.push(channels),
    settings,
    clock,
    log,
  });
  const dependencies: PresenceNotifierDependencies = { ...system, events: NO_EVENTS };
  return { ...system, runs, recorder, dependencies };
};

const rooms = (count: number): string[] => Array.from({ length: count }, (_, at) => `rooms/${at}`);

describe("the runs of the presence notifier", () => {
  test("are one for all channels of a frame", async () => {
    const { runs, recorder } = setUp();
    await recorder.join(agentOf("c1"), rooms(25));
    await recorder.announceJoins(agentOf("c1"), [...rooms(25), "plain"]);
    expect(runs.map((channels) => [...channels].sort())).toEqual([rooms(25).sort()]);
  });

  test("are as few as possible when an agent leaves many channels", async () => {
    const { runs, recorder } = setUp();
    await recorder.join(agentOf("c1"), rooms(60));
    await recorder.leave("c1", rooms(60));
    expect(runs.map(({ length }) => length)).toEqual([25, 25, 10]);
  });

  test("are not scheduled again for channels with a scheduled run", async () => {
    const { runs, recorder } = setUp();
    await recorder.startNotifier(["rooms/1"]);
    await recorder.startNotifier(["rooms/1", "rooms/2"]);
    expect(runs).toEqual([["rooms/1"], ["rooms/2"]]);
  });

  test("notify all other channels if one fails", async () => {
    const { dependencies, members, store, connections, recorder } = setUp();
    await store.with(agentOf("listener"), ...rooms(3));
    await recorder.join(agentOf("c1"), rooms(3));
    let failed = false;
    members.before = (step) => {
      if (step !== "all" || failed) return;
      failed = true;
      throw new Error("throttled");
    };
    await expect(notifyChannels(dependencies, rooms(3))).rejects.toThrow("throttled");
    expect(connections.received("listener")).toHaveLength(2);
  });
});

describe("the time for which a run gathers changes", () => {
  test.each([
    [0, DEBOUNCE_MS],
    [200, DEBOUNCE_MS],
    [1_000, 1_000],
    [5_000, MAX_DEBOUNCE_MS],
    [100_000, MAX_DEBOUNCE_MS],
  ])("of %i members is %i ms", async (count, milliseconds) => {
    const { dependencies, occupancy, clock } = setUp();
    await occupancy.ensure("rooms/1", clock.now());
    await occupancy.setCount("rooms/1", count);
    const begun = clock.now();
    await notifyChannel(dependencies, "rooms/1");
    expect(clock.now() - begun).toBe(milliseconds);
    expect(debounceMs(count)).toBe(milliseconds);
  });
});
